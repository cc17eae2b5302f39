/** How long each object (a tenant's, a pool's) takes to answer this isolate, and so how long it is worth waiting for. No I/O. */
import { BoundedMap } from '../../lib/bounded-map.ts'
import { ADMIT_DEADLINE_MIN_MS, ADMIT_ROUND_TRIPS_MAX, OBJECT_CALL_MS, ROUND_TRIPS_MAX } from '../limits.ts'

/** Weight of the newest round trip in the mean. */
const NEWEST = 0.2

/** One per isolate and kind of object. Tenants' are named `<tenant>.<generation>`, pools' by their names. */
export class RoundTrips {
  readonly #meanMs = new BoundedMap<string, number>(ROUND_TRIPS_MAX)
  readonly #leastMs: number

  /** A deadline is never shorter than `leastMs`. */
  constructor(leastMs = ADMIT_DEADLINE_MIN_MS) {
    this.#leastMs = leastMs
  }

  /**
   * Notes a call that did not wait; one that missed its deadline too, or a far object would be late for ever. Would
   * another one that takes as long be in time now? Then the object is within reach.
   */
  observe(owner: string, ms: number): boolean {
    const mean = this.#meanMs.get(owner)
    this.#meanMs.set(owner, mean === undefined ? ms : mean + NEWEST * (ms - mean))
    return ms < this.deadlineMs(owner)
  }

  /** How long a call of it may take. An object never heard of is perhaps just starting: it gets the most. */
  deadlineMs(owner: string): number {
    const mean = this.#meanMs.get(owner)
    if (mean === undefined) return OBJECT_CALL_MS
    return Math.min(OBJECT_CALL_MS, Math.max(this.#leastMs, ADMIT_ROUND_TRIPS_MAX * mean))
  }
}
