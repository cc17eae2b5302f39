/** The coarse request-rate guard: whom it refuses, and that nothing which fails behind it is ever in the way. */
import { afterEach, describe, expect, it } from 'vitest'
import { guardRate } from '../../src/admit/rate-guard.ts'
import { Breaker } from '../../src/core/breaker.ts'
import { RATE_GUARD_FAILURES_MAX, RATE_GUARD_LOG_MS, RATE_GUARD_MS, RATE_GUARD_REST_MS } from '../../src/core/limits.ts'
import { type Clock, systemClock } from '../../src/lib/clock.ts'
import type { RateLimiter } from '../../src/stores/types.ts'
import { createUpstashRateLimiter } from '../../src/stores/upstash/rate-limiter.ts'
import { createRedis } from '../../src/stores/upstash/redis.ts'
import { manualClock } from '../support/manual-clock.ts'
import { redisKinds } from '../support/redis-server.ts'
import { ScriptedOrigin, silent } from '../support/scripted-origin.ts'
import { startUpstashRest } from '../support/upstash-rest.ts'

const RULE = { requests: 5, perSeconds: 60 }
const CANARY = 'canary-91bd'

type CallerOfGuard = Parameters<typeof guardRate>[1]

function caller({ tenantId = 'acme', generation = '0a1b', keyId = 'A1b2C3d4' } = {}): CallerOfGuard {
  const key = {
    id: keyId,
    name: 'app',
    createdAt: '',
    expiresAt: null,
    revokedAt: null,
    overlapUntil: null,
    lastUsedOn: null,
  }
  return { tenantId, generation, key }
}

/** A guard over this limiter, with the lines that it logs. */
function guardOver(limiter: RateLimiter | undefined, clock: Clock = manualClock()) {
  const lines: Readonly<Record<string, unknown>>[] = []
  const rules = { failuresMax: RATE_GUARD_FAILURES_MAX, restMs: RATE_GUARD_REST_MS, tellMs: RATE_GUARD_LOG_MS }
  const services = {
    rateLimiter: limiter,
    rateBreaker: new Breaker(rules),
    clock,
    log: (line: Readonly<Record<string, unknown>>) => void lines.push(line),
  }
  return { lines, check: (who = caller()) => guardRate(services, who, RULE) }
}

/** A limiter that does as told, and counts how often it was asked. */
function scripted(answer: () => ReturnType<RateLimiter['limit']>) {
  const asked: string[] = []
  const limiter: RateLimiter = {
    limit(key) {
      asked.push(key)
      return answer()
    },
  }
  return { asked, limiter }
}

const allow = async () => ({ allowed: true }) as const
const fail = () => Promise.reject(new Error(`${CANARY} was in the command`))
const never = () => new Promise<never>(() => {})

it('lets pass what is allowed, and what there is no limiter for', async () => {
  expect(await guardOver(scripted(allow).limiter).check()).toBeNull()
  expect(await guardOver(undefined).check()).toBeNull()
})

it('refuses what is not, with the time to come back and its own name', async () => {
  const { limiter } = scripted(async () => ({ allowed: false, retryAfterMs: 12_345 }))
  const { check, lines } = guardOver(limiter)
  expect(await check()).toMatchObject({
    code: 'rate_limit_exceeded',
    status: 429,
    retryAfterMs: 12_345,
    limitedBy: 'guard',
  })
  expect(lines).toEqual([])
})

it('asks by tenant, generation and key: none of them shares a count', async () => {
  const { limiter, asked } = scripted(allow)
  const { check } = guardOver(limiter)
  for (const who of [{}, { tenantId: 'other' }, { generation: '0a1c' }, { keyId: 'A1b2C3d5' }]) await check(caller(who))
  expect(asked).toEqual(['acme.0a1b.A1b2C3d4', 'other.0a1b.A1b2C3d4', 'acme.0a1c.A1b2C3d4', 'acme.0a1b.A1b2C3d5'])
})

it('waits no longer than its deadline, and then lets the request pass', async () => {
  const clock = manualClock()
  const { check, lines } = guardOver(scripted(never).limiter, clock)
  let verdict: unknown = 'waiting'
  void check().then((answer) => {
    verdict = answer
  })
  await clock.advance(RATE_GUARD_MS - 1)
  expect(verdict).toBe('waiting')
  await clock.advance(1)
  expect(verdict).toBeNull()
  expect(clock.timers).toBe(0)
  expect(lines).toEqual([{ level: 'warn', event: 'rate-guard-open', reason: 'late' }])
})

it('lets pass what cannot be told, and says so once a minute, without the error', async () => {
  const clock = manualClock()
  const { check, lines } = guardOver(scripted(fail).limiter, clock)
  const line = { level: 'warn', event: 'rate-guard-open', reason: 'failed' }
  expect(await check()).toBeNull()
  expect(lines).toEqual([line])
  for (let waitedMs = 0; waitedMs < RATE_GUARD_LOG_MS - 1000; waitedMs += 500) {
    await clock.advance(500)
    expect(await check()).toBeNull()
  }
  expect(lines).toEqual([line])
  await clock.advance(1000)
  expect(await check()).toBeNull()
  expect(lines).toEqual([line, line])
  expect(JSON.stringify(lines)).not.toContain(CANARY)
})

