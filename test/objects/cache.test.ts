/** CacheObject in workerd: what it stores, and when it stores nothing at all. */
import { env, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { beforeEach, describe, expect, it } from 'vitest'
import { CACHE_SHARDS, CACHE_TENANT_BYTES_MAX, CACHE_VALUE_CHARS_MAX } from '../../src/core/recall/limits.ts'
import type { CacheNews } from '../../src/core/recall/types.ts'
import type { CacheObject, ShardAnswer } from '../../src/objects/cache.ts'
import { hitsOf, keptValue, keyOf, putOf } from '../support/cache-values.ts'

let count = 0
let stub: DurableObjectStub<CacheObject>
beforeEach(() => {
  stub = env.CACHE.get(env.CACHE.idFromName(`shard-${++count}`))
})

const inside = <R>(use: (object: CacheObject, sql: SqlStorage) => R | Promise<R>): Promise<R> =>
  runInDurableObject(stub, (object, state) => use(object, state.storage.sql))
const tell = (...news: CacheNews[]) => inside((object) => object.tell(JSON.stringify(news)))
const lookUp = (key: string, lease = '') =>
  inside((object) => {
    const [head = '', sealed] = object.lookUp(key, lease, '', 0).split('\n')
    return { ...(JSON.parse(head) as ShardAnswer), sealed }
  })
const tables = () =>
  inside((_, sql) => sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf\\_%' ESCAPE '\\'").toArray())
/** Has the alarm come as if every timer were due. */
async function alarm(): Promise<void> {
  await inside((_, sql) => void sql.exec('UPDATE timers SET at_ms = 1'))
  expect(await runDurableObjectAlarm(stub)).toBe(true)
}

describe('an object that nobody has told of a value', () => {
  it('stores nothing, whatever it is asked', async () => {
    const key = keyOf('nothing')
    expect(await lookUp(key, 'leader')).toMatchObject({ mark: '0', about: null, turn: 'lead', sealed: '' })
    await inside(async (object) => {
      object.digest('', 0)
      object.renew(key, 'leader')
      const turn = object.wait(key, 'follower', 5000)
      object.release(key, 'leader', 'alone')
      expect(await turn).toBe('alone')
      expect(object.purge('{}')).toBe(0)
      expect(object.stats()).toMatchObject({ entries: 0 })
      await object.alarm()
      await object.erase()
    })
    expect(await tables()).toEqual([])
  })

  it('stores nothing for hits, nor for what did not open', async () => {
    await tell(hitsOf(keyOf('a'), 'hit', 3), { kind: 'corrupt', key: keyOf('a') })
    expect(await tables()).toEqual([])
  })
})

describe('the budget', () => {
  const shardBytes = CACHE_TENANT_BYTES_MAX / CACHE_SHARDS

  it('of bytes is held; what is hit, and what saves much, stays', async () => {
    const sealed = 'x'.repeat(350_000)
    const dear = keptValue(keyOf('dear'), { savedMicroUsd: 1_000_000 }, sealed)
    await tell(putOf(dear))
    await tell(hitsOf(dear.key, 'hit', 1))
    for (let index = 0; index < 60; index += 1) await tell(putOf(keptValue(keyOf(index), {}, sealed)))
    const { bytes, entries } = await inside((object) => object.stats())
    expect(bytes).toBeLessThanOrEqual(shardBytes)
    expect(entries).toBeGreaterThan(40)
    expect((await lookUp(dear.key)).sealed).toBe(sealed)
    expect((await lookUp(keyOf(0))).about).toBeNull()
    const rows = await inside((_, sql) => [
      ...sql.exec('SELECT count(*) AS n FROM entries'),
      ...sql.exec('SELECT count(*) AS n FROM sealed'),
    ])
    expect(rows).toEqual([{ n: entries }, { n: entries }])
  })

  it('of one value is, too', async () => {
    const long = keptValue(keyOf('long'), {}, 'x'.repeat(CACHE_VALUE_CHARS_MAX + 1))
    await tell(putOf(long))
    expect((await lookUp(long.key)).about).toBeNull()
  })
})

describe('the alarm', () => {
  it('prunes what has expired, and comes again for what has not', async () => {
    const [brief, lasting] = [keptValue(keyOf('brief')), keptValue(keyOf('lasting'))]
    await tell(putOf(brief), putOf(lasting), hitsOf(brief.key, 'hit', 1))
    await inside((_, sql) => void sql.exec('UPDATE entries SET expires_at_ms = 1 WHERE key = ?', brief.key))
    expect((await lookUp(brief.key)).about).toBeNull()
    await alarm()
    expect(await inside((_, sql) => sql.exec('SELECT key FROM entries').toArray())).toEqual([{ key: lasting.key }])
    expect(await inside((_, sql) => sql.exec('SELECT count(*) AS n FROM sealed').toArray())).toEqual([{ n: 1 }])
    const [timer] = await inside((_, sql) => sql.exec<{ at_ms: number }>('SELECT at_ms FROM timers').toArray())
    expect(timer?.at_ms).toBe(lasting.about.expiresAtMs)
    expect(await runInDurableObject(stub, (_, state) => state.storage.getAlarm())).toBe(timer?.at_ms)
    await inside((_, sql) => void sql.exec('UPDATE entries SET expires_at_ms = 1'))
    await alarm()
    expect(await runInDurableObject(stub, (_, state) => state.storage.getAlarm())).toBeNull()
    // What was counted is still to be told.
    expect(await inside((object) => object.stats())).toMatchObject({ entries: 0, hits: { hit: 1 } })
  })

  it('takes the tables with the last value where nothing was ever counted', async () => {
    await tell(putOf(keptValue(keyOf('only'))))
    await inside((_, sql) => void sql.exec('UPDATE entries SET expires_at_ms = 1'))
    await alarm()
    expect(await tables()).toEqual([])
    expect(await runInDurableObject(stub, (_, state) => state.storage.getAlarm())).toBeNull()
    await tell(putOf(keptValue(keyOf('next'))))
    expect(await inside((object) => object.stats())).toMatchObject({ entries: 1 })
  })
})

it('keeps a batch whole or not at all, and goes on as it was', async () => {
  const [before, within] = [keptValue(keyOf('before')), keptValue(keyOf('within'))]
  await tell(putOf(before))
  const broken = keptValue(keyOf('broken'), { model: null as unknown as string })
  const failed = inside((object) => {
    const turn = object.lookUp(within.key, 'leader', '', 0)
    const waits = object.wait(within.key, 'follower', 200)
    expect(() =>
      object.tell(JSON.stringify([putOf(within, 'leader'), hitsOf(before.key, 'hit', 1), putOf(broken)])),
    ).toThrow()
    return [turn, waits]
  })
  expect(await (await failed)[1]).not.toBe('stored')
  expect((await lookUp(within.key)).about).toBeNull()
  expect(await inside((object) => object.stats())).toMatchObject({ entries: 1, hits: { hit: 0 } })
  await tell(putOf(within))
  expect((await lookUp(within.key)).sealed).toBe(within.sealed)
  expect((await lookUp(before.key)).sealed).toBe(before.sealed)
})
