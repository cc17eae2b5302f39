/** TenantObject in workerd: what it answers, and what it stores when. */

import { env, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { beforeEach, describe, expect, it } from 'vitest'
import type { KeyVerdict, TenantPlace } from '../../src/core/tenant.ts'
import { tenantStub } from '../../src/lib/object-places.ts'
import type { TenantObject } from '../../src/objects/tenant.ts'
import { createTenantAdmin } from '../../src/stores/embedded/tenants.ts'
import { digestOf, keyOf, recordOf, sealedOf } from '../support/control-plane.ts'
import { auditOf, batchOf, directory, freshPlace, tables, tenants, tools } from '../support/tenant-object.ts'

let place: TenantPlace
const admin = () => createTenantAdmin(env.TENANT, place, tools)
const stub = () => tenantStub<TenantObject>(env.TENANT, place)
const lookUp = (id: string, seed = 1) => tenants.lookUp(place, id, digestOf(seed))

const epochOf = (verdict: KeyVerdict): number => (verdict.kind === 'known' ? verdict.epoch : Number.NaN)

beforeEach(async () => {
  place = await freshPlace()
})

describe('an object that is nobody’s', () => {
  it('answers gone, changes nothing and makes no table', async () => {
    const nobody = { id: 'nobody', generation: 'g' }
    const none = createTenantAdmin(env.TENANT, nobody, tools)
    expect(await tenants.lookUp(nobody, 'key00001', digestOf(1))).toEqual({ kind: 'gone' })
    await tenants.record(nobody, batchOf(recordOf('r1', Date.now())))
    expect(await none.tenant()).toBeNull()
    expect(await none.patch({ name: 'x' }, 'admin')).toBeNull()
    expect(await none.createKey(keyOf('key00001'), 'admin')).toBe(false)
    expect(await none.patchKey('key00001', { name: 'x' }, 'admin')).toBeNull()
    expect(await none.putCredential('c', { record: sealedOf(1), fallbackToOperator: false }, 'admin')).toEqual({
      stale: true,
    })
    expect(await tenants.ensureCacheSecret(nobody, sealedOf(1))).toBeNull()
    expect(await none.sealedRecords()).toEqual([])
    expect(await none.usage({ by: [] })).toEqual([])
    expect(await none.requests(undefined, 10)).toEqual({ data: [], hasMore: false, last: null })
    expect(await tables(tenantStub<TenantObject>(env.TENANT, nobody))).toEqual([])
  })
})

describe('keys', () => {
  it('are known by id and digest together, and tell nothing otherwise', async () => {
    expect(await admin().createKey(keyOf('key00001', { models: ['chat-*'] }), 'admin')).toBe(true)
    expect(await lookUp('key00001')).toMatchObject({
      kind: 'known',
      tenant: { id: place.id },
      key: { id: 'key00001', models: ['chat-*'] },
      credentials: {},
    })
    expect(await lookUp('key00001')).not.toHaveProperty('key.digest')
    expect(await lookUp('key00001', 2)).toEqual({ kind: 'unknown' })
    expect(await lookUp('key00002')).toEqual({ kind: 'unknown' })
    expect(await tenants.lookUp(place, 'key00001', 'AQ==')).toEqual({ kind: 'unknown' })
    // What stands in for the digest of a key that is not there must not open anything.
    expect(await lookUp('key00002', 0)).toEqual({ kind: 'unknown' })
  })

  it('keep an id to one key', async () => {
    await admin().createKey(keyOf('key00001'), 'admin')
    expect(await admin().createKey(keyOf('key00001', { digest: digestOf(9) }), 'admin')).toBe(false)
    expect(await lookUp('key00001')).toMatchObject({ kind: 'known' })
  })

  it('note the day of their use, unless they are of no use', async () => {
    const today = new Date().toISOString().slice(0, 10)
    await admin().createKey(keyOf('key00001'), 'admin')
    await admin().createKey(keyOf('key00002', { expiresAt: '2020-01-01T00:00:00Z' }), 'admin')
    expect(await lookUp('key00001')).toMatchObject({ key: { lastUsedOn: today } })
    expect(await lookUp('key00002')).toMatchObject({ key: { lastUsedOn: null } })
    const { data } = await admin().keys(undefined, 10)
    expect(data.map(({ lastUsedOn }) => lastUsedOn)).toEqual([today, null])
  })

  it('are listed in pages, oldest first', async () => {
    for (const id of ['c', 'a', 'b']) await admin().createKey(keyOf(id), 'admin')
    const one = await admin().keys(undefined, 2)
    expect([one.data.map(({ id }) => id), one.hasMore]).toEqual([['c', 'a'], true])
    const two = await admin().keys('a', 2)
    expect([two.data.map(({ id }) => id), two.hasMore]).toEqual([['b'], false])
    expect((await admin().keys('nope', 2)).data).toEqual([])
  })

  it('answer as revoked for 30 days, then as unknown, and are pruned', async () => {
    const nowMs = Date.now()
    await admin().createKey(keyOf('key00001'), 'admin')
    await admin().createKey(keyOf('key00002'), 'admin')
    const lately = new Date(nowMs - 29 * 86_400_000).toISOString()
    const longAgo = new Date(nowMs - 31 * 86_400_000).toISOString()
    expect(await admin().revokeKey('key00001', lately, 'admin')).toBe(true)
    expect(await admin().revokeKey('key00001', longAgo, 'admin')).toBe(false)
    expect(await admin().revokeKey('key00009', longAgo, 'admin')).toBe(false)
    await admin().revokeKey('key00002', longAgo, 'admin')
    expect(await lookUp('key00001')).toMatchObject({ kind: 'known', key: { revokedAt: lately } })
    expect(await lookUp('key00002')).toEqual({ kind: 'unknown' })
    await runInDurableObject(stub(), (_, state) => {
      state.storage.sql.exec('UPDATE timers SET at_ms = 1')
    })
    expect(await runDurableObjectAlarm(stub())).toBe(true)
    expect((await admin().keys(undefined, 10)).data.map(({ id }) => id)).toEqual(['key00001'])
  })

  it('rotate: the successor inherits, the old one lives on until its time', async () => {
    const expiresAt = '2030-01-01T00:00:00.000Z'
    const overlapUntil = new Date(Date.now() + 60_000).toISOString()
    await admin().createKey(keyOf('key00001', { models: ['a'], expiresAt, debug: true }), 'admin')
    await lookUp('key00001')
    const successor = { id: 'key00002', digest: digestOf(2), createdAt: '2026-11-21T00:00:00.000Z' }
    expect(await admin().rotateKey('key00001', successor, overlapUntil, 'admin')).toBe(true)
    const { data } = await admin().keys(undefined, 10)
    expect(data[0]).toMatchObject({ id: 'key00001', overlapUntil })
    expect(data[1]).toEqual({
      ...keyOf('key00002', { name: 'key key00001', models: ['a'], expiresAt, debug: true }),
      ...successor,
    })
    expect(await lookUp('key00002', 2)).toMatchObject({ kind: 'known' })
    expect(await lookUp('key00001')).toMatchObject({ kind: 'known', key: { overlapUntil } })
  })

  it('change in the fields named, with both sides in the audit log, and are still the same key', async () => {
    const limits = [{ name: 'rpm', of: 'requests', amount: 1, perSeconds: 60 }] as const
    const given = keyOf('key00001', { models: ['a'], debug: true })
    await admin().createKey(given, 'admin')
    const before = await lookUp('key00001')
    const changed = await admin().patchKey('key00001', { limits, models: undefined, debug: true }, 'ops')
    expect(changed).toMatchObject({ id: 'key00001', name: given.name, digest: given.digest, limits, debug: true })
    const after = await lookUp('key00001')
    expect(after).toMatchObject({ kind: 'known', key: { limits, debug: true, expiresAt: null } })
    expect(after).not.toHaveProperty('key.models.0')
    expect(epochOf(after)).toBe(epochOf(before) + 1)
    // What is so already is no change.
    await admin().patchKey('key00001', { limits, debug: true }, 'ops')
    expect(epochOf(await lookUp('key00001'))).toBe(epochOf(after))
    expect((await auditOf(place.id)).filter(({ action }) => action === 'key.update')).toEqual([
      expect.objectContaining({
        actor: 'ops',
        subject: `tenants/${place.id}/keys/key00001`,
        before: { limits: null, models: ['a'] },
        after: { limits, models: null },
      }),
    ])
  })

  it('change while an overlap runs, and not when unknown, revoked, expired or lapsed', async () => {
    const past = '2020-01-01T00:00:00Z'
    await admin().createKey(keyOf('revoked0', { revokedAt: new Date().toISOString() }), 'admin')
    await admin().createKey(keyOf('lapsed00', { overlapUntil: past }), 'admin')
    await admin().createKey(keyOf('expired0', { expiresAt: past }), 'admin')
    await admin().createKey(keyOf('rotated0', { overlapUntil: '2099-01-01T00:00:00Z' }), 'admin')
    const change = { name: 'new', expiresAt: null }
    for (const id of ['nothing0', 'revoked0', 'expired0', 'lapsed00']) {
      expect(await admin().patchKey(id, change, 'admin')).toBeNull()
    }
    expect(await admin().patchKey('rotated0', change, 'admin')).toMatchObject({ name: 'new' })
    const { data } = await admin().keys(undefined, 10)
    expect(data.map(({ name }) => name)).toEqual(['key revoked0', 'key lapsed00', 'key expired0', 'new'])
  })

  it('do not rotate when unknown, revoked, expired or lapsed, or into an id that is taken', async () => {
    const until = new Date(Date.now() + 60_000).toISOString()
    const next = (id: string) => ({ id, digest: digestOf(3), createdAt: until })
    await admin().createKey(keyOf('revoked0', { revokedAt: until }), 'admin')
    await admin().createKey(keyOf('lapsed00', { overlapUntil: '2020-01-01T00:00:00Z' }), 'admin')
    await admin().createKey(keyOf('expired0', { expiresAt: '2020-01-01T00:00:00Z' }), 'admin')
    await admin().createKey(keyOf('good0000'), 'admin')
    for (const id of ['nothing0', 'revoked0', 'expired0', 'lapsed00']) {
      expect(await admin().rotateKey(id, next('new00000'), until, 'admin')).toBe(false)
    }
    expect(await admin().rotateKey('good0000', next('lapsed00'), until, 'admin')).toBe(false)
    expect((await admin().keys(undefined, 10)).data).toHaveLength(4)
  })
})

describe('the epoch', () => {
  it('moves with every change, never with a look', async () => {
    await admin().createKey(keyOf('key00001'), 'admin')
    const epoch = async () => epochOf(await lookUp('key00001'))
    const epochs = [await epoch(), await epoch()]
    await admin().patch({ state: 'suspended' }, 'admin')
    epochs.push(await epoch())
    await admin().patch({ state: 'suspended' }, 'admin')
    epochs.push(await epoch())
    await admin().putCredential('own', { record: sealedOf(1), fallbackToOperator: true }, 'admin')
    epochs.push(await epoch())
    await admin().createKey(keyOf('key00002'), 'admin')
    epochs.push(await epoch())
    expect(epochs).toEqual([2, 2, 3, 3, 4, 5])
  })
})

describe('the tenant document', () => {
  it('changes in the fields named, also in the Directory’s list, and keeps its place', async () => {
    const patched = await admin().patch({ name: 'New', metadata: { team: 'x' }, id: 'other', region: 'weur' }, 'ops')
    expect(patched).toMatchObject({ id: place.id, name: 'New', metadata: { team: 'x' }, state: 'active' })
    expect(patched?.region).toBeUndefined()
    expect(await admin().tenant()).toEqual(patched)
    const listed = (await directory.tenants(undefined, 1000)).data.find(({ id }) => id === place.id)
    expect(listed).toEqual(JSON.parse(JSON.stringify(patched)))
    await admin().patch({ metadata: undefined }, 'ops')
    expect(await admin().tenant()).not.toHaveProperty('metadata.team')
    expect(await auditOf(place.id)).toMatchObject([
      { action: 'tenant.create' },
      { action: 'tenant.update', actor: 'ops', before: { name: place.id, metadata: null }, after: { name: 'New' } },
      { action: 'tenant.update', before: { metadata: { team: 'x' } }, after: { metadata: null } },
    ])
  })
})

describe('own credentials', () => {
  it('count versions over their removal, and are in what a look-up answers', async () => {
    await admin().createKey(keyOf('key00001'), 'admin')
    expect(await admin().nextCredentialVersion('main')).toBe(1)
    const first = { record: sealedOf(1), fallbackToOperator: false }
    expect(await admin().putCredential('main', first, 'admin')).toEqual({ created: true })
    expect(await admin().putCredential('main', first, 'admin')).toEqual({ stale: true })
    const second = { record: sealedOf(2), fallbackToOperator: true }
    expect(await admin().putCredential('main', second, 'admin')).toEqual({ created: false })
    expect(await lookUp('key00001')).toMatchObject({ credentials: { main: second } })
    expect(await admin().deleteCredential('main', 'admin')).toBe(true)
    expect(await admin().deleteCredential('main', 'admin')).toBe(false)
    expect(await lookUp('key00001')).toMatchObject({ credentials: {} })
    expect(await admin().nextCredentialVersion('main')).toBe(3)
    expect(await admin().credentials()).toEqual([])
  })

  it('are resealed only from what was read', async () => {
    const credential = { record: sealedOf(1), fallbackToOperator: true }
    await admin().putCredential('main', credential, 'admin')
    const resealed = sealedOf(1, { kekVersion: 'ffffffffffffffff', iv: 'other' })
    expect(await admin().replaceSealed('main', sealedOf(1, { iv: 'stale' }), resealed)).toBe(false)
    expect(await admin().replaceSealed('none', sealedOf(1), resealed)).toBe(false)
    expect(await admin().replaceSealed('main', sealedOf(1), resealed)).toBe(true)
    expect(await admin().credentials()).toEqual([
      { name: 'main', credential: { record: resealed, fallbackToOperator: true } },
    ])
  })
})
