/** DirectoryObject in workerd: versions, credentials, tenants and their erasure, the audit log. */

import { env, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { beforeEach, describe, expect, it } from 'vitest'
import { tenantStub } from '../../src/lib/object-places.ts'
import type { DirectoryObject } from '../../src/objects/directory.ts'
import type { TenantObject } from '../../src/objects/tenant.ts'
import { digestOf, keyOf, sealedOf, tenantOf } from '../support/control-plane.ts'

const RULES = { dryRun: false, allowPrivate: false, protocols: ['openai', 'anthropic'], actor: 'ops' }

/** A fresh Directory for each test; tenants' objects deliver to the real one, which these tests do not look at. */
let count = 0
let stub: DurableObjectStub<DirectoryObject>
const inside = <R>(use: (object: DirectoryObject) => R | Promise<R>): Promise<R> =>
  runInDurableObject(stub, (object) => use(object))
const sql = (query: string, ...values: (string | number)[]) =>
  runInDurableObject(stub, (_, state) => state.storage.sql.exec(query, ...values).toArray())

beforeEach(() => {
  stub = env.DIRECTORY.get(env.DIRECTORY.idFromName(`directory-${++count}`))
})

const provider = (credential: string) => ({ protocol: 'openai', baseUrl: 'https://api.example.com/v1', credential })
const document = (...credentials: string[]) => ({
  providers: Object.fromEntries(credentials.map((name) => [`p-${name}`, provider(name)])),
})
const put = (name: string, version = 1) => inside((object) => object.putCredential(name, sealedOf(version), 'ops'))
const apply = (value: unknown, more: Partial<typeof RULES> = {}) =>
  inside((object) => object.applyConfig(value, { ...RULES, ...more }))

describe('config', () => {
  it('begins with an empty document, version 0, and a snapshot of it', async () => {
    expect(await inside((object) => object.config())).toEqual({ version: 0, config: {} })
    expect(await inside((object) => object.snapshot(0))).toMatchObject({
      configVersion: 0,
      config: { providers: {}, models: {}, limits: [] },
      credentials: {},
      pepper: null,
    })
  })

  it('is applied whole, as it was written, with its changes', async () => {
    await put('a')
    const first = document('a')
    expect(await apply(first)).toEqual({
      ok: true,
      version: 1,
      changes: [{ path: '/providers', op: 'add', after: first.providers }],
    })
    const second = { providers: { 'p-a': { ...provider('a'), streamUsage: false } }, log: 'all' }
    expect(await apply(second)).toEqual({
      ok: true,
      version: 2,
      changes: [
        { path: '/providers/p-a/streamUsage', op: 'add', after: false },
        { path: '/log', op: 'add', after: 'all' },
      ],
    })
    expect(await inside((object) => object.config())).toEqual({ version: 2, config: second })
    expect(await apply(second)).toEqual({ ok: true, version: 2, changes: [] })
  })

  it('is checked against the credentials that exist; faults and dry runs change nothing', async () => {
    const before = await inside((object) => object.snapshot(-1))
    expect(await apply(document('gone'))).toEqual({
      ok: false,
      faults: [{ path: '/providers/p-gone/credential', message: expect.stringContaining('"gone"') }],
    })
    expect(await apply({ log: 'all' }, { dryRun: true })).toEqual({
      ok: true,
      version: 0,
      changes: [{ path: '/log', op: 'add', after: 'all' }],
    })
    expect(await inside((object) => object.config())).toEqual({ version: 0, config: {} })
    expect(await inside((object) => object.snapshot(before?.revision ?? -1))).toBeNull()
    expect((await inside((object) => object.audit(undefined, 10))).data).toEqual([])
  })

  it('rolls back to any version that can be in force, as a new version', async () => {
    await put('a')
    await put('b')
    await apply(document('a'))
    await apply(document('b'))
    expect(await inside((object) => object.rollback(1, 'ops'))).toMatchObject({ ok: true, version: 3 })
    expect(await inside((object) => object.config())).toEqual({ version: 3, config: document('a') })
    expect(await inside((object) => object.rollback(9, 'ops'))).toEqual({ ok: false, reason: 'unknown' })
    expect(await inside((object) => object.deleteCredential('b', 'ops'))).toBe('deleted')
    expect(await inside((object) => object.rollback(2, 'ops'))).toEqual({
      ok: false,
      reason: 'conflict',
      faults: [{ path: '/providers/p-b/credential', message: expect.stringContaining('"b"') }],
    })
    const page = await inside((object) => object.configVersions(undefined, 2))
    expect(page).toMatchObject({
      data: [
        { version: 3, actor: 'ops', rollbackOf: 1 },
        { version: 2, rollbackOf: null },
      ],
      hasMore: true,
    })
    expect((await inside((object) => object.configVersions('2', 2))).data).toMatchObject([{ version: 1 }])
    expect((await inside((object) => object.configVersions('x', 2))).data).toEqual([])
  })
})

describe('the snapshot', () => {
  it('comes anew exactly when config or credentials have changed, over an eviction too', async () => {
    const revision = async (known: number) => (await inside((object) => object.snapshot(known)))?.revision ?? null
    const first = (await revision(0)) ?? 0
    expect(await revision(first)).toBeNull()
    await put('a')
    const second = (await revision(first)) ?? 0
    expect(second).toBeGreaterThan(first)
    await apply(document('a'))
    const third = (await revision(second)) ?? 0
    expect(third).toBeGreaterThan(second)
    await inside((object) => object.createTenant(tenantOf(`snap${count}`), 'ops'))
    await evictDurableObject(stub)
    expect(await revision(third)).toBeNull()
    const known = await inside((object) => object.snapshot(0))
    expect(known).toMatchObject({ configVersion: 1, credentials: { a: sealedOf(1) } })
    expect(known?.config.providers['p-a']).toMatchObject({ streamUsage: true })
  })
})

describe('sealed records', () => {
  it('keep the first pepper', async () => {
    const first = sealedOf(1, { iv: 'first' })
    expect(await inside((object) => object.ensurePepper(first))).toEqual(first)
    expect(await inside((object) => object.ensurePepper(sealedOf(1, { iv: 'second' })))).toEqual(first)
    expect((await inside((object) => object.snapshot(0)))?.pepper).toEqual(first)
  })

  it('take no version twice, also after a deletion', async () => {
    expect(await put('a')).toEqual({ created: true })
    expect(await put('a')).toEqual({ stale: true })
    expect(await put('a', 2)).toEqual({ created: false })
    expect(await inside((object) => object.deleteCredential('a', 'ops'))).toBe('deleted')
    expect(await inside((object) => object.deleteCredential('a', 'ops'))).toBe('unknown')
    expect(await inside((object) => object.nextCredentialVersion('a'))).toBe(3)
    expect(await put('a', 3)).toEqual({ created: true })
  })

  it('say who uses them, and are not deleted in use', async () => {
    await put('a')
    await put('b')
    await apply({ providers: { one: { ...provider('a'), headers: { 'x-id': { credential: 'a' } } } } })
    const listed = await inside((object) => object.credentials())
    expect(listed.map(({ name, usedBy }) => [name, usedBy])).toEqual([
      ['a', ['one']],
      ['b', []],
    ])
    expect(await inside((object) => object.deleteCredential('a', 'ops'))).toEqual({
      usedBy: ['/providers/one/credential', '/providers/one/headers/x-id/credential'],
    })
  })

  it('are all there to reseal, and replaced only as they were read', async () => {
    await put('a')
    await inside((object) => object.ensurePepper(sealedOf(1, { iv: 'pepper' })))
    const all = await inside((object) => object.sealedRecords())
    expect(all.map(({ name }) => name)).toEqual(['api_key_pepper', 'a'])
    for (const { name, record } of all) {
      const after = { ...record, kekVersion: 'ffffffffffffffff', iv: `new ${name}` }
      expect(await inside((object) => object.replaceSealed(name, { ...record, iv: 'stale' }, after))).toBe(false)
      expect(await inside((object) => object.replaceSealed(name, record, after))).toBe(true)
    }
    expect((await inside((object) => object.sealedRecords())).map(({ record }) => record.iv)).toEqual([
      'new api_key_pepper',
      'new a',
    ])
    expect(await inside((object) => object.replaceSealed('none', sealedOf(1), sealedOf(1)))).toBe(false)
  })
})

describe('tenants', () => {
  const create = (id: string) => inside((object) => object.createTenant(tenantOf(id), 'ops'))

  it('are made once, with an object that is ready', async () => {
    const id = `made${count}`
    const place = await create(id)
    expect(place).toMatchObject({ id, generation: expect.stringMatching(/^[0-9a-f]{32}$/) })
    expect(await create(id)).toBe('exists')
    expect(await inside((object) => object.place(id))).toEqual(place)
    expect(await sql('SELECT * FROM erasures')).toEqual([])
    if (place === 'exists') throw new Error('it is fresh')
    expect(await tenantStub<TenantObject>(env.TENANT, place).tenant()).toEqual(tenantOf(id))
  })

  it('come in pages by id', async () => {
    for (const id of ['c', 'a', 'b']) await create(`${id}${count}`)
    const one = await inside((object) => object.tenants(undefined, 2))
    expect([one.data.map(({ id }) => id[0]), one.hasMore]).toEqual([['a', 'b'], true])
    const two = await inside((object) => object.tenants(one.data[1]?.id, 2))
    expect([two.data.map(({ id }) => id[0]), two.hasMore]).toEqual([['c'], false])
  })

  it('are gone when deleted; a re-made id has nothing of the old', async () => {
    const id = `remade${count}`
    const old = await create(id)
    if (old === 'exists') throw new Error('it is fresh')
    const oldObject = tenantStub<TenantObject>(env.TENANT, old)
    await oldObject.createKey(keyOf('key00001'), 'ops')
    expect(await inside((object) => object.deleteTenant(id, 'ops'))).toEqual(old)
    expect(await inside((object) => object.deleteTenant(id, 'ops'))).toBeNull()
    expect(await inside((object) => object.place(id))).toBeNull()
    expect(await oldObject.lookUp('key00001', digestOf(1))).toEqual({ kind: 'gone' })
    const remade = await create(id)
    if (remade === 'exists') throw new Error('the old one is gone')
    expect(remade.generation).not.toBe(old.generation)
    expect(await tenantStub<TenantObject>(env.TENANT, remade).lookUp('key00001', digestOf(1))).toEqual({
      kind: 'unknown',
    })
    // What the old object says late changes nothing of the new one.
    const late = { generation: old.generation, epoch: 99, tenant: tenantOf(id, { name: 'old' }) }
    await inside((object) => object.deliver(late, []))
    expect((await inside((object) => object.tenants(undefined, 10))).data[0]?.name).toBe(id)
  })

  it('are erased by the alarm when that failed at first, and when making them was never finished', async () => {
    const unfinished = { id: `half${count}`, generation: 'half-made' }
    const object = tenantStub<TenantObject>(env.TENANT, unfinished)
    await object.provision(unfinished.generation, tenantOf(unfinished.id))
    await sql('INSERT INTO erasures VALUES (?, 1, 0, ?)', unfinished.generation, JSON.stringify(unfinished))
    await runInDurableObject(stub, (_, state) => {
      state.storage.sql.exec("INSERT INTO timers VALUES ('erase', 1)")
      return state.storage.setAlarm(Date.now() + 3_600_000)
    })
    expect(await object.tenant()).not.toBeNull()
    expect(await runDurableObjectAlarm(stub)).toBe(true)
    expect(await object.tenant()).toBeNull()
    expect(await sql('SELECT * FROM erasures')).toEqual([])
    expect(await runInDurableObject(stub, (_, state) => state.storage.getAlarm())).toBeNull()
  })

  it('take a document from their object only if it is newer', async () => {
    const id = `newer${count}`
    const place = await create(id)
    if (place === 'exists') throw new Error('it is fresh')
    const { generation } = place
    const deliver = (epoch: number, name: string) =>
      inside((object) => object.deliver({ generation, epoch, tenant: tenantOf(id, { name }) }, []))
    await deliver(3, 'third')
    await deliver(2, 'second')
    expect((await inside((object) => object.tenants(undefined, 10))).data[0]?.name).toBe('third')
  })
})

describe('audit', () => {
  it('says with every version which targets have no price', async () => {
    const price = { input: 1, output: 2 }
    const withPrices = (...prices: object[]) => ({
      providers: { up: { protocol: 'openai', baseUrl: 'https://up.example.com/v1' } },
      models: { chat: { targets: prices.map((more, index) => ({ provider: 'up', model: `m${index}`, ...more })) } },
    })
    await apply(withPrices({}, { price }))
    await apply(withPrices({ price }, { price }))
    await inside((object) => object.rollback(1, 'ops'))
    const { data } = await inside((object) => object.audit(undefined, 100))
    const missing = [{ model: 'chat', targets: ['up/m0'] }]
    expect(data.map(({ after }) => after)).toMatchObject([
      { version: 1, missingPrices: missing },
      { version: 2, changes: expect.anything() },
      { version: 3, missingPrices: missing, rollbackOf: 1 },
    ])
    expect(data[1]?.after).not.toHaveProperty('missingPrices')
  })

  it('is append-only, oldest first, in pages, each id once', async () => {
    await put('a')
    await put('a', 2)
    await apply(document('a'))
    await apply({})
    await inside((object) => object.deleteCredential('a', 'ops'))
    await inside((object) => object.rollback(2, 'ops'))
    const { data } = await inside((object) => object.audit(undefined, 100))
    expect(data.map(({ action, subject }) => `${action} ${subject}`)).toEqual([
      'credential.create credentials/a',
      'credential.replace credentials/a',
      'config.apply config',
      'config.apply config',
      'credential.delete credentials/a',
      'config.rollback config',
    ])
    expect(data[3]).toMatchObject({ actor: 'ops', after: { version: 2, changes: [{ op: 'remove' }] } })
    expect(JSON.stringify(data)).not.toContain('c2VhbGVk')
    const page = await inside((object) => object.audit(data[1]?.id, 2))
    expect([page.data, page.hasMore]).toEqual([data.slice(2, 4), true])
    const again = { ...(data[0] ?? expect.fail()), action: 'changed' }
    await inside((object) => object.appendAudit([again]))
    expect((await inside((object) => object.audit(undefined, 100))).data).toEqual(data)
  })
})
