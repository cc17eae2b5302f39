/** Isolates that ask one ledger, hold its slices, lose its answers and settle late: what was really admitted, and when. */
import { unitsOf } from '../../src/core/ledger/estimates.ts'
import { Slices } from '../../src/core/ledger/slices.ts'
import type { Ask, Charge, Counter, Slice } from '../../src/core/ledger/types.ts'
import { SLICE_LIFE_MS } from '../../src/core/limits.ts'
import type { UsageRecord } from '../../src/core/usage-record.ts'
import { askOf, ClockedLedger, needsOf, rowOf } from './ledger.ts'

/** A request that went on, with what it may use or, once that is known, has used. */
export interface Admission {
  readonly id: string
  readonly isolate: number
  readonly counters: readonly Counter[]
  readonly atMs: number
  readonly outputTokensMax: number
  /** By index of its counters. */
  units: number[]
  isOpen: boolean
}

/** A limit that was passed. */
export interface Fault {
  readonly limit: string
  readonly units: number
  readonly most: number
  readonly atMs: number
}

/** A request that waits for its turn. */
interface Waiting {
  readonly ask: Ask
  readonly outputTokensMax: number
  readonly isolate: number
  readonly units: number[]
}

const OWNER = 't.1'
const HOUR_MS = 3_600_000
/** By how much the clock of an isolate is ahead of the one before it, and how long an ask is on its way. */
const CLOCK_STEP_MS = 3000
const WAY_MS = 20

/** One tenant's ledger and the isolates that ask it; every admission is held against its limits. */
export class LedgerWorld {
  readonly clock: ClockedLedger
  readonly admitted: Admission[] = []
  readonly faults: Fault[] = []
  /** How many were admitted out of slices. */
  sliced = 0
  readonly #isolates: readonly Slices[]
  readonly #charges = new Map<string, Charge>()
  readonly #waiting = new Map<string, Waiting>()
  /** Every amount that a counter has had, with the time since when. */
  readonly #amounts = new Map<string, { readonly amount: number; readonly sinceMs: number }[]>()
  #requests = 0

  constructor(isolates: number, nowMs: number) {
    this.clock = new ClockedLedger(nowMs)
    this.#isolates = Array.from({ length: isolates }, () => new Slices())
  }

  /** A request of one isolate: out of its slice, or by the ledger. `isHeard`: does the answer arrive? */
  request(isolate: number, counters: readonly Counter[], outputTokensMax: number, maxWaitMs: number, isHeard = true) {
    for (const { id, amount } of counters) this.#note(id, amount)
    const slices = this.#isolate(isolate)
    const nowMs = this.#clockOf(isolate)
    const needs = needsOf({ outputTokensMax, worstMicroUsd: 200 + outputTokensMax })
    const learned = slices.learned(OWNER, 'chat') ?? { outputTokens: 256, bytesPerToken: 4 }
    const units = counters.map((counter) => unitsOf(counter, needs, learned))
    const id = `r${++this.#requests}`
    const set = setOf(counters)
    const taken = slices.take(OWNER, set, units, nowMs)
    if (taken !== null) {
      this.sliced += 1
      this.#charges.set(id, taken.charge)
      this.#admit(id, isolate, counters, outputTokensMax, units)
      return
    }
    const reports = slices.reports(OWNER, nowMs)
    const ask = askOf(id, counters, { isolate: `${isolate}`, needs, maxWaitMs, slices: reports })
    const reply = this.clock.ask(ask)
    this.#hear()
    if (!isHeard) {
      slices.lost(OWNER, reports)
      return
    }
    slices.delivered(OWNER, reports)
    if (reply.kind === 'granted') {
      this.#keep(isolate, set, reply.slice)
      this.#admit(id, isolate, counters, outputTokensMax, units)
    }
    if (reply.kind === 'queued') this.#waiting.set(id, { ask, isolate, outputTokensMax, units })
  }

  /** Lets time pass, less than a lease lives; who waits may be admitted meanwhile. Who runs renews its leases. */
  pass(ms: number): void {
    this.clock.renew(...this.open().map(({ id }) => id))
    const untilMs = this.clock.nowMs + ms
    while (this.clock.againMs <= untilMs) {
      this.clock.pass(Math.max(0, Math.ceil(this.clock.againMs) - this.clock.nowMs))
      this.#hear()
    }
    this.clock.pass(untilMs - this.clock.nowMs)
  }

  /** Ends requests: each with the share of its output bound that it used, or as one that never went on. */
  settle(which: readonly Admission[], outputShare: number | null): void {
    const rows = which.map((admission) => {
      admission.isOpen = false
      const row = rowFor(admission, outputShare)
      admission.units = admission.counters.map((counter, index) => usedOf(counter, row, admission.units[index] ?? 0))
      return row
    })
    const charges = Object.fromEntries(
      which.flatMap(({ id }) => {
        const charge = this.#charges.get(id)
        return charge === undefined ? [] : [[id, charge]]
      }),
    )
    this.clock.settle(rows, charges)
    this.#hear()
  }

