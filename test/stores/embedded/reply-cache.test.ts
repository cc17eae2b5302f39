/** The cache over its objects in workerd: the contract, the questions that an isolate is spared, and evictions. */
import { abortAllDurableObjects, env, evictDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import {
  CACHE_ABSENT_MS,
  CACHE_ABSENT_REFRESH_MS,
  CACHE_DIGEST_MS,
  CACHE_MARK_FRESH_MS,
  CACHE_MARK_REFRESH_MS,
  CACHE_SHARDS,
} from '../../../src/core/recall/limits.ts'
import { type Clock, systemClock } from '../../../src/lib/clock.ts'
import { shardStub } from '../../../src/lib/object-places.ts'
import { createReplyCache } from '../../../src/stores/embedded/reply-cache.ts'
import { replyCacheContract } from '../../contracts/reply-cache.ts'
import { replyLeasesContract } from '../../contracts/reply-leases.ts'
import { ASK_MS, found, freshPlace, hitsOf, keptValue, keyOf, passed, putOf } from '../../support/cache-values.ts'
import { manualClock } from '../../support/manual-clock.ts'

const toolsOf = (clock: Clock, background: (work: Promise<unknown>) => void = () => {}) => ({
  clock,
  random: () => 0,
  background,
})
const isolate = () => createReplyCache(env.CACHE, toolsOf(systemClock))
replyCacheContract(isolate)
replyLeasesContract(isolate)

/** An isolate in a time of its own, the calls it makes, and its work in the background. */
function watched() {
  const clock = manualClock(Date.now())
  const calls: string[] = []
  const work: Promise<unknown>[] = []
  const namespace = new Proxy(env.CACHE, {
    get(target, name) {
      if (name !== 'get') return Reflect.get(target, name).bind(target)
      return (...where: Parameters<typeof target.get>) =>
        new Proxy(target.get(...where), {
          get(stub, method) {
            calls.push(String(method))
            return (...values: unknown[]) => Reflect.get(stub, method)(...values)
          },
        })
    },
  })
  const cache = createReplyCache(
    namespace,
    toolsOf(clock, (one) => void work.push(one)),
  )
  return { clock, calls, work, cache }
}

describe('a digest', () => {
  it('that says no spares the question, for as long as it is believed', async () => {
    const { cache, clock, calls } = watched()
    const place = freshPlace()
    await isolate().tell(place, [putOf(keptValue(keyOf('there', 'A')))])
    expect(await found(cache, place, keyOf('absent', 'A'))).toBeNull()
    expect(calls).toEqual(['lookUp'])
    for (let index = 0; index < 100; index += 1) {
      expect(cache.know(place, keyOf(`absent ${index}`, 'A'))).toEqual({ mark: '0', mayHold: false })
    }
    expect(cache.know(place, keyOf('there', 'A')).mayHold).toBe(true)
    expect(cache.know(place, keyOf('absent', 'B'))).toEqual({ mark: null, mayHold: true })
    await clock.advance(CACHE_ABSENT_MS + 1)
    expect(cache.know(place, keyOf('absent', 'A'))).toEqual({ mark: '0', mayHold: true })
    expect(calls).toEqual(['lookUp'])
  })

  it('is asked for anew in the background, so that steady misses wait for nobody', async () => {
    const { cache, clock, calls, work } = watched()
    const [place, late] = [freshPlace(), keptValue(keyOf('late', 'A'))]
    await found(cache, place, keyOf('absent', 'A'))
    for (let times = 1; times <= 3; times += 1) {
      await clock.advance(CACHE_ABSENT_REFRESH_MS + 1)
      expect(cache.know(place, late.key).mayHold).toBe(false)
      expect(cache.know(place, late.key).mayHold).toBe(false)
      await Promise.all(work)
    }
    expect(calls).toEqual(['lookUp', 'digest', 'digest', 'digest'])
    await isolate().tell(place, [putOf(late)])
    await clock.advance(CACHE_ABSENT_REFRESH_MS + 1)
    expect(cache.know(place, late.key).mayHold).toBe(false)
    await Promise.all(work)
    expect([cache.know(place, late.key).mayHold, await found(cache, place, late.key)]).toEqual([true, late])
  })

  it('lets another isolate recall a reply within a second of its put', async () => {
    const { cache, clock } = watched()
    const [place, value] = [freshPlace(), keptValue(keyOf('shared'))]
    await found(cache, place, value.key)
    expect(cache.know(place, value.key).mayHold).toBe(false)
    await isolate().tell(place, [putOf(value)])
    await clock.advance(CACHE_ABSENT_MS + 1)
    expect(cache.know(place, value.key).mayHold).toBe(true)
    expect(await found(cache, place, value.key)).toEqual(value)
  })

  it('knows the mark for as long as memory may serve; a purge elsewhere is known before that', async () => {
    const { cache, clock, calls, work } = watched()
    const [place, key] = [freshPlace(), keyOf('marked')]
    await cache.tell(place, [putOf(keptValue(key))])
    await found(cache, place, key)
    await isolate().purge(place, {})
    await clock.advance(CACHE_MARK_REFRESH_MS + 1)
    expect(cache.know(place, key)).toEqual({ mark: '0', mayHold: true })
    await Promise.all(work)
    expect(cache.know(place, key).mark).toBe('1')
    await clock.advance(CACHE_MARK_FRESH_MS + 1)
    expect(cache.know(place, key)).toEqual({ mark: null, mayHold: true })
    expect(calls).toEqual(['tell', 'lookUp', 'digest'])
  })

  it('whose question was lost with its request is asked for again', async () => {
    const { cache, clock, calls, work } = watched()
    const [place, key] = [freshPlace(), keyOf('lost')]
    await found(cache, place, key)
    await clock.advance(CACHE_MARK_REFRESH_MS + 1)
    cache.know(place, key)
    // As long as it may be on its way, nobody else asks; nobody ever waits for it.
    expect([cache.know(place, key).mark, calls.length, work.length]).toEqual(['0', 2, 1])
    await clock.advance(2 * CACHE_DIGEST_MS)
    cache.know(place, key)
    await Promise.all(work)
    expect(cache.know(place, key).mark).toBe('0')
  })

  it('costs one call a shard for a batch', async () => {
    const { cache, calls } = watched()
    const place = freshPlace()
    const puts = Array.from({ length: 40 }, (_, seed) => putOf(keptValue(keyOf(`batch ${seed}`))))
    await cache.tell(place, puts)
    expect(calls).toEqual(Array.from({ length: CACHE_SHARDS }, () => 'tell'))
    expect(await cache.stats(place)).toMatchObject({ entries: 40 })
  })
})

describe('an eviction', () => {
  it('loses no value, count or mark', async () => {
    const [cache, place] = [isolate(), freshPlace()]
    await cache.purge(place, {})
    await passed(Date.now())
    const values = ['A', 'B', 'C', 'D'].map((first) => keptValue(keyOf('evicted', first)))
    await cache.tell(place, [...values.map((value) => putOf(value)), ...values.map(({ key }) => hitsOf(key, 'hit', 2))])
    await cache.purge(place, { model: 'nobody' })
    const [stats, { mark }] = [await cache.stats(place), await cache.lookUp(place, keyOf('x', 'A'), null, ASK_MS)]
    for (let shard = 0; shard < CACHE_SHARDS; shard += 1) await evictDurableObject(shardStub(env.CACHE, place, shard))
    expect(await cache.stats(place)).toEqual(stats)
    for (const value of values) expect(await found(cache, place, value.key)).toEqual(value)
    expect((await cache.lookUp(place, keyOf('x', 'A'), null, ASK_MS)).mark).toBe(mark)
    // Its digest is another one, and is whole again.
    expect(cache.know(place, keyOf('y', 'A')).mayHold).toBe(false)
    expect(values.map(({ key }) => cache.know(place, key).mayHold)).toEqual([true, true, true, true])
  })

  it('loses leases: who waits hears of it, and its leader holds it again', async () => {
    const [cache, place, key] = [isolate(), freshPlace(), keyOf('led')]
    await cache.lookUp(place, key, 'leader', ASK_MS)
    const turn = cache.wait(place, key, 'follower', ASK_MS).catch(() => 'lost')
    await cache.lookUp(place, key, 'another', ASK_MS)
    await abortAllDurableObjects()
    expect(await turn).toBe('lost')
    expect(await cache.renew(place, key, 'leader')).toBe(true)
    const again = cache.wait(place, key, 'follower', ASK_MS)
    await cache.tell(place, [putOf(keptValue(key), 'leader')])
    expect(await again).toBe('stored')
  })
})

it('lives where its tenant does', async () => {
  const [cache, place] = [isolate(), freshPlace({ jurisdiction: 'eu', region: 'weur' })]
  const value = keptValue(keyOf('eu'))
  await cache.tell(place, [putOf(value)])
  expect(await found(cache, place, value.key)).toEqual(value)
  expect(await found(cache, { id: place.id, generation: 'elsewhere' }, value.key)).toBeNull()
})
