/** Tenants over HTTP. */
import { expect, it } from 'vitest'
import { admin, newTenant } from '../support/admin.ts'

it('makes, shows, lists, changes and deletes', async () => {
  const limits = [{ name: 'rpm', of: 'requests', amount: 10, perSeconds: 60 }]
  const given = { id: 'acme', name: 'Acme', limits, models: ['chat-*'], metadata: { plan: 'a' }, waitMaxMs: 100 }
  const created = await admin('POST /tenants', given)
  expect(created.status).toBe(201)
  const tenant = { ...given, state: 'active', createdAt: expect.stringMatching(/Z$/) }
  expect(created.body).toEqual(tenant)
  expect((await admin('GET /tenants/acme')).body).toEqual(tenant)
  expect(await admin('POST /tenants', { id: 'acme', name: 'B' })).toMatchObject({
    status: 409,
    body: { error: { code: 'conflict' } },
  })

  const changed = await admin('PATCH /tenants/acme', { state: 'suspended', models: ['a', 'b'], limits: null })
  expect(changed.status).toBe(200)
  const { limits: _, ...rest } = tenant
  expect(changed.body).toEqual({ ...rest, state: 'suspended', models: ['a', 'b'] })
  expect((await admin('GET /tenants/acme')).body).toEqual(changed.body)
  expect((await admin('PATCH /tenants/acme', {})).body).toEqual(changed.body)

  expect((await admin('DELETE /tenants/acme')).status).toBe(202)
  expect((await admin('DELETE /tenants/acme')).status).toBe(404)
  expect((await admin('GET /tenants/acme')).status).toBe(404)
  expect((await admin('PATCH /tenants/acme', { name: 'x' })).status).toBe(404)
})

it('lists by id, page by page', async () => {
  for (const id of ['page-b', 'page-a', 'page-c']) await admin('POST /tenants', { id, name: id })
  const first = await admin('GET /tenants?limit=2&after=page-')
  expect(first.body).toMatchObject({ data: [{ id: 'page-a' }, { id: 'page-b' }], has_more: true, last: 'page-b' })
  const next = await admin('GET /tenants?limit=2&after=page-b')
  expect(next.body.data[0]).toMatchObject({ id: 'page-c' })
  expect((await admin('GET /tenants?after=zzzz')).body).toEqual({ data: [], has_more: false, last: null })
})

it('takes a jurisdiction where the runtime has none', async () => {
  const id = await newTenant({ jurisdiction: 'eu', region: 'weur' })
  expect((await admin(`GET /tenants/${id}`)).body).toMatchObject({ jurisdiction: 'eu', region: 'weur' })
  expect((await admin(`POST /tenants/${id}/keys`, { name: 'a' })).status).toBe(201)
})

it('names every fault of a new tenant', async () => {
  const refused = await admin('POST /tenants', {
    id: 'Bad Id',
    limits: [
      { name: 'a', of: 'requests', amount: 1 },
      { name: 'a', of: 'concurrency', amount: 1 },
    ],
    models: ['a b'],
    region: 'mars',
    state: 'active',
    waitMaxMs: -1,
  })
  expect(refused.status).toBe(400)
  const paths = refused.body.error.faults.map(({ path }: { path: string }) => path)
  expect(paths.sort()).toEqual([
    '/id',
    '/limits/0/perSeconds',
    '/limits/1/name',
    '/models/0',
    '/name',
    '/region',
    '/state',
    '/waitMaxMs',
  ])
})

it('names every fault of a change', async () => {
  const id = await newTenant()
  const limits = [{ name: 'a', of: 'requests', amount: 1 }]
  const refused = await admin(`PATCH /tenants/${id}`, {
    id: 'other',
    region: 'weur',
    state: 'gone',
    name: null,
    limits,
  })
  const paths = refused.body.error.faults.map(({ path }: { path: string }) => path)
  expect(paths.sort()).toEqual(['/id', '/limits/0/perSeconds', '/name', '/region', '/state'])
})

it('knows no tenant by a name that cannot be one', async () => {
  for (const id of ['UPPER', 'a_b', '%20', '..%2F..']) {
    expect((await admin(`GET /tenants/${id}`)).status, id).toBe(404)
  }
})

it('forgets everything of a tenant that is made again', async () => {
  const id = await newTenant()
  await admin(`POST /tenants/${id}/keys`, { name: 'old' })
  await admin(`PUT /tenants/${id}/credentials/own`, { value: 'some-value' })
  await admin(`DELETE /tenants/${id}`)
  expect((await admin(`GET /tenants/${id}/keys`)).status).toBe(404)
  expect((await admin('POST /tenants', { id, name: 'new' })).status).toBe(201)
  expect((await admin(`GET /tenants/${id}/keys`)).body.data).toEqual([])
  expect((await admin(`GET /tenants/${id}/credentials`)).body.data).toEqual([])
})
