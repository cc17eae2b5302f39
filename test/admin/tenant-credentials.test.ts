/** A tenant's own credentials over HTTP. */
import { expect, it } from 'vitest'
import { admin, newTenant } from '../support/admin.ts'

it('seals, shows without the value, replaces and forgets', async () => {
  const id = await newTenant()
  await admin('PUT /credentials/shared', { value: 'operators-value' })
  const provider = { protocol: 'openai', baseUrl: 'https://api.example.com/v1', credential: 'shared' }
  await admin('PUT /config', { providers: { one: provider } })
  const at = `/tenants/${id}/credentials` as const

  const created = await admin(`PUT ${at}/shared`, { value: 'canary-of-tenant' })
  expect(created.status).toBe(201)
  const view = { name: 'shared', createdAt: expect.any(String), version: 1, last4: 'nant', usedBy: ['one'] }
  expect(created.body).toEqual({ ...view, fallbackToOperator: false })
  const replaced = await admin(`PUT ${at}/shared`, { value: 'canary-of-tenant', fallbackToOperator: true })
  expect(replaced).toMatchObject({ status: 200, body: { version: 2, fallbackToOperator: true } })
  expect((await admin(`GET ${at}/shared`)).body).toEqual(replaced.body)
  expect((await admin(`GET ${at}`)).body).toEqual({ data: [replaced.body], has_more: false, last: 'shared' })
  expect(JSON.stringify([created.body, replaced.body, (await admin('GET /audit')).body])).not.toContain('canary')

  expect((await admin(`DELETE ${at}/shared`)).status).toBe(204)
  expect((await admin(`DELETE ${at}/shared`)).status).toBe(404)
  expect((await admin(`GET ${at}/shared`)).status).toBe(404)
  await admin('PUT /config', {})
})

it('knows its own tenant only', async () => {
  const [mine, other] = [await newTenant(), await newTenant()]
  await admin(`PUT /tenants/${mine}/credentials/own`, { value: 'some-value' })
  expect((await admin(`GET /tenants/${other}/credentials`)).body.data).toEqual([])
  expect((await admin('GET /tenants/nobody/credentials')).status).toBe(404)
  expect((await admin('PUT /tenants/nobody/credentials/own', { value: 'some-value' })).status).toBe(404)
})
