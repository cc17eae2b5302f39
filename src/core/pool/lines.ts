/** This isolate's side of the lines to the pools' objects: what it has for them, how far they are, and whether to ask. No I/O. */
import type { Clock } from '../../lib/clock.ts'
import { Breaker } from '../breaker.ts'
import { DegradedTime } from '../degraded-time.ts'
import { Heartbeats } from '../ledger/heartbeats.ts'
import { RoundTrips } from '../ledger/round-trips.ts'
import { PoolDesk } from './desk.ts'
import { POOL_DEADLINE_MIN_MS, POOL_LOG_MS, POOL_REST_MS } from './line-limits.ts'

/** What is kept of all pools; of each by its name. */
export interface PoolLines {
  readonly desk: PoolDesk
  readonly trips: RoundTrips
  readonly beats: Heartbeats
  /** An object that has not answered is left alone for a moment. It says nothing of the other pools'. */
  readonly breaker: (pool: string) => Breaker
  /** Time for which some pool's object was out of reach. */
  readonly degraded: DegradedTime
}

/** One per isolate. */
export function createPoolLines(clock: Clock): PoolLines & {
  /** A pool's object took so long for what does not wait. */
  answered(pool: string, ms: number): void
  /** Forgets pools that the config no longer names. */
  keep(names: ReadonlySet<string>): void
} {
  const desk = new PoolDesk()
  const trips = new RoundTrips(POOL_DEADLINE_MIN_MS)
  const breakers = new Map<string, Breaker>()
  return {
    desk,
    trips,
    beats: new Heartbeats(),
    degraded: new DegradedTime(clock),
    breaker(pool) {
      const known = breakers.get(pool)
      if (known !== undefined) return known
      const breaker = new Breaker({ failuresMax: 1, restMs: POOL_REST_MS, tellMs: POOL_LOG_MS })
      breakers.set(pool, breaker)
      return breaker
    },
    answered: (pool, ms) => void trips.observe(pool, ms),
    keep(names) {
      desk.keep(names)
      for (const name of breakers.keys()) if (!names.has(name)) breakers.delete(name)
    },
  }
}