describe('after failures in a row', () => {
  const clock = manualClock()
  let answer: () => ReturnType<RateLimiter['limit']> = fail
  const { limiter, asked } = scripted(() => answer())
  const { check } = guardOver(limiter, clock)

  it('leaves the limiter alone', async () => {
    for (let index = 0; index < 100; index++) expect(await check()).toBeNull()
    expect(asked).toHaveLength(RATE_GUARD_FAILURES_MAX)
  })

  it('sends one request to try it, and another only when that one had time', async () => {
    await clock.advance(RATE_GUARD_REST_MS)
    asked.length = 0
    // The client of the one that tries may leave: then nobody hears of its end.
    answer = never
    const trial = check()
    for (let index = 0; index < 10; index++) expect(await check()).toBeNull()
    expect(asked).toHaveLength(1)
    await clock.advance(RATE_GUARD_MS)
    expect(await trial).toBeNull()
    expect(await check()).toBeNull()
    expect(asked).toHaveLength(1)
    await clock.advance(RATE_GUARD_REST_MS)
    await Promise.all([check(), clock.advance(RATE_GUARD_MS)])
    expect(asked).toHaveLength(2)
  })

  it('asks for everybody again once it answers', async () => {
    await clock.advance(RATE_GUARD_REST_MS)
    asked.length = 0
    answer = async () => ({ allowed: false, retryAfterMs: 1 })
    for (let index = 0; index < 3; index++) expect(await check()).toMatchObject({ limitedBy: 'guard' })
    expect(asked).toHaveLength(3)
  })
})

it('forgets failures when one answer comes between', async () => {
  let count = 0
  const { limiter, asked } = scripted(() => (++count % RATE_GUARD_FAILURES_MAX === 0 ? allow() : fail()))
  const { check } = guardOver(limiter)
  for (let index = 0; index < 50; index++) expect(await check()).toBeNull()
  expect(asked).toHaveLength(50)
})

describe.each(redisKinds)('over $name', ({ start }) => {
  if (start === undefined) return it.skip('is not installed', () => {})
  const cleanups: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0)) await cleanup()
  })

  /** The real thing, but for a clock that only tells the deadline and the minute. */
  async function real() {
    const server = await start?.()
    if (server === undefined) throw new Error('no server')
    const rest = await startUpstashRest(server.port, `${CANARY}-token`)
    cleanups.push(
      () => rest.close(),
      () => server.stop(),
    )
    const limiter = createUpstashRateLimiter(createRedis(rest, { clock: systemClock }), systemClock)
    return { server, rest, limiter }
  }

  it('holds a key to its rule, beside others of the same name', async () => {
    const { limiter } = await real()
    const { check } = guardOver(limiter, systemClock)
    const verdicts = []
    for (let index = 0; index < RULE.requests + 1; index++) verdicts.push(await check())
    expect(verdicts.map((verdict) => verdict?.limitedBy ?? null)).toEqual([null, null, null, null, null, 'guard'])
    expect(await check(caller({ generation: '0a1c' }))).toBeNull()
    expect(await check(caller({ tenantId: 'other' }))).toBeNull()
  })

  it('opens when Redis stops in the middle: no throw, no wait, one line a minute, and nothing told', async () => {
    const { server, limiter } = await real()
    const clock = manualClock()
    const { check, lines } = guardOver(limiter, clock)
    for (let index = 0; index < RULE.requests; index++) expect(await check()).toBeNull()
    expect(await check()).toMatchObject({ limitedBy: 'guard' })
    await server.stop()
    for (let second = 0; second < 90; second++) {
      expect(await check(caller({ keyId: `second-${second}` }))).toBeNull()
      await clock.advance(1000)
    }
    expect(lines).toEqual(
      Array.from({ length: 2 }, () => ({ level: 'warn', event: 'rate-guard-open', reason: 'failed' })),
    )
  })
})

it('is not held up by a Redis that accepts and never answers', async () => {
  const origin = await ScriptedOrigin.start()
  origin.on('hangs', silent)
  const redis = createRedis({ url: origin.url('hangs'), token: 'token' }, { clock: systemClock })
  const { check, lines } = guardOver(createUpstashRateLimiter(redis, systemClock), systemClock)
  const beganMs = performance.now()
  expect(await Promise.all(Array.from({ length: 50 }, () => check()))).toEqual(Array.from({ length: 50 }, () => null))
  expect(performance.now() - beganMs).toBeLessThan(RATE_GUARD_MS * 10)
  expect(await check()).toBeNull()
  expect(origin.calls('hangs').length).toBeLessThanOrEqual(50)
  expect(lines).toEqual([{ level: 'warn', event: 'rate-guard-open', reason: 'late' }])
  await origin.close()
})
