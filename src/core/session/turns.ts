/** One turn at a time: who has the session, who waits for it, and who is taken for dead. No I/O. */
import { TURN_LEASE_MS, TURNS_WAITING_MAX } from './limits.ts'

interface Waiter {
  readonly turnId: string
  readonly untilMs: number
  readonly tell: (isMine: boolean) => void
}

/**
 * Of one session. In memory alone: whoever loses it lets the session be used at once, and what ends then is held to the
 * version that it began with.
 */
export class Turns {
  #running: { readonly turnId: string; untilMs: number } | null = null
  #waiting: Waiter[] = []

  /** `tell` is called once: now, or until `nowMs + waitMs` if `expire` is called when it is due. First come, first served. */
  begin(turnId: string, nowMs: number, waitMs: number, tell: Waiter['tell']): void {
    this.expire(nowMs)
    if (this.#running === null || this.#running.turnId === turnId) {
      this.#running = { turnId, untilMs: nowMs + TURN_LEASE_MS }
      tell(true)
    } else if (waitMs <= 0 || this.#waiting.length >= TURNS_WAITING_MAX) tell(false)
    else this.#waiting.push({ turnId, untilMs: nowMs + waitMs, tell })
  }

  /** False: it has the session no more. A turn that nobody knows was lost with the memory of it, and has it again. */
  renew(turnId: string, nowMs: number): boolean {
    this.expire(nowMs)
    if (this.#running !== null && this.#running.turnId !== turnId) return false
    this.#running = { turnId, untilMs: nowMs + TURN_LEASE_MS }
    return true
  }

  /** May this turn end now? Another one that runs has the session. */
  has(turnId: string, nowMs: number): boolean {
    this.expire(nowMs)
    return this.#running === null || this.#running.turnId === turnId
  }

  isRunning(nowMs: number): boolean {
    this.expire(nowMs)
    return this.#running !== null
  }

  /** It is over; the next in line has the session. */
  release(turnId: string, nowMs: number): void {
    for (const { tell } of this.#take(turnId)) tell(false)
    if (this.#running?.turnId !== turnId) return
    this.#running = null
    this.expire(nowMs)
  }

  /** When `expire` has something to do; never while nobody waits. */
  nextMs(): number {
    if (this.#waiting.length === 0) return Number.POSITIVE_INFINITY
    return Math.min(this.#running?.untilMs ?? 0, ...this.#waiting.map(({ untilMs }) => untilMs))
  }

  /** Who was not heard of is taken for dead, and who has waited long enough is told so. */
  expire(nowMs: number): void {
    const late = this.#waiting.filter(({ untilMs }) => untilMs <= nowMs)
    if (late.length > 0) this.#waiting = this.#waiting.filter(({ untilMs }) => untilMs > nowMs)
    if (this.#running !== null && this.#running.untilMs <= nowMs) this.#running = null
    const [first] = this.#running === null ? this.#waiting : []
    // Whoever asked twice for the same turn is told twice.
    const next = first === undefined ? [] : this.#take(first.turnId)
    if (first !== undefined) this.#running = { turnId: first.turnId, untilMs: nowMs + TURN_LEASE_MS }
    for (const { tell } of late) tell(false)
    for (const { tell } of next) tell(true)
  }

  /** Nobody has it, and nobody gets it. */
  close(): void {
    const waiting = this.#waiting
    this.#waiting = []
    this.#running = null
    for (const { tell } of waiting) tell(false)
  }

  #take(turnId: string): readonly Waiter[] {
    const taken = this.#waiting.filter((waiter) => waiter.turnId === turnId)
    if (taken.length > 0) this.#waiting = this.#waiting.filter((waiter) => waiter.turnId !== turnId)
    return taken
  }
}
