/** What an isolate lets through alone: a part of every rate for a while, money never, and who may try the ledger. */
import { describe, expect, it } from 'vitest'
import { LocalLimiter } from '../../../src/core/ledger/local-limiter.ts'
import type { Counter, Unit, Window } from '../../../src/core/ledger/types.ts'
import { LOCAL_OPEN_MS, LOCAL_TRY_MS, OUTAGES_MAX } from '../../../src/core/limits.ts'

const NOW = 1_700_000_000_000
const SLIDING: Window = { kind: 'sliding', perMs: 60_000 }

const counterOf = (of: Unit, amount: number, more: Partial<Counter> = {}): Counter => ({
  id: `${of} ${amount}`,
  limit: of,
  of,
  window: of === 'concurrency' ? { kind: 'held' } : SLIDING,
  amount,
  hard: of === 'usd',
  scope: 'tenant',
  subject: null,
  ...more,
})

let ids = 0
const askOf = (...counters: Counter[]) => {
  ids += 1
  return { id: `r${ids}`, counters, lifeMs: 600_000 }
}

/** A limiter whose ledger of `acme` has just failed. */
function alone(): LocalLimiter {
  const limiter = new LocalLimiter()
  limiter.failed('acme', NOW)
  return limiter
}

/** How many of a hundred requests go through at once. */
function through(limiter: LocalLimiter, counter: Counter, units = 1, nowMs = NOW): number {
  let count = 0
  for (let tries = 0; tries < 100; tries += 1) if (limiter.take('acme', askOf(counter), [units], nowMs)) count += 1
  return count
}

describe('take', () => {
  it.each([
    ['requests', 100, 1, 12],
    ['tokens', 8000, 300, 3],
    ['concurrency', 50, 1, 6],
    ['requests', 5, 1, 1],
    ['requests', 0, 1, 0],
    ['usd', 1_000_000, 1, 0],
  ] as const)('lets an eighth of a limit on %s of %d through, %d a time: %d', (of, amount, units, count) => {
    expect(through(alone(), counterOf(of, amount), units)).toBe(count)
  })

  it('closes a hard limit at once', () => {
    expect(through(alone(), counterOf('tokens', 8000, { hard: true }))).toBe(0)
  })

  it('tests all counters before it charges one', () => {
    const limiter = alone()
    const requests = counterOf('requests', 100)
    for (let tries = 0; tries < 20; tries += 1)
      expect(limiter.take('acme', askOf(requests, counterOf('usd', 1)), [1, 1], NOW)).toBe(false)
    expect(through(limiter, requests)).toBe(12)
  })

  it('goes by the window of each limit, and by its count of each tenant', () => {
    const limiter = alone()
    limiter.failed('other', NOW)
    const paced = counterOf('requests', 80, { id: 'paced', window: { kind: 'paced', perMs: 10_000, burst: 1 } })
    const daily = counterOf('requests', 16, { id: 'day', window: { kind: 'calendar', per: 'day', timeZone: 'UTC' } })
    expect(through(limiter, paced)).toBe(1)
    expect(through(limiter, paced, 1, NOW + 1000)).toBe(1)
    expect(through(limiter, daily)).toBe(2)
    expect(through(limiter, daily, 1, NOW + 20_000)).toBe(0)
    expect(limiter.take('other', askOf(daily), [1], NOW)).toBe(true)
  })

  it('is over half a minute after the ledger was first out of reach, tried in vain or not', () => {
    const limiter = alone()
    limiter.failed('acme', NOW + LOCAL_OPEN_MS - 1)
    expect(through(limiter, counterOf('requests', 800), 1, NOW + LOCAL_OPEN_MS - 1)).toBe(100)
    expect(through(limiter, counterOf('requests', 8000), 1, NOW + LOCAL_OPEN_MS)).toBe(0)
    limiter.failed('acme', NOW + LOCAL_OPEN_MS)
    expect(through(limiter, counterOf('requests', 8000), 1, NOW + 2 * LOCAL_OPEN_MS - 1)).toBe(0)
  })

  it('keeps its counts over outages that follow each other', () => {
    const limiter = alone()
    expect(through(limiter, counterOf('requests', 80))).toBe(10)
    limiter.answered('acme', NOW + 1000)
    limiter.failed('acme', NOW + 2000)
    expect(through(limiter, counterOf('requests', 80), 1, NOW + 2000)).toBe(0)
  })
})

