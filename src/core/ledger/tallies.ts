/** Every count of a tenant's ledger by its counter: read when first needed, forgotten when nobody stands on it. No I/O. */
import { CONCURRENCY_RETRY_MIN_MS, LEDGER_COUNTS_MAX } from '../limits.ts'
import { periodAt } from './calendar.ts'
import type { Count } from './count.ts'
import { countOf } from './counts.ts'
import type { Journal } from './journal.ts'
import { Leases } from './leases.ts'
import type { Counter, CounterLevel, Level } from './types.ts'

/** A counter as it was named last, with what it has counted: charges over time, or leases. */
export interface Tally {
  counter: Counter
  /** Made anew where a paced limit gets another burst. */
  count: Count | null
  readonly leases: Leases
  /** Reservations and waiters that need it to stay in memory. */
  uses: number
}

/** One tenant's counts. */
export class Tallies {
  readonly #journal: Pick<Journal, 'load'>
  readonly #tallies = new Map<string, Tally>()

  constructor(journal: Pick<Journal, 'load'>) {
    this.#journal = journal
  }

  /**
   * Sees that so many more fit. What is in use stays; of the rest the half that was made first goes, all of which is in
   * the journal. Only before a claim is made: one whose tally went meanwhile would be tested against what nobody charges.
   */
  makeRoom(counters: number): void {
    if (this.#tallies.size + counters <= LEDGER_COUNTS_MAX) return
    let left = LEDGER_COUNTS_MAX / 2
    for (const [id, { uses }] of this.#tallies) {
      if (left <= 0) return
      left -= 1
      if (uses === 0) this.#tallies.delete(id)
    }
  }

  of(counter: Counter): Tally {
    let tally = this.#tallies.get(counter.id)
    if (tally === undefined) {
      const { window } = counter
      const count = window.kind === 'held' ? null : countOf(window, this.#journal.load(counter))
      tally = { counter, count, leases: new Leases(), uses: 0 }
      this.#tallies.set(counter.id, tally)
    }
    return tally
  }

  /** These counters at the amounts named here, and every other in memory: what of them still counts, or is waited for. */
  view(counters: readonly Counter[], nowMs: number, waiting: (counterId: string) => number): CounterLevel[] {
    // Callers name end users, and any number of them.
    this.makeRoom(counters.length)
    const named = new Map(counters.map((counter) => [counter.id, counter]))
    for (const counter of counters) this.of(counter)
    return [...this.#tallies.values()].flatMap((known) => {
      const counter = named.get(known.counter.id) ?? known.counter
      const tally = { ...known, counter }
      const used = usedOf(tally, nowMs)
      const standing = waiting(counter.id)
      if (used === 0 && standing === 0) return []
      const nextFreeMs = Math.max(0, freeAt(tally, 1, nowMs) - nowMs)
      return [{ counter, used, level: levelOf(tally, nowMs), waiting: standing, nextFreeMs }]
    })
  }
}

/** Units that count at a moment. */
export function usedOf({ counter, count, leases }: Tally, nowMs: number): number {
  return count === null ? leases.level(nowMs) : count.level(nowMs, counter.amount)
}

/** How a tally stands, as headers show it. */
export function levelOf(tally: Tally, nowMs: number): Level {
  const { counter, count, leases } = tally
  // Of a paced limit that is what may come at once.
  const whole = counter.window.kind === 'paced' ? counter.window.burst : counter.amount
  const remaining = Math.max(0, Math.floor(whole - usedOf(tally, nowMs)))
  const wholeAtMs = count === null ? leases.nextEndMs(nowMs) : count.wholeAt(nowMs, counter.amount)
  return { remaining, resetMs: Number.isFinite(wholeAtMs) ? Math.max(0, Math.ceil(wholeAtMs - nowMs)) : 0 }
}

/** When so many units fit, as far as is known: a lease ends when its request does, or runs out. */
export function freeAt({ counter, count, leases }: Tally, units: number, fromMs: number): number {
  if (count !== null) return count.freeAt(units, fromMs, counter.amount)
  if (units > counter.amount) return Number.POSITIVE_INFINITY
  return leases.level(fromMs) + units <= counter.amount ? fromMs : leases.nextEndMs(fromMs)
}

/** How long what counts now counts at most: a whole window, or to the period's end. */
export function lengthMs(counter: Counter | undefined, nowMs: number): number {
  const window = counter?.window
  if (window?.kind === 'sliding' || window?.kind === 'paced') return window.perMs
  if (window?.kind === 'calendar') return periodAt(window.per, window.timeZone, nowMs).toMs - nowMs
  return CONCURRENCY_RETRY_MIN_MS
}
