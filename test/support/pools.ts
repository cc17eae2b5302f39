/** An isolate's side of the lines to pools' objects, over a store that the test writes. */
import { Breaker } from '../../src/core/breaker.ts'
import { DegradedTime } from '../../src/core/degraded-time.ts'
import { Heartbeats } from '../../src/core/ledger/heartbeats.ts'
import { RoundTrips } from '../../src/core/ledger/round-trips.ts'
import { PoolDesk } from '../../src/core/pool/desk.ts'
import { POOL_DEADLINE_MIN_MS, POOL_LOG_MS, POOL_REST_MS } from '../../src/core/pool/line-limits.ts'
import type { Clock } from '../../src/lib/clock.ts'
import type { PoolStore } from '../../src/stores/types.ts'

const away = (): Promise<never> => Promise.reject(new Error('the object is out of reach'))

/** Objects that are out of reach: isolates choose by what they have seen themselves. */
export const NO_OBJECTS: PoolStore = {
  acquire: away,
  turn: away,
  tell: away,
  workers: () => ({ fetch: away }),
}

/** The lines of one isolate. */
export function poolsOver(clock: Clock, store: PoolStore = NO_OBJECTS) {
  const breaker = new Breaker({ failuresMax: 1, restMs: POOL_REST_MS, tellMs: POOL_LOG_MS })
  return {
    store,
    desk: new PoolDesk(),
    trips: new RoundTrips(POOL_DEADLINE_MIN_MS),
    beats: new Heartbeats(),
    breaker: () => breaker,
    degraded: new DegradedTime(clock),
  }
}
