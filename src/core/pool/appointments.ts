/** When those who are refused had better come again: not all at the same moment, but each after those before it. No I/O. */
import { POOL_RETRY_MS_MAX } from './limits.ts'
import { retryMs } from './shedding.ts'

/**
 * A queue of those who are not there: the time that they will take of the pool is promised to them one after the other,
 * and passes as time does. Told by the queue alone, all who are refused in a moment would come back in the same one, and
 * most be refused again. Nobody is held to it: who comes earlier is let in if there is room.
 */
export class Appointments {
  #promisedUntilMs = Number.NEGATIVE_INFINITY

  /** ms until one comes that the queue alone sends away for `waitMs`, and that takes `serviceMs` of all of the pool. */
  next(waitMs: number, serviceMs: number, nowMs: number): number {
    const fromMs = Math.max(nowMs, this.#promisedUntilMs)
    // Beyond the longest that anybody is told nothing more is promised: they would all come then.
    this.#promisedUntilMs = Math.min(fromMs + serviceMs, nowMs + POOL_RETRY_MS_MAX)
    return retryMs(waitMs + fromMs - nowMs)
  }
}
