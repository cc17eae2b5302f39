/** The isolate's retry budget: a share of its requests and a trickle besides, so that retries never double a storm. No I/O. */
import { RETRY_BUDGET_PER_SECOND, RETRY_BUDGET_SHARE } from './limits.ts'

/** Credit beyond this many seconds' worth of the trickle is not kept. */
const BURST_SECONDS = 1

/** A bucket filled by requests (RETRY_BUDGET_SHARE each) and by time (RETRY_BUDGET_PER_SECOND). */
export class RetryBudget {
  #credit = RETRY_BUDGET_PER_SECOND * BURST_SECONDS
  #share = 0
  #filledAtMs = 0

  /** Counts a request that came in. */
  request(): void {
    this.#share = Math.min(this.#share + RETRY_BUDGET_SHARE, 100)
  }

  /** Takes one retry; false when the budget is spent. */
  take(nowMs: number): boolean {
    const most = RETRY_BUDGET_PER_SECOND * BURST_SECONDS
    const seconds = Math.max(0, nowMs - this.#filledAtMs) / 1000
    this.#credit = Math.min(most, this.#credit + seconds * RETRY_BUDGET_PER_SECOND)
    this.#filledAtMs = nowMs
    if (this.#credit >= 1) {
      this.#credit -= 1
      return true
    }
    if (this.#share >= 1) {
      this.#share -= 1
      return true
    }
    return false
  }
}
