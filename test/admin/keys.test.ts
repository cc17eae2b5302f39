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

const rpm = { name: 'rpm', of: 'requests', amount: 10, perSeconds: 60 }

it('changes the fields named, takes others away, and shows the key as it is listed', async () => {
  const id = await newTenant()
  const given = { name: 'ci', models: ['a'], limits: [rpm], debug: true }
  const { id: keyId, key } = (await admin(`POST /tenants/${id}/keys`, given)).body
  const path = `/tenants/${id}/keys/${keyId}` as const
  const listed = async () => (await admin(`GET /tenants/${id}/keys`)).body.data[0]
  const before = await listed()

  const limits = [
    { ...rpm, amount: 3 },
    { name: 'shared', amount: null },
  ]
  const changed = await admin(`PATCH ${path}`, { limits, expiresAt: '2099-01-01T01:00:00+01:00' })
  expect(changed.status).toBe(200)
  expect(changed.body).toEqual({ ...before, limits, expiresAt: '2099-01-01T00:00:00.000Z' })
  expect(changed.body).toEqual(await listed())
  expect(JSON.stringify(changed.body)).not.toContain(key.slice(-38))

  const lifted = await admin(`PATCH ${path}`, { name: 'new', limits: null, models: null, expiresAt: null, debug: null })
  expect(lifted.body).toEqual({ ...before, name: 'new', limits: null, models: null })
  expect((await admin(`PATCH ${path}`, {})).body).toEqual(lifted.body)
  expect(await listed()).toEqual(lifted.body)

  const { data } = (await admin('GET /audit?limit=1000')).body
  const updates = data.filter(
    ({ action, subject }: Record<string, string>) => action === 'key.update' && subject?.endsWith(keyId),
  )
  expect(updates).toMatchObject([
    { before: { limits: [rpm], expiresAt: null }, after: { limits, expiresAt: '2099-01-01T00:00:00.000Z' } },
    { before: { name: 'ci', models: ['a'], debug: true }, after: { name: 'new', models: null, debug: null } },
  ])
})

it('shows a changed limit of a key at once', async () => {
  const id = await newTenant({ limits: [rpm] })
  const { id: keyId } = (await admin(`POST /tenants/${id}/keys`, { name: 'ci' })).body
  const own = async () => {
    const { data } = (await admin(`GET /tenants/${id}/limits`)).body
    return data.filter(({ subject }: { subject: string | null }) => subject === keyId)
  }
  expect(await own()).toEqual([])
  await admin(`PATCH /tenants/${id}/keys/${keyId}`, { limits: [{ ...rpm, name: 'own', amount: 2 }] })
  expect(await own()).toMatchObject([{ name: 'own', amount: 2, used: 0, remaining: 2 }])
  await admin(`PATCH /tenants/${id}/keys/${keyId}`, { limits: [{ ...rpm, name: 'own', amount: 5 }] })
  expect(await own()).toMatchObject([{ name: 'own', amount: 5 }])
})

it('changes no key that is unknown or has ended, and one whose overlap runs', async () => {
  const id = await newTenant()
  const make = async () => (await admin(`POST /tenants/${id}/keys`, { name: 'ci' })).body.id
  const [revoked, lapsed, rotated] = [await make(), await make(), await make()]
  await admin(`DELETE /tenants/${id}/keys/${revoked}`)
  await admin(`POST /tenants/${id}/keys/${lapsed}/rotate`, { overlapSeconds: 0 })
  await admin(`POST /tenants/${id}/keys/${rotated}/rotate`, { overlapSeconds: 600 })
  for (const keyId of [revoked, lapsed, 'AbCdEf12']) {
    const refused = await admin(`PATCH /tenants/${id}/keys/${keyId}`, { expiresAt: null })
    expect(refused).toMatchObject({ status: 404, body: { error: { code: 'not_found' } } })
  }
  const changed = await admin(`PATCH /tenants/${id}/keys/${rotated}`, { name: 'old', expiresAt: null })
  expect(changed).toMatchObject({ status: 200, body: { name: 'old', state: 'expiring' } })
  // The end of its overlap stands, whatever its own expiry says.
  expect(Date.parse(changed.body.expiresAt) - Date.now()).toBeLessThan(600_000)
  expect((await admin(`PATCH /tenants/nobody/keys/${rotated}`, { name: 'x' })).status).toBe(404)
})

it('names every fault of a change, and changes nothing', async () => {
  const id = await newTenant()
  const { id: keyId } = (await admin(`POST /tenants/${id}/keys`, { name: 'ci', limits: [rpm] })).body
  const path = `/tenants/${id}/keys/${keyId}` as const
  const refused = await admin(`PATCH ${path}`, {
    name: null,
    limits: [
      { name: 'a', of: 'requests', amount: 1 },
      { ...rpm, name: 'a' },
      { ...rpm, amount: -1 },
    ],
    models: ['a b'],
    expiresAt: '2020-01-01T00:00:00Z',
    debug: 1,
    digest: 'AAAA',
    revokedAt: null,
  })
  expect(refused.status).toBe(400)
  expect(refused.body.error.faults.map(({ path }: { path: string }) => path).sort()).toEqual([
    '/debug',
    '/digest',
    '/expiresAt',
    '/limits/0/perSeconds',
    '/limits/1/name',
    '/limits/2/amount',
    '/models/0',
    '/name',
    '/revokedAt',
  ])
  for (const expiresAt of ['2020-01-01T00:00:00Z', '2099-01-01', 'tomorrow', 4e12, '']) {
    const late = await admin(`PATCH ${path}`, { expiresAt })
    expect(
      late.body.error?.faults.map((fault: { path: string }) => fault.path),
      String(expiresAt),
    ).toEqual(['/expiresAt'])
  }
  expect((await admin(`GET /tenants/${id}/keys`)).body.data[0]).toMatchObject({
    name: 'ci',
    limits: [rpm],
    expiresAt: null,
  })
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
