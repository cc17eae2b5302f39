/** The embedded tenants: every method of the interfaces reaches the object's method of the same meaning. */

import { env } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import type { Ask, Counter } from '../../../src/core/ledger/types.ts'
import type { TenantPlace } from '../../../src/core/tenant.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { createDirectoryAdmin } from '../../../src/stores/embedded/directory.ts'
import { ObjectTimeout } from '../../../src/stores/embedded/object-call.ts'
import { createTenantAdmin, createTenants, TurnLost } from '../../../src/stores/embedded/tenants.ts'
import { digestOf, keyOf, recordOf, sealedOf, tenantOf } from '../../support/control-plane.ts'

const tools = { clock: systemClock, random: () => 0 }
const directory = createDirectoryAdmin(env.DIRECTORY, tools)
const store = createTenants(env.TENANT, tools)

async function made(id: string, more = {}) {
  const place = await directory.createTenant(tenantOf(id, more), 'ops')
  if (place === 'exists') throw new Error('the id is fresh')
  return { place, admin: createTenantAdmin(env.TENANT, place, tools) }
}

it('changes and shows a tenant', async () => {
  const { place, admin } = await made('acme')
  expect(await admin.tenant()).toEqual(tenantOf('acme'))
  expect(await admin.patch({ name: 'Acme' }, 'ops')).toMatchObject({ name: 'Acme' })
  expect(await admin.createKey(keyOf('key00001'), 'ops')).toBe(true)
  expect(await admin.patchKey('key00001', { name: 'ci', debug: undefined }, 'ops')).toMatchObject({ name: 'ci' })
  expect(await admin.patchKey('key00009', { name: 'ci' }, 'ops')).toBeNull()
  const successor = { id: 'key00002', digest: digestOf(2), createdAt: '2026-11-20T00:00:00Z' }
  expect(await admin.rotateKey('key00001', successor, '2099-01-01T00:00:00Z', 'ops')).toBe(true)
  expect(await admin.revokeKey('key00001', new Date().toISOString(), 'ops')).toBe(true)
  expect((await admin.keys(undefined, 10)).data.map(({ id }) => id)).toEqual(['key00001', 'key00002'])
  expect(await admin.nextCredentialVersion('own')).toBe(1)
  const credential = { record: sealedOf(1), fallbackToOperator: false }
  expect(await admin.putCredential('own', credential, 'ops')).toEqual({ created: true })
  expect(await admin.replaceSealed('own', sealedOf(1), sealedOf(1, { iv: 'new' }))).toBe(true)
  expect(await admin.credentials()).toMatchObject([{ name: 'own', credential: { record: { iv: 'new' } } }])
  expect(await store.ensureCacheSecret(place, sealedOf(1, { iv: 'first' }))).toMatchObject({ iv: 'first' })
  expect((await admin.sealedRecords()).map(({ name }) => name)).toEqual(['own', 'cache_secret'])
  expect(await store.lookUp(place, 'key00002', digestOf(2))).toMatchObject({ kind: 'known', tenant: { name: 'Acme' } })
  expect(await admin.deleteCredential('own', 'ops')).toBe(true)
  expect(await admin.webhook()).toEqual({ webhook: null, nextVersion: 1 })
  expect(await admin.changeWebhook({ kind: 'create', url: null, secret: sealedOf(1) }, 'ops')).toBe('changed')
  expect(await store.webhook(place)).toEqual({ url: null, secret: sealedOf(1), previous: null })
})

it('records usage and answers with it', async () => {
  const { place, admin } = await made('usage')
  await store.record(place, { rows: [recordOf('r1', Date.now())], charges: {}, slices: [] })
  expect(await admin.usage({ by: ['key'] })).toMatchObject([{ key: 'key00001', requests: 1 }])
  expect(await admin.requests(undefined, 10)).toMatchObject({ data: [{ requestId: 'r1' }], hasMore: false })
})

describe('the ledger', () => {
  const flight: Counter = {
    id: 'flight',
    limit: 'flight',
    of: 'concurrency',
    window: { kind: 'held' },
    amount: 1,
    hard: false,
    scope: 'tenant',
    subject: null,
  }
  const askOf = (id: string, more: Partial<Ask> = {}): Ask => ({
    id,
    isolate: 'i1',
    startedAtMs: Date.now(),
    key: 'key00001',
    model: 'model',
    counters: [flight],
    needs: { promptWeight: 0, promptTokensMax: 0, outputTokensMax: 1, worstMicroUsd: 0, price: null },
    maxWaitMs: 0,
    lifeMs: 60_000,
    slices: [],
    ...more,
  })

  it('is asked, waited for, and given back to', async () => {
    const { place, admin } = await made('ledger')
    expect(await store.admit(place, askOf('a'), 2000)).toMatchObject({ kind: 'granted', levels: [{ remaining: 0 }] })
    expect(await store.admit(place, askOf('a'), 2000)).toMatchObject({ kind: 'granted' })
    expect(await store.admit(place, askOf('b'), 2000)).toMatchObject({ kind: 'refused', by: 0 })
    expect(await store.admit(place, askOf('c', { maxWaitMs: 10_000 }), 2000)).toMatchObject({ kind: 'queued' })
    const turn = store.turn(place, 'c', 12_000)
    await store.renew(place, ['a', 'nobody'])
    expect(await admin.ledger([flight])).toMatchObject({ counters: [{ used: 1, waiting: 1 }], waiting: 1 })
    await store.withdraw(place, 'a')
    expect(await turn).toMatchObject({ kind: 'granted' })
    await store.withdraw(place, 'c')
    expect(await admin.ledger([flight])).toMatchObject({ reservations: 0, waiting: 0 })
  })

  it('waits for no turn longer than it is told to, and of nobody who was not queued', async () => {
    const { place } = await made('turns')
    await store.admit(place, askOf('a'), 2000)
    await store.admit(place, askOf('b', { maxWaitMs: 10_000 }), 2000)
    await expect(store.turn(place, 'b', 20)).rejects.toBeInstanceOf(ObjectTimeout)
    await expect(store.turn(place, 'nobody', 2000)).rejects.toBeInstanceOf(TurnLost)
    await store.withdraw(place, 'b')
  })

  it('is not that of a tenant that is no more', async () => {
    const { place } = await made('deleted')
    await directory.deleteTenant('deleted', 'ops')
    expect(await store.admit(place, askOf('a'), 2000)).toEqual({ kind: 'gone' })
  })
})

it('tells how long each answer took that did not wait', async () => {
  const { place } = await made('measured')
  const told: [TenantPlace, number][] = []
  const measured = createTenants(env.TENANT, tools, (at, ms) => void told.push([at, ms]))
  await measured.lookUp(place, 'key00001', digestOf(1))
  await measured.record(place, { rows: [], charges: {}, slices: [] })
  await measured.turn(place, 'nobody', 2000).catch(() => {})
  expect(told.map(([at]) => at)).toEqual([place, place])
  expect(told.every(([, ms]) => ms >= 0 && ms < 2000)).toBe(true)
})

it('keeps tenants apart, with a jurisdiction too', async () => {
  const [one, two] = [await made('one', { jurisdiction: 'eu', region: 'weur' }), await made('two')]
  await one.admin.createKey(keyOf('key00001'), 'ops')
  expect(await store.lookUp(one.place, 'key00001', digestOf(1))).toMatchObject({ kind: 'known' })
  expect(await store.lookUp(two.place, 'key00001', digestOf(1))).toEqual({ kind: 'unknown' })
})
