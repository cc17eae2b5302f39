/** `@upstash/ratelimit` as a `RateLimiter`, over REST on the real servers there are. */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { RATE_BLOCKED_MS_MAX } from '../../../src/core/limits.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { createUpstashRateLimiter } from '../../../src/stores/upstash/rate-limiter.ts'
import { createRedis } from '../../../src/stores/upstash/redis.ts'
import { rateLimiterContract } from '../../contracts/rate-limiter.ts'
import { type RedisServer, redisKinds } from '../../support/redis-server.ts'
import { startUpstashRest, type UpstashRest } from '../../support/upstash-rest.ts'

const MINUTE = { requests: 20, perSeconds: 60 }
/** A minute that begins in the test's hand. */
const MINUTE_STARTS_MS = Date.UTC(2026, 10, 20, 12)
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
  afterEach(() => void vi.useRealTimers())

  const redis = () => createRedis(rest, { clock: systemClock })
  const isolate = () => createUpstashRateLimiter(redis(), systemClock)
  const at = (ms: number): void => void vi.useFakeTimers({ toFake: ['Date'], now: MINUTE_STARTS_MS + ms })
  const calls = (): number => rest.commands.length

  rateLimiterContract(() => ({ isolate, rule: MINUTE }))

  it('lets in whoever comes back when told to, early, in the middle, and at the last moment of a window', async () => {
    for (const startMs of [1, 20_000, 59_999]) {
      at(startMs)
      const key = `obedient-${startMs}`
      for (let index = 0; index < MINUTE.requests; index++) await isolate().limit(key, MINUTE)
      const refused = await isolate().limit(key, MINUTE)
      if (refused.allowed) throw new Error('not refused')
      expect(refused.retryAfterMs).toBeLessThanOrEqual(60_000)
      at(startMs + refused.retryAfterMs)
      expect(await isolate().limit(key, MINUTE)).toEqual({ allowed: true })
    }
  })

  it('slides: half a window later half of the amount is free', async () => {
    at(0)
    for (let index = 0; index < MINUTE.requests; index++) await isolate().limit('sliding', MINUTE)
    at(60_000 + 30_000)
    let allowed = 0
    for (let index = 0; index < MINUTE.requests; index++)
      if ((await isolate().limit('sliding', MINUTE)).allowed) allowed += 1
    expect(allowed).toBe(MINUTE.requests / 2)
  })

  it('keeps the count when the amount changes, and none between windows of different lengths', async () => {
    at(0)
    const limiter = isolate()
    for (let index = 0; index < MINUTE.requests; index++) await limiter.limit('changed', MINUTE)
    expect(await limiter.limit('changed', { ...MINUTE, requests: 21 })).toEqual({ allowed: true })
    expect(await limiter.limit('changed', { ...MINUTE, requests: 21 })).toMatchObject({ allowed: false })
    expect(await limiter.limit('changed', { requests: 1, perSeconds: 30 })).toEqual({ allowed: true })
  })

  it('asks Redis once a request, and not at all for a key that is over for a second', async () => {
    at(0)
    const limiter = isolate()
    await limiter.limit('warm', MINUTE)
    const before = calls()
    for (let index = 0; index < MINUTE.requests; index++) await limiter.limit('flood', MINUTE)
    expect(calls() - before).toBe(MINUTE.requests)
    for (let index = 0; index < 50; index++)
      expect(await limiter.limit('flood', MINUTE)).toEqual({ allowed: false, retryAfterMs: 60_000 })
    expect(calls() - before).toBe(MINUTE.requests + 1)
    at(RATE_BLOCKED_MS_MAX)
    expect(await limiter.limit('flood', MINUTE)).toEqual({ allowed: false, retryAfterMs: 59_001 })
    expect(calls() - before).toBe(MINUTE.requests + 2)
  })

  it('says to come back at once when the window ended while Redis was asked', async () => {
    at(59_999)
    for (let index = 0; index < MINUTE.requests; index++) await isolate().limit('crossing', MINUTE)
    const asked = isolate().limit('crossing', MINUTE)
    at(60_010)
    expect(await asked).toEqual({ allowed: false, retryAfterMs: 1 })
  })

  it('leaves nothing behind for good', async () => {
    await isolate().limit('acme.0a1b.A1b2C3d4', MINUTE)
    const keys = await redis().keys('sluice:rate:60:acme.0a1b.A1b2C3d4:*')
    expect(keys).toHaveLength(1)
    const ttlMs = await redis().pttl(keys[0] ?? '')
    expect(ttlMs).toBeGreaterThan(0)
    expect(ttlMs).toBeLessThanOrEqual(121_000)
  })

  it('goes on after Redis has forgotten its scripts', async () => {
    await isolate().limit('forgotten', MINUTE)
    await redis().scriptFlush()
    expect(await isolate().limit('forgotten', MINUTE)).toEqual({ allowed: true })
  })
})

afterAll(() => console.info(`The Upstash contracts ran on ${versions.join(' and ')}.`))
