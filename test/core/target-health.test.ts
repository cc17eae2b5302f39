/** What an isolate remembers of its targets: dead credentials, the client throttle, latency. */
import { describe, expect, it } from 'vitest'
import { DEAD_CREDENTIAL_MS, THROTTLE_REQUESTS_MIN, THROTTLE_WINDOW_MS } from '../../src/core/limits.ts'
import { TargetHealth } from '../../src/core/target-health.ts'

const NOW = 1_700_000_000_000

/** Health that has seen so many attempts of each kind at a moment. */
function seen(accepted: number, rejected: number, health = new TargetHealth(), nowMs = NOW): TargetHealth {
  for (let count = 0; count < accepted; count += 1) health.observe('a', true, nowMs)
  for (let count = 0; count < rejected; count += 1) health.observe('a', false, nowMs)
  return health
}

describe('a dead credential', () => {
  it('is left alone for its time, and only under its own key', () => {
    const health = new TargetHealth()
    expect(health.isDead('a', NOW)).toBe(false)
    health.markDead('a', NOW)
    expect(health.isDead('a', NOW)).toBe(true)
    expect(health.isDead('a', NOW + DEAD_CREDENTIAL_MS - 1)).toBe(true)
    expect(health.isDead('a', NOW + DEAD_CREDENTIAL_MS)).toBe(false)
    expect(health.isDead('b', NOW)).toBe(false)
  })
})

describe('the throttle', () => {
  it('lets everything through below its least number of requests', () => {
    expect(seen(0, THROTTLE_REQUESTS_MIN - 1).throttles('a', NOW, 0)).toBe(false)
    expect(seen(0, THROTTLE_REQUESTS_MIN).throttles('a', NOW, 0)).toBe(true)
    expect(new TargetHealth().throttles('a', NOW, 0)).toBe(false)
  })

  it('lets everything through while at least half is accepted', () => {
    expect(seen(20, 20).throttles('a', NOW, 0)).toBe(false)
    expect(seen(19, 21).throttles('a', NOW, 0)).toBe(true)
  })

  it('rejects (requests − 2·accepts)/(requests + 1) of the rest', () => {
    // 10 of 40 accepted: (40 − 20) / 41.
    const health = seen(10, 30)
    expect(health.throttles('a', NOW, 20 / 41 - 0.001)).toBe(true)
    expect(health.throttles('a', NOW, 20 / 41)).toBe(false)
    expect(health.throttles('b', NOW, 0)).toBe(false)
  })

  it('forgets what is older than its window', () => {
    const slice = THROTTLE_WINDOW_MS / 12
    const begin = Math.floor(NOW / slice) * slice
    const health = seen(0, 40, new TargetHealth(), begin)
    expect(health.throttles('a', begin + THROTTLE_WINDOW_MS - 1, 0)).toBe(true)
    expect(health.throttles('a', begin + THROTTLE_WINDOW_MS, 0)).toBe(false)
    // One more attempt later does not bring the old ones back.
    seen(0, 1, health, begin + THROTTLE_WINDOW_MS)
    expect(health.throttles('a', begin + THROTTLE_WINDOW_MS, 0)).toBe(false)
  })

  it('remembers what is younger than its window, though it began before', () => {
    const half = THROTTLE_WINDOW_MS / 2
    const health = seen(0, 20, seen(0, 20), NOW + half)
    expect(health.throttles('a', NOW + half + THROTTLE_WINDOW_MS - THROTTLE_WINDOW_MS / 12, 0)).toBe(true)
    expect(health.throttles('a', NOW + half + THROTTLE_WINDOW_MS, 0)).toBe(false)
  })

  it('adds up what was seen across its window', () => {
    const health = seen(0, 15)
    seen(0, 15, health, NOW + THROTTLE_WINDOW_MS / 2)
    expect(health.throttles('a', NOW + THROTTLE_WINDOW_MS / 2, 0.9)).toBe(true)
    seen(60, 0, health, NOW + THROTTLE_WINDOW_MS / 2)
    expect(health.throttles('a', NOW + THROTTLE_WINDOW_MS / 2, 0)).toBe(false)
  })
})

describe('latency', () => {
  it('is unknown while untried, then an average that follows the newest', () => {
    const health = new TargetHealth()
    expect(health.latencyMs('a', 'stream')).toBeUndefined()
    health.observeLatency('a', 'stream', 100)
    expect(health.latencyMs('a', 'stream')).toBe(100)
    health.observeLatency('a', 'stream', 200)
    expect(health.latencyMs('a', 'stream')).toBeCloseTo(120)
  })

  it('is kept apart for streams and whole replies', () => {
    const health = new TargetHealth()
    health.observeLatency('a', 'stream', 100)
    expect(health.latencyMs('a', 'whole')).toBeUndefined()
    health.observeLatency('a', 'whole', 900)
    expect(health.latencyMs('a', 'whole')).toBe(900)
    expect(health.latencyMs('a', 'stream')).toBe(100)
  })
})

it('forgets the oldest key when there are too many', () => {
  const health = new TargetHealth()
  health.markDead('first', NOW)
  health.markDead('second', NOW)
  for (let count = 0; count < 1998; count += 1) health.observe(`key-${count}`, true, NOW)
  expect(health.isDead('first', NOW)).toBe(true)
  health.observe('one more', true, NOW)
  expect(health.isDead('first', NOW)).toBe(false)
  expect(health.isDead('second', NOW)).toBe(true)
})
