/** The cache over REST on the real Redis servers there are: the contract, outages, bounds, and what is left behind. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  CACHE_MARK_FRESH_MS,
  CACHE_MARK_REFRESH_MS,
  CACHE_TTL_SECONDS_MAX,
  CACHE_VALUE_CHARS_MAX,
} from '../../../src/core/recall/limits.ts'
import { type Clock, systemClock } from '../../../src/lib/clock.ts'
import { type Outgoing, outgoingThrough } from '../../../src/lib/outgoing.ts'
import { createRedis, RedisError } from '../../../src/stores/upstash/redis.ts'
import { createUpstashReplyCache } from '../../../src/stores/upstash/reply-cache.ts'
import { replyCacheContract } from '../../contracts/reply-cache.ts'
import { replyLeasesContract } from '../../contracts/reply-leases.ts'
import { ASK_MS, found, freshPlace, hitsOf, keptValue, keyOf, putOf } from '../../support/cache-values.ts'
import { manualClock } from '../../support/manual-clock.ts'
import { type RedisServer, redisKinds } from '../../support/redis-server.ts'
import { startUpstashRest, type UpstashRest } from '../../support/upstash-rest.ts'

const versions: string[] = []

describe.each(redisKinds)('over REST on $name', ({ start }) => {
  if (start === undefined) return it.skip('is not installed', () => {})
  let server: RedisServer
  let rest: UpstashRest

  beforeAll(async () => {
    server = await start()
    versions.push(server.version)
    rest = await startUpstashRest(server.port)
  })
  afterAll(async () => {
    await rest.close()
    await server.stop()
  })

  const redis = () => createRedis(rest, { clock: systemClock })
  const toolsOf = (clock: Clock = systemClock, background: (work: Promise<unknown>) => void = () => {}) => ({
    clock,
    random: Math.random,
    background,
  })
  const isolate = () => createUpstashReplyCache(redis(), toolsOf())

  replyCacheContract(isolate)
  replyLeasesContract(isolate)

  it('leaves nothing behind for good, all of it under the tenant, and nothing after an erasure', async () => {
    const [cache, place] = [isolate(), freshPlace()]
    const [key, other] = [keyOf('kept'), keyOf('led')]
    await cache.tell(place, [putOf(keptValue(key)), hitsOf(key, 'hit', 1)])
    await cache.lookUp(place, other, 'leader', ASK_MS)
    await cache.lookUp(place, keyOf('given up'), 'another', ASK_MS)
    await cache.release(place, keyOf('given up'), 'another', 'alone')
    await cache.purge(place, { model: 'nobody' })
    const named = await redis().keys(`sluice:cache:{${place.id}.${place.generation}}:*`)
    const parts = named.map((name) => name.split('}:')[1])
    expect(parts.sort()).toEqual(
      ['about', `alone:${keyOf('given up')}`, 'expiry', `lease:${other}`, 'purged', 'totals', `value:${key}`].sort(),
    )
    for (const name of named) {
      const ttlMs = await redis().pttl(name)
      expect([name, ttlMs > 0 && ttlMs <= (CACHE_TTL_SECONDS_MAX + 86_400) * 1000]).toEqual([name, true])
    }
    await cache.release(place, other, 'leader', 'lead')
    await cache.erase(place)
    const left = await redis().keys(`sluice:cache:{${place.id}.${place.generation}}:*`)
    expect(left.filter((name) => !name.includes(':alone:'))).toEqual([])
  })

  it('keeps a tenant within its bytes: what expires first leaves first', async () => {
    const cache = createUpstashReplyCache(redis(), toolsOf(), 3000)
    const place = freshPlace()
    const values = [3, 1, 4, 2, 5].map((minutes) =>
      keptValue(keyOf(minutes), { expiresAtMs: Date.now() + minutes * 60_000 }, 'x'.repeat(1000)),
    )
    for (const value of values) await cache.tell(place, [putOf(value)])
    const left = await Promise.all(values.map(async ({ key }) => (await found(cache, place, key)) !== null))
    expect(left).toEqual([true, false, true, false, true])
    expect(await cache.stats(place)).toMatchObject({ entries: 3, bytes: 3000 })
    const huge = keptValue(keyOf('huge'), {}, 'x'.repeat(3001))
    await cache.tell(place, [putOf(huge)])
    expect(await found(cache, place, huge.key)).toBeNull()
    expect(await cache.stats(place)).toMatchObject({ entries: 3 })
  })

  it('refuses what is longer than any reply, and tells who waits for it', async () => {
    const [cache, place, key] = [isolate(), freshPlace(), keyOf('long')]
    await cache.lookUp(place, key, 'leader', ASK_MS)
    await cache.lookUp(place, key, 'follower', ASK_MS)
    const turn = cache.wait(place, key, 'follower', ASK_MS)
    await cache.tell(place, [putOf(keptValue(key, {}, 'x'.repeat(CACHE_VALUE_CHARS_MAX + 1)), 'leader')])
    expect(await turn).toBe('alone')
    expect(await found(cache, place, key)).toBeNull()
  })

  it('asks once for a look-up and once for a batch, and goes on after Redis has forgotten its scripts', async () => {
    const [cache, place, key] = [isolate(), freshPlace(), keyOf('counted')]
    await cache.tell(place, [putOf(keptValue(key))])
    await cache.lookUp(place, key, null, ASK_MS)
    const before = rest.commands.length
    await cache.lookUp(place, key, 'lease', ASK_MS)
    await cache.tell(place, [putOf(keptValue(key)), hitsOf(key, 'hit', 1), { kind: 'corrupt', key: keyOf('none') }])
    expect(rest.commands.slice(before)).toEqual(['EVALSHA', 'EVALSHA'])
    await redis().scriptFlush()
    expect(await found(cache, place, key)).not.toBeNull()
  })

  it('knows the mark for as long as memory may serve, and asks for it anew in the background', async () => {
    const clock = manualClock(Date.now())
    const work: Promise<unknown>[] = []
    const cache = createUpstashReplyCache(
      redis(),
      toolsOf(clock, (one) => void work.push(one)),
    )
    const [place, key] = [freshPlace(), keyOf('marked')]
    expect(cache.know(place, key)).toEqual({ mark: null, mayHold: true })
    await cache.lookUp(place, key, null, ASK_MS)
    await isolate().purge(place, {})
    await clock.advance(CACHE_MARK_REFRESH_MS)
    expect([cache.know(place, key).mark, work.length]).toEqual(['0', 0])
    await clock.advance(1)
    expect([cache.know(place, key).mark, cache.know(place, key).mark, work.length]).toEqual(['0', '0', 1])
    await Promise.all(work)
    expect([cache.know(place, key).mark, work.length]).toEqual(['1', 1])
    await clock.advance(CACHE_MARK_FRESH_MS + 1)
    expect([cache.know(place, key).mark, work.length]).toEqual([null, 1])
  })
})

describe('Redis out of reach', () => {
  const place = freshPlace()
  const key = keyOf('outage')
  const kinds = redisKinds.flatMap(({ start }) => (start === undefined ? [] : [start]))

  it('fails every question at once and without its content, and answers again when it is back', async () => {
    const server = await (kinds[0] ?? expect.fail())()
    const rest = await startUpstashRest(server.port)
    const through = outgoingThrough()
    let isDown = false
    const outgoing: Outgoing = (call) => (isDown ? Promise.reject(new Error(call.body?.toString())) : through(call))
    const cache = createUpstashReplyCache(createRedis(rest, { clock: systemClock, outgoing }), {
      clock: systemClock,
      random: Math.random,
      background: () => {},
    })
    await cache.tell(place, [putOf(keptValue(key))])
    isDown = true
    const failures = [
      cache.lookUp(place, key, 'lease', ASK_MS),
      cache.wait(place, key, 'lease', ASK_MS),
      cache.tell(place, [putOf(keptValue(key))]),
      cache.renew(place, key, 'lease'),
      cache.purge(place, {}),
      cache.stats(place),
    ].map((answer) => answer.catch((error: unknown) => error))
    for (const failure of await Promise.all(failures)) {
      expect(failure).toBeInstanceOf(RedisError)
      expect(String(failure)).not.toContain(key)
    }
    isDown = false
    expect(await found(cache, place, key)).not.toBeNull()
    await rest.close()
    await server.stop()
  })

  it('is waited for no longer than the deadline, which is the caller’s', async () => {
    const clock = manualClock()
    const never = createRedis(
      { url: 'http://127.0.0.1:9', token: 't' },
      { clock, outgoing: () => new Promise<Response>(() => {}) },
    )
    const cache = createUpstashReplyCache(never, { clock, random: () => 0, background: () => {} })
    const asked = cache.lookUp(place, key, null, 150).catch((error: unknown) => error)
    await clock.advance(149)
    const early = await Promise.race([asked, Promise.resolve('not yet')])
    await clock.advance(1)
    expect([early, await asked]).toEqual(['not yet', new RedisError('Redis did not answer in time')])
  })
})

afterAll(() => console.info(`The contract of the reply cache ran on ${versions.join(' and ')}.`))
