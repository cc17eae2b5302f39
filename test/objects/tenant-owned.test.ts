/** What a tenant's callers have made goes with the tenant: of more classes than one, however many, however often it takes. */
import { env, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { OWNED_ERASED_MAX, OWNED_MARGIN_MS } from '../../src/core/limits.ts'
import type { OwnedThing } from '../../src/core/owned.ts'
import type { TenantPlace } from '../../src/core/tenant.ts'
import { directoryStub, ownedStub, tenantStub } from '../../src/lib/object-places.ts'
import type { CacheObject } from '../../src/objects/cache.ts'
import type { ResponseObject } from '../../src/objects/response.ts'
import type { TenantObject } from '../../src/objects/tenant.ts'
import { type OwnedEnv, TenantOwned } from '../../src/objects/tenant-owned.ts'
import { tenantOf } from '../support/control-plane.ts'
import { batchOf, directory, freshPlace, tables, tenants } from '../support/tenant-object.ts'

const LATER = Date.now() + 3_600_000
const PARTS = { response: 'c2VhbGVk' }
const response = (place: TenantPlace, id: string) => ownedStub<ResponseObject>(env.RESPONSE, place, id)
const thing = (id: string, untilMs = LATER): OwnedThing => ({ kind: 'response', id, untilMs })
const stub = (place: TenantPlace) => tenantStub<TenantObject>(env.TENANT, place)

const isKept = async (place: TenantPlace, id: string): Promise<boolean> =>
  (await response(place, id).get(['response'])) !== null
const rows = (place: TenantPlace) =>
  runInDurableObject(stub(place), (_, { storage }) => storage.sql.exec('SELECT * FROM owned').toArray())

it('is erased when the tenant is deleted, told alone or with usage', async () => {
  const place = await freshPlace()
  for (const id of ['resp_a', 'resp_b', 'resp_c']) await response(place, id).put(PARTS, 3_600_000)
  await tenants.own(place, [thing('resp_a'), thing('resp_a')])
  await tenants.record(place, { ...batchOf(), owned: [thing('resp_b')] })
  expect(await rows(place)).toHaveLength(2)
  await directory.deleteTenant(place.id, 'ops')
  expect(await Promise.all(['resp_a', 'resp_b', 'resp_c'].map((id) => isKept(place, id)))).toEqual([false, false, true])
  expect(await tables(stub(place))).toEqual([])
  await tenants.own(place, [thing('resp_late')])
  expect(await tables(stub(place))).toEqual([])
})

it('is of every class that can be erased', async () => {
  const place = await freshPlace()
  const cached = () => ownedStub<CacheObject>(env.CACHE, place, 'thing')
  await response(place, 'resp_a').put(PARTS, 3_600_000)
  await runInDurableObject(cached(), (object) => {
    object.erase = () => Promise.resolve()
  })
  await tenants.own(place, [thing('resp_a')])
  await runInDurableObject(stub(place), async (_, { storage }) => {
    // Another class in the place of sessions, which shows that each goes to its own.
    const classes = { ...env, SESSION: env.CACHE, USER: undefined } as unknown as OwnedEnv
    const owned = new TenantOwned(storage.sql, classes, () => {})
    const policy = { generation: place.generation, epoch: 1, tenant: tenantOf(place.id) }
    expect(owned.add(null, [])).toBe(false)
    owned.add(policy, [
      { kind: 'session', id: 'thing', untilMs: LATER },
      { kind: 'user', id: 'u', untilMs: LATER },
    ])
    expect(storage.sql.exec('SELECT kind FROM owned ORDER BY kind').toArray()).toEqual([
      { kind: 'response' },
      { kind: 'session' },
    ])
    await expect(owned.eraseAll()).rejects.toThrow()
    expect(storage.sql.exec('SELECT kind FROM owned').toArray()).toEqual([{ kind: 'session' }])
  })
  expect(await isKept(place, 'resp_a')).toBe(false)
})

it('is erased in batches, and the tenant when all of it is', async () => {
  const place = await freshPlace()
  const ids = Array.from({ length: OWNED_ERASED_MAX + 1 }, (_, index) => `resp_${index}`)
  await response(place, 'resp_0').put(PARTS, 3_600_000)
  await tenants.own(
    place,
    ids.map((id) => thing(id)),
  )
  await directory.deleteTenant(place.id, 'ops')
  expect(await rows(place)).toHaveLength(1)
  expect(await runDurableObjectAlarm(stub(place))).toBe(true)
  expect(await rows(place)).toHaveLength(0)
  const directoryObject = directoryStub(env.DIRECTORY)
  await runInDurableObject(directoryObject, (_, { storage }) => void storage.sql.exec('UPDATE timers SET at_ms = 1'))
  await runDurableObjectAlarm(directoryObject as DurableObjectStub)
  expect(await tables(stub(place))).toEqual([])
  expect(await isKept(place, 'resp_0')).toBe(false)
})

it('is forgotten when it has forgotten everything itself', async () => {
  const place = await freshPlace()
  await tenants.own(place, [thing('resp_old', Date.now() - OWNED_MARGIN_MS - 1), thing('resp_new')])
  await runInDurableObject(stub(place), (_, { storage }) => void storage.sql.exec('UPDATE timers SET at_ms = 1'))
  expect(await runDurableObjectAlarm(stub(place))).toBe(true)
  expect(await rows(place)).toMatchObject([{ kind: 'response', until_ms: LATER }])
  // As long as there is something, the timer comes again.
  expect(await runInDurableObject(stub(place), (_, { storage }) => storage.getAlarm())).not.toBeNull()
})
