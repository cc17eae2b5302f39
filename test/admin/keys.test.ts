/** API keys over HTTP. */
import { expect, it } from 'vitest'
import { admin, newTenant } from '../support/admin.ts'

const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString()

it('makes a key and shows it once', async () => {
  const id = await newTenant()
  const expiresAt = inAnHour()
  const created = await admin(`POST /tenants/${id}/keys`, { name: 'ci', expiresAt, models: ['a'], debug: true })
  expect(created.status).toBe(201)
  expect(Object.keys(created.body).sort()).toEqual(['id', 'key'])
  expect(created.body.key).toMatch(new RegExp(`^slc_${id}_${created.body.id}_[0-9A-Za-z]{38}$`))
  const listed = await admin(`GET /tenants/${id}/keys`)
  expect(listed.body).toEqual({
    data: [
      {
        id: created.body.id,
        name: 'ci',
        state: 'active',
        createdAt: expect.stringMatching(/Z$/),
        expiresAt,
        lastUsedOn: null,
        models: ['a'],
        limits: null,
      },
    ],
    has_more: false,
    last: created.body.id,
  })
  expect(JSON.stringify(listed.body)).not.toContain(created.body.key.slice(-38))
})

it('takes a time with an offset for what it is', async () => {
  const id = await newTenant()
  const created = await admin(`POST /tenants/${id}/keys`, { name: 'a', expiresAt: '2099-01-01T01:00:00+01:00' })
  expect(created.status).toBe(201)
  expect((await admin(`GET /tenants/${id}/keys`)).body.data[0].expiresAt).toBe('2099-01-01T00:00:00.000Z')
})

it('rotates with an overlap, and at once', async () => {
  const id = await newTenant()
  const old = (await admin(`POST /tenants/${id}/keys`, { name: 'ci', models: ['a'] })).body
  const successor = await admin(`POST /tenants/${id}/keys/${old.id}/rotate`, { overlapSeconds: 600 })
  expect(successor.status).toBe(201)
  expect(successor.body.id).not.toBe(old.id)
  const [first, second] = (await admin(`GET /tenants/${id}/keys`)).body.data
  expect(first).toMatchObject({ id: old.id, state: 'expiring' })
  expect(Date.parse(first.expiresAt) - Date.now()).toBeGreaterThan(500_000)
  expect(second).toMatchObject({ id: successor.body.id, name: 'ci', state: 'active', models: ['a'], expiresAt: null })

  const third = await admin(`POST /tenants/${id}/keys/${successor.body.id}/rotate`, { overlapSeconds: 0 })
  expect(third.status).toBe(201)
  const states = (await admin(`GET /tenants/${id}/keys`)).body.data.map(({ state }: { state: string }) => state)
  expect(states).toEqual(['expiring', 'expired', 'active'])
})

it('lets an old key live a day when nothing is said', async () => {
  const id = await newTenant()
  const old = (await admin(`POST /tenants/${id}/keys`, { name: 'ci' })).body
  expect((await admin(`POST /tenants/${id}/keys/${old.id}/rotate`)).status).toBe(201)
  const [first] = (await admin(`GET /tenants/${id}/keys`)).body.data
  expect(Math.round((Date.parse(first.expiresAt) - Date.now()) / 60_000)).toBe(1440)
})

it('revokes once; the key stays listed', async () => {
  const id = await newTenant()
  const { id: keyId } = (await admin(`POST /tenants/${id}/keys`, { name: 'ci' })).body
  expect((await admin(`DELETE /tenants/${id}/keys/${keyId}`)).status).toBe(204)
  expect((await admin(`DELETE /tenants/${id}/keys/${keyId}`)).status).toBe(404)
  expect((await admin(`POST /tenants/${id}/keys/${keyId}/rotate`)).status).toBe(404)
  expect((await admin(`GET /tenants/${id}/keys`)).body.data).toMatchObject([{ id: keyId, state: 'revoked' }])
})

it('names every fault', async () => {
  const id = await newTenant()
  const limits = [{ name: 'a', of: 'requests', amount: 1 }]
  const refused = await admin(`POST /tenants/${id}/keys`, {
    expiresAt: '2020-01-01T00:00:00Z',
    models: 'a',
    limits,
    x: 1,
  })
  expect(refused.status).toBe(400)
  expect(refused.body.error.faults).toEqual(
    expect.arrayContaining([
      { path: '/expiresAt', message: 'must be in the future' },
      { path: '/limits/0/perSeconds', message: expect.any(String) },
      { path: '/models', message: 'must be an array' },
      { path: '/name', message: expect.any(String) },
      { path: '/x', message: 'is not a known field' },
    ]),
  )
  expect(refused.body.error.faults).toHaveLength(5)
  for (const expiresAt of [
    '2020-01-01T00:00:00Z',
    '2099-01-01',
    'tomorrow',
    '2099-02-30T00:00:00Z',
    '2099-01-01T00:00Z',
    4e12,
  ]) {
    const late = await admin(`POST /tenants/${id}/keys`, { name: 'a', expiresAt })
    expect(late.status, String(expiresAt)).toBe(400)
    expect(late.body.error.faults.map((fault: { path: string }) => fault.path)).toEqual(['/expiresAt'])
  }
  for (const overlapSeconds of [-1, 2_592_001, 1.5, '60']) {
    const rotated = await admin(`POST /tenants/${id}/keys/AbCdEf12/rotate`, { overlapSeconds })
    expect(rotated.status, String(overlapSeconds)).toBe(400)
  }
  expect((await admin(`GET /tenants/${id}/keys`)).body.data).toEqual([])
})

it('knows no key of a tenant that is not there', async () => {
  for (const call of ['POST', 'GET'] as const) {
    expect((await admin(`${call} /tenants/nobody/keys`, call === 'POST' ? { name: 'a' } : undefined)).status).toBe(404)
  }
})
