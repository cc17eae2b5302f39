/** What a tenant leaves when it is deleted: nothing in its cache or among its vectors, however often it takes. */
import { env, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { CACHE_SHARDS, VECTOR_SHARDS } from '../../src/core/recall/limits.ts'
import type { TenantPlace } from '../../src/core/tenant.ts'
import { directoryStub, shardStub } from '../../src/lib/object-places.ts'
import type { CacheObject } from '../../src/objects/cache.ts'
import type { DirectoryObject } from '../../src/objects/directory.ts'
import { createReplyCache } from '../../src/stores/embedded/reply-cache.ts'
import { ASK_MS, hitsOf, keptValue, keyOf, putOf } from '../support/cache-values.ts'
import { directory, freshPlace, tools } from '../support/tenant-object.ts'

const cache = () => createReplyCache(env.CACHE, { ...tools, background: () => {} })
const keys = ['A', 'B', 'C', 'D'].map((first) => keyOf('erased', first))
const stubs = (place: TenantPlace) => [
  ...Array.from({ length: CACHE_SHARDS }, (_, shard) => shardStub(env.CACHE, place, shard)),
  ...Array.from({ length: VECTOR_SHARDS }, (_, shard) => shardStub(env.INDEX, place, shard)),
]

async function filled(): Promise<TenantPlace> {
  const place = await freshPlace()
  await cache().tell(
    place,
    keys.flatMap((key) => [putOf(keptValue(key)), hitsOf(key, 'hit', 1)]),
  )
  expect(await cache().stats(place)).toMatchObject({ entries: 4 })
  return place
}

/** Tables and alarms that the shards of a tenant have. */
async function leftOf(place: TenantPlace): Promise<unknown[]> {
  const left: unknown[] = []
  for (const stub of stubs(place)) {
    await runInDurableObject(stub as DurableObjectStub<CacheObject>, async (_, state) => {
      const tables = state.storage.sql.exec(
        "SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf\\_%' ESCAPE '\\'",
      )
      left.push(...tables.toArray())
      const alarm = await state.storage.getAlarm()
      if (alarm !== null) left.push(alarm)
    })
  }
  return left
}

it('takes the tenant’s cache and vectors with it, and makes no tables where there were none', async () => {
  const place = await filled()
  expect(await leftOf(place)).not.toEqual([])
  await directory.deleteTenant(place.id, 'ops')
  expect(await leftOf(place)).toEqual([])
  for (const key of keys) expect(await cache().lookUp(place, key, null, ASK_MS)).toMatchObject({ found: null })
  expect(await leftOf(place)).toEqual([])
})

it('drops what isolates tell afterwards, and frees who waits', async () => {
  const place = await filled()
  const key = keyOf('waited', 'A')
  await cache().lookUp(place, key, 'leader', ASK_MS)
  const turn = cache().wait(place, key, 'follower', ASK_MS)
  // Its question is there before that of the erasure.
  await cache().lookUp(place, key, 'another', ASK_MS)
  await directory.deleteTenant(place.id, 'ops')
  expect(await turn).toBe('alone')
  await cache().tell(place, [putOf(keptValue(key), 'leader')])
  expect(await leftOf(place)).toEqual([])
})

it('is tried again by the alarm until every shard is done', async () => {
  const place = await filled()
  const stub = directoryStub<DirectoryObject>(env.DIRECTORY)
  const remaining = () =>
    runInDurableObject(stub, (_, state) => state.storage.sql.exec('SELECT generation FROM erasures').toArray())
  const shard = shardStub(env.CACHE, place, 2)
  // A method that is the object's own, not its class's, cannot be called: as when the shard is out of reach.
  await runInDurableObject(shard, (object) => {
    object.erase = () => Promise.resolve()
  })
  await directory.deleteTenant(place.id, 'ops')
  expect(await remaining()).toEqual([{ generation: place.generation }])
  expect(await leftOf(place)).not.toEqual([])
  await runInDurableObject(stub, (_, state) => {
    state.storage.sql.exec("UPDATE timers SET at_ms = 1 WHERE name = 'erase'")
  })
  await runInDurableObject(shard, (object) => void Reflect.deleteProperty(object, 'erase'))
  expect(await runDurableObjectAlarm(stub)).toBe(true)
  expect([await remaining(), await leftOf(place)]).toEqual([[], []])
})