describe('release', () => {
  it('gives a slot of concurrency to the next request', () => {
    const limiter = alone()
    const flight = counterOf('concurrency', 8)
    const first = askOf(flight)
    expect(limiter.take('acme', first, [1], NOW)).toBe(true)
    expect(limiter.take('acme', askOf(flight), [1], NOW)).toBe(false)
    limiter.release('acme', first, NOW + 1)
    expect(limiter.take('acme', askOf(flight), [1], NOW + 1)).toBe(true)
  })

  it('is not waited for longer than a request can live', () => {
    const limiter = alone()
    const flight = counterOf('concurrency', 8)
    expect(limiter.take('acme', { ...askOf(flight), lifeMs: 5000 }, [1], NOW)).toBe(true)
    expect(limiter.take('acme', askOf(flight), [1], NOW + 4999)).toBe(false)
    expect(limiter.take('acme', askOf(flight), [1], NOW + 5000)).toBe(true)
  })
})

describe('mayTry', () => {
  it('is true while nothing is known to be wrong', () => {
    const limiter = new LocalLimiter()
    expect(limiter.mayTry('acme', NOW)).toBe(true)
    expect(limiter.failed('other', NOW)).toBe(true)
    expect(limiter.mayTry('acme', NOW)).toBe(true)
  })

  it('is one request a second while the ledger is out of reach', () => {
    const limiter = alone()
    const tried: number[] = []
    for (let ms = 0; ms < 5 * LOCAL_TRY_MS; ms += 10) if (limiter.mayTry('acme', NOW + ms)) tried.push(ms)
    expect(tried).toEqual([1000, 2000, 3000, 4000])
  })

  it('is true again once it has answered, and for an outage that nobody has met for long', () => {
    const limiter = alone()
    limiter.answered('acme', NOW + 1)
    expect(limiter.mayTry('acme', NOW + 1)).toBe(true)
    limiter.failed('acme', NOW + 2)
    expect(limiter.mayTry('acme', NOW + 2)).toBe(false)
    expect(limiter.mayTry('acme', NOW + 2 + LOCAL_OPEN_MS)).toBe(true)
    expect(limiter.mayTry('acme', NOW + 2 + LOCAL_OPEN_MS)).toBe(true)
  })
})

it('says that an outage has begun, once', () => {
  const limiter = new LocalLimiter()
  expect(limiter.failed('acme', NOW)).toBe(true)
  expect(limiter.failed('acme', NOW + 1)).toBe(false)
  limiter.answered('acme', NOW + 2)
  expect(limiter.failed('acme', NOW + 3)).toBe(true)
})

describe('degradedMs', () => {
  it('is the time from a first failure to the next answer', () => {
    const limiter = new LocalLimiter()
    expect(limiter.degradedMs(NOW)).toBe(0)
    limiter.failed('acme', NOW + 1000)
    expect(limiter.degradedMs(NOW + 1500)).toBe(500)
    limiter.failed('acme', NOW + 2000)
    limiter.answered('acme', NOW + 4000)
    limiter.answered('acme', NOW + 6000)
    expect(limiter.degradedMs(NOW + 9000)).toBe(3000)
  })

  it('counts time in which several are out of reach once', () => {
    const limiter = new LocalLimiter()
    limiter.failed('one', NOW)
    limiter.failed('two', NOW + 1000)
    limiter.answered('one', NOW + 2000)
    limiter.answered('two', NOW + 5000)
    limiter.failed('one', NOW + 8000)
    limiter.answered('one', NOW + 9000)
    expect(limiter.degradedMs(NOW + 9000)).toBe(6000)
  })

  it('does not go on for an object that nobody asks about any more', () => {
    const limiter = new LocalLimiter()
    limiter.failed('acme', NOW)
    limiter.failed('acme', NOW + 5000)
    expect(limiter.degradedMs(NOW + 3_600_000)).toBe(5000 + LOCAL_OPEN_MS)
    expect(limiter.degradedMs(NOW + 7_200_000)).toBe(5000 + LOCAL_OPEN_MS)
  })

  it('has room for a bounded number of objects out of reach', () => {
    const limiter = alone()
    for (let owner = 0; owner < OUTAGES_MAX; owner += 1) limiter.failed(`t${owner}`, NOW)
    expect(limiter.mayTry('acme', NOW)).toBe(true)
    expect(limiter.mayTry('t0', NOW)).toBe(false)
  })
})
