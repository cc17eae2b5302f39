/** A tenant's webhook over HTTP: the secret once, the URL by the same policy as a request's. */
import { expect, it } from 'vitest'
import { admin, newTenant } from '../support/admin.ts'

const url = 'https://hooks.example.com/in'
const SECRET = /^whsec_[A-Za-z0-9+/]{44}$/

it('is made, pointed elsewhere, rotated and forgotten', async () => {
  const id = await newTenant()
  const at = `/tenants/${id}/webhook` as const
  expect((await admin(`GET ${at}`)).status).toBe(404)
  expect((await admin(`POST ${at}/rotate`)).status).toBe(404)

  const made = await admin(`PUT ${at}`, { url })
  expect(made.status).toBe(201)
  const { secret, ...view } = made.body
  expect(secret).toMatch(SECRET)
  expect(view).toEqual({ url, createdAt: expect.any(String), last4: secret.slice(-4), previousUntil: null })
  expect(await admin(`GET ${at}`)).toMatchObject({ status: 200, body: view })
  for (const [body, kept] of [
    [{}, url],
    [{ url: null }, null],
    [{ url: `${url}/2` }, `${url}/2`],
  ] as const) {
    const again = await admin(`PUT ${at}`, body)
    expect(again.status).toBe(200)
    expect(again.body).toEqual({ ...view, url: kept })
  }

  const rotated = await admin(`POST ${at}/rotate`)
  expect(rotated.status).toBe(201)
  expect(rotated.body).toEqual({ secret: expect.stringMatching(SECRET), previousUntil: expect.any(String) })
  expect(rotated.body.secret).not.toBe(secret)
  const hours = (Date.parse(rotated.body.previousUntil) - Date.now()) / 3_600_000
  expect(Math.round(hours)).toBe(24)
  const shown = await admin(`GET ${at}`)
  expect(shown.body).toMatchObject({ last4: rotated.body.secret.slice(-4), previousUntil: rotated.body.previousUntil })

  expect((await admin(`DELETE ${at}`)).status).toBe(204)
  expect((await admin(`DELETE ${at}`)).status).toBe(404)
  const later = JSON.stringify([shown.body, (await admin('GET /audit?limit=1000')).body])
  for (const one of [secret, rotated.body.secret]) expect(later).not.toContain(one.slice(6, 40))
})

it('may be made without a default target', async () => {
  const id = await newTenant()
  const made = await admin(`PUT /tenants/${id}/webhook`, {})
  expect(made).toMatchObject({ status: 201, body: { url: null, secret: expect.stringMatching(SECRET) } })
})

it.each([
  ['http://hooks.example.com/', 'https'],
  ['https://127.1/', 'IP address'],
  ['https://sluice.internal/', 'public host'],
  ['https://own.example.com/', 'back here'],
])('refuses %s', async (bad, said) => {
  await admin('PUT /config', { webhooks: { ownHosts: ['own.example.com'] } })
  const id = await newTenant()
  const refused = await admin(`PUT /tenants/${id}/webhook`, { url: bad })
  expect(refused).toMatchObject({ status: 400, body: { error: { code: 'invalid_request', param: 'url' } } })
  expect(refused.body.error.message).toContain(said)
  expect((await admin(`GET /tenants/${id}/webhook`)).status).toBe(404)
  await admin('PUT /config', {})
})

it('is nobody’s for a tenant that is not there, and takes no other field', async () => {
  expect((await admin('PUT /tenants/nobody/webhook', { url })).status).toBe(404)
  expect((await admin('GET /tenants/nobody/webhook')).status).toBe(404)
  const id = await newTenant()
  expect((await admin(`PUT /tenants/${id}/webhook`, { secret: 'whsec_mine' })).status).toBe(400)
  expect((await admin(`PUT /tenants/${id}/webhook`, { url: 5 })).status).toBe(400)
})