  /** An isolate tells what is left of the slices it is done with. */
  report(isolate: number): void {
    const slices = this.#isolate(isolate)
    const reports = slices.reports(OWNER, this.#clockOf(isolate))
    this.clock.settle([], {}, reports)
    slices.delivered(OWNER, reports)
    this.#hear()
  }

  /** The object is lost; those who waited leave. */
  restart(): void {
    this.clock.restart()
    this.#waiting.clear()
  }

  /** Requests that have not ended. */
  open(): Admission[] {
    return this.admitted.filter(({ isOpen }) => isOpen)
  }

  /**
   * How the newest admission is over a limit of its own: what was admitted in the window that ends with it, at what it
   * has used or may use yet, is above the largest amount in force while a slice could be out. Null where it is not.
   */
  #over(): Fault | null {
    const newest = this.admitted.at(-1)
    if (newest === undefined) return null
    for (const counter of newest.counters) {
      if (counter.of === 'tokens' && !counter.hard) continue
      const units = this.#unitsBefore(counter, newest.atMs)
      const most = this.#mostOf(counter, newest.atMs)
      if (units > most) return { limit: counter.limit, units, most, atMs: newest.atMs }
    }
    return null
  }

  #unitsBefore(counter: Counter, atMs: number): number {
    const { window } = counter
    return this.admitted.reduce((sum, admission) => {
      const index = admission.counters.findIndex(({ id }) => id === counter.id)
      const units = index === -1 ? 0 : (admission.units[index] ?? 0)
      if (window.kind === 'held') return sum + (admission.isOpen ? units : 0)
      const isIn =
        window.kind === 'calendar'
          ? dayOf(admission.atMs) === dayOf(atMs)
          : admission.atMs >= atMs - window.perMs && admission.atMs <= atMs
      return sum + (isIn ? units : 0)
    }, 0)
  }

  #mostOf({ id, window }: Counter, atMs: number): number {
    const amounts = this.#amounts.get(id) ?? []
    const fromMs = window.kind === 'held' ? atMs : atMs - SLICE_LIFE_MS
    return Math.max(
      ...amounts.filter((_, index) => (amounts[index + 1]?.sinceMs ?? atMs) >= fromMs).map(({ amount }) => amount),
    )
  }

  #note(id: string, amount: number): void {
    const amounts = this.#amounts.get(id) ?? []
    this.#amounts.set(id, amounts)
    if (amounts.at(-1)?.amount !== amount) amounts.push({ amount, sinceMs: this.clock.nowMs })
  }

  #hear(): void {
    for (const [id, { ask, isolate, outputTokensMax, units }] of this.#waiting) {
      const turn = this.clock.turns.get(id)
      if (turn === undefined) continue
      this.#waiting.delete(id)
      if (turn.verdict.kind !== 'granted') continue
      this.#keep(isolate, setOf(ask.counters), turn.verdict.slice)
      this.#admit(id, isolate, ask.counters, outputTokensMax, units)
    }
  }

  #keep(isolate: number, set: string, slice: Slice | null): void {
    if (slice !== null) this.#isolate(isolate).put(OWNER, set, slice, [], this.#clockOf(isolate) - WAY_MS)
  }

  #admit(
    id: string,
    isolate: number,
    counters: readonly Counter[],
    outputTokensMax: number,
    units: readonly number[],
  ): void {
    const { nowMs } = this.clock
    this.admitted.push({ id, isolate, counters, outputTokensMax, atMs: nowMs, units: [...units], isOpen: true })
    const over = this.#over()
    if (over !== null) this.faults.push(over)
  }

  /** Every isolate has the time from somewhere else. */
  #clockOf(isolate: number): number {
    return this.clock.nowMs + CLOCK_STEP_MS * (isolate - 1)
  }

  #isolate(isolate: number): Slices {
    const slices = this.#isolates[isolate]
    if (slices === undefined) throw new Error(`there is no isolate ${isolate}`)
    return slices
  }
}

const setOf = (counters: readonly Counter[]): string => counters.map(({ id }) => id).join(' ')
const dayOf = (atMs: number): number => Math.floor(atMs / (24 * HOUR_MS))

/** A prompt of 150 of its 200 tokens at most, and a share of what output was reserved. */
function rowFor({ id, outputTokensMax }: Admission, outputShare: number | null): UsageRecord {
  return outputShare === null
    ? rowOf(id, 0, 0, { attempts: 0, usage: null, costMicroUsd: null, outcome: 'refused' })
    : rowOf(id, 150, Math.floor(outputTokensMax * outputShare))
}

function usedOf({ of }: Counter, { attempts, usage, costMicroUsd }: UsageRecord, reserved: number): number {
  if (attempts === 0) return 0
  if (of === 'tokens') return usage === null ? reserved : usage.inputTokens + usage.outputTokens
  return of === 'usd' ? (costMicroUsd ?? 0) : 1
}
