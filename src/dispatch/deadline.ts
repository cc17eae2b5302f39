/** One timer for all clocks of an attempt: moving the deadline is an assignment, not a new timer. */
import type { Clock } from '../lib/clock.ts'

/** Why an attempt was given up. `caller`: the headers or the first content were late by the caller's own, shorter clock. */
export type Expiry = 'headers' | 'caller' | 'idle' | 'total'

/**
 * Aborts when the armed moment passes. `total` caps every phase. Re-arming for later costs nothing: the timer that is
 * already set wakes up early, looks, and sets itself again. (A timer per event costs more than the event.)
 */
export class Deadline {
  readonly #clock: Clock
  readonly #totalAtMs: number
  readonly #wakeMs: number
  readonly #expire: (expiry: Expiry) => void
  #atMs: number
  #expiry: Expiry = 'total'
  #timerAtMs = Number.POSITIVE_INFINITY
  #cancel: (() => void) | undefined

  /** `wakeMs`: the timer is never set further ahead than this, so that arming for as much never moves it. */
  constructor(clock: Clock, totalAtMs: number, wakeMs: number, expire: (expiry: Expiry) => void) {
    this.#clock = clock
    this.#wakeMs = wakeMs
    this.#totalAtMs = totalAtMs
    this.#atMs = totalAtMs
    this.#expire = expire
  }

  /** The attempt must reach its next step within `ms` from now. */
  arm(ms: number, expiry: Expiry): void {
    const at = this.#clock.now() + ms
    this.#atMs = Math.min(at, this.#totalAtMs)
    this.#expiry = at <= this.#totalAtMs ? expiry : 'total'
    if (this.#atMs < this.#timerAtMs) this.#set()
  }

  /** Nothing is owed by the upstream just now; only the total runs. */
  pause(): void {
    this.#atMs = this.#totalAtMs
    this.#expiry = 'total'
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#timerAtMs = Number.POSITIVE_INFINITY
  }

  #set(): void {
    this.#cancel?.()
    const now = this.#clock.now()
    const waitMs = Math.min(Math.max(0, this.#atMs - now), this.#wakeMs)
    this.#timerAtMs = now + waitMs
    this.#cancel = this.#clock.after(waitMs, () => {
      this.#cancel = undefined
      this.#timerAtMs = Number.POSITIVE_INFINITY
      if (this.#clock.now() >= this.#atMs) this.#expire(this.#expiry)
      else this.#set()
    })
  }
}
