/** Leaves alone what keeps failing: a rest after so many failures in a row, then one try at a time. No I/O. */

/** When to rest, for how long, and how often to speak of it. */
export interface BreakerRules {
  /** Failures in a row after which nothing is tried. */
  readonly failuresMax: number
  readonly restMs: number
  /** Failures are worth telling at most once in this time. */
  readonly tellMs: number
}

/** One per isolate and thing that fails. Holds numbers only: nothing of one request is waited for by another. */
export class Breaker {
  readonly #rules: BreakerRules
  #failures = 0
  #restUntilMs = 0
  #toldAtMs = Number.NEGATIVE_INFINITY

  constructor(rules: BreakerRules) {
    this.#rules = rules
  }

  /** May it be tried now? After a rest one may; should nobody ever hear of that try, another may a rest later. */
  mayTry(nowMs: number): boolean {
    if (this.#failures < this.#rules.failuresMax) return true
    if (nowMs < this.#restUntilMs) return false
    this.#restUntilMs = nowMs + this.#rules.restMs
    return true
  }

  succeeded(): void {
    this.#failures = 0
  }

  /** True when this failure is the one to tell of. */
  failed(nowMs: number): boolean {
    this.#failures += 1
    if (this.#failures >= this.#rules.failuresMax) this.#restUntilMs = nowMs + this.#rules.restMs
    if (nowMs - this.#toldAtMs < this.#rules.tellMs) return false
    this.#toldAtMs = nowMs
    return true
  }
}
