/** Requests in flight under one concurrency limit: each holds a lease that runs out unless it is renewed. No I/O. */

/** One limit's leases by request id. */
export class Leases {
  readonly #untilMs = new Map<string, number>()
  /** No lease runs out before this: nothing needs to be looked through until then. */
  #checkAtMs = Number.POSITIVE_INFINITY

  /** Takes or renews a lease. */
  hold(id: string, untilMs: number): void {
    this.#untilMs.set(id, untilMs)
    this.#checkAtMs = Math.min(this.#checkAtMs, untilMs)
  }

  /** Ends a lease at a moment, now or a little later; it is never prolonged by this. */
  end(id: string, atMs: number): void {
    const untilMs = this.#untilMs.get(id)
    if (untilMs !== undefined && atMs < untilMs) this.hold(id, atMs)
  }

  /** Leases that run at a moment. */
  level(nowMs: number): number {
    if (nowMs >= this.#checkAtMs) {
      this.#checkAtMs = Number.POSITIVE_INFINITY
      for (const [id, untilMs] of this.#untilMs) {
        if (untilMs <= nowMs) this.#untilMs.delete(id)
        else this.#checkAtMs = Math.min(this.#checkAtMs, untilMs)
      }
    }
    return this.#untilMs.size
  }

  /** When the next lease runs out, if nobody renews or ends one; Infinity where there is none. */
  nextEndMs(nowMs: number): number {
    return this.level(nowMs) === 0 ? Number.POSITIVE_INFINITY : this.#checkAtMs
  }
}
