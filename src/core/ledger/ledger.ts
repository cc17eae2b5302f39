/** One tenant's ledger: requests, tokens, money and concurrency, reserved before and settled after, never over. No I/O. */
import { BoundedMap } from '../../lib/bounded-map.ts'
import {
  CONCURRENCY_RETRY_MIN_MS,
  LEASE_MS,
  LEDGER_ENDED_MAX,
  LEDGER_ENDED_MS,
  LEDGER_WAITERS_MAX,
  SLICE_LIFE_MS,
  WAIT_GRACE_MS,
} from '../limits.ts'
import type { UsageRecord } from '../usage-record.ts'
import { countOf } from './counts.ts'
import { Demand } from './demand.ts'
import { START, unitsOf } from './estimates.ts'
import type { Journal, Reservation } from './journal.ts'
import { Promises } from './promises.ts'
import { type Claim, Queue, type Waiter } from './queue.ts'
import { reservationOf, sliceOf } from './reservations.ts'
import { Settlement } from './settlement.ts'
import { freeAt, lengthMs, levelOf, Tallies, type Tally, usedOf } from './tallies.ts'
import type { Ask, AskReply, Charge, Counter, LedgerView, Slice, SliceReport, Verdict } from './types.ts'

/** What the ledger stands on. */
export interface LedgerTools {
  readonly journal: Journal
  /** An id that no slice has had. */
  readonly newId: () => string
  /** Told of a request that waited: its turn has come, or its time is over. */
  readonly onTurn: (requestId: string, verdict: Verdict) => void
}

/** Weight of a request's duration in the mean that such a wait is told by. */
const DURATION_WEIGHT = 0.1

/**
 * All limits of a request are tested, then all are charged: a refusal charges nothing. Every change goes to the journal
 * in the same turn, so one writer and its transaction keep count and storage equal. What it is not told of (an isolate
 * that died) it settles itself after a reservation's time. Its caller owns time and the timer: `walk` says when.
 */
export class Ledger {
  readonly #journal: Journal
  readonly #newId: () => string
  readonly #onTurn: LedgerTools['onTurn']
  readonly #tallies: Tallies
  readonly #queue = new Queue()
  readonly #settlement: Settlement
  readonly #promises = new Promises()
  readonly #demand = new Demand()
  readonly #reservations = new Map<string, Reservation>()
  /** When requests ended whose ask may still be on its way. */
  readonly #ended = new BoundedMap<string, number>(LEDGER_ENDED_MAX)
  #meanDurationMs = CONCURRENCY_RETRY_MIN_MS

  /** `reservations`: what was outstanding when the journal was last written, none on a first start. */
  constructor({ journal, newId, onTurn }: LedgerTools, reservations: readonly Reservation[] = [], nowMs = 0) {
    this.#journal = journal
    this.#newId = newId
    this.#onTurn = onTurn
    this.#tallies = new Tallies(journal)
    this.#settlement = new Settlement(journal, this.#tallies, this.#reservations)
    for (const reservation of reservations) this.#settlement.restore(reservation, nowMs)
  }

  /** May a request go on? The same ask twice is one. */
  ask(ask: Ask, nowMs: number): AskReply {
    this.#close(ask.slices, nowMs)
    const claim = this.#claim(ask, nowMs)
    const endedAtMs = this.#ended.get(ask.id) ?? Number.NEGATIVE_INFINITY
    if (nowMs - endedAtMs < LEDGER_ENDED_MS) return this.#refused(claim, 0, CONCURRENCY_RETRY_MIN_MS, nowMs, false)
    if (this.#reservations.has(ask.id)) return this.#granted(claim, null, nowMs)
    const waiting = this.#queue.get(ask.id)
    if (waiting !== undefined) return this.#waitOn(waiting, claim, nowMs)
    const futile = claim.tallies.findIndex(({ counter }, index) => (claim.units[index] ?? 0) > counter.amount)
    if (futile !== -1) return this.#refused(claim, futile, lengthMs(claim.tallies[futile]?.counter, nowMs), nowMs, true)

    if (this.#queue.size === 0 && this.#keptBy(claim, nowMs) === -1) return this.#grant(claim, true, nowMs)
    return this.#queueUp(claim, nowMs)
  }

  /**
   * Grants and refuses those who wait, as far as their time has come; answers with when to look again, Infinity for
   * not before something changes. To be called after every ask, settlement and withdrawal.
   */
  walk(nowMs: number): number {
    if (this.#queue.size === 0) return Number.POSITIVE_INFINITY
    return this.#queue.walk(
      nowMs,
      (waiter) => this.#onTurn(waiter.ask.id, this.#leaveQueue(waiter, false, nowMs)),
      (waiter, by) => this.#onTurn(waiter.ask.id, this.#expire(waiter, by, nowMs)),
    )
  }

  /** Takes back what was asked: it will not go on, and neither will an ask of it that this has overtaken. */
  withdraw(id: string, nowMs: number): void {
    this.#ended.set(id, nowMs)
    this.#stopWaiting(id)
    if (this.#settlement.undo(id, nowMs)) this.#queue.changed()
  }

  /** Keeps the concurrency leases of requests in flight. */
  renew(ids: readonly string[], nowMs: number): void {
    for (const id of ids) {
      const reservation = this.#reservations.get(id)
      if (reservation?.leaseUntilMs == null) continue
      this.#settlement.hold(reservation, nowMs + LEASE_MS)
    }
  }

  /** Does this request wait for its turn? */
  isWaiting(id: string): boolean {
    return this.#queue.get(id) !== undefined
  }

  /** Settles requests that have ended, by their rows; each row at most once, which its caller sees to. */
  settle(
    rows: readonly UsageRecord[],
    charges: Readonly<Record<string, Charge>>,
    slices: readonly SliceReport[],
    nowMs: number,
  ): void {
    for (const row of rows) {
      this.#stopWaiting(row.requestId)
      const charge = charges[row.requestId]
      // Its ask was given up, and may still come.
      if (charge !== undefined && 'counters' in charge) this.#ended.set(row.requestId, nowMs)
      this.#settlement.settle(row, charge, nowMs)
      if (row.attempts > 0) this.#meanDurationMs += DURATION_WEIGHT * (row.totalMs - this.#meanDurationMs)
    }
    this.#settlement.write()
    this.#close(slices, nowMs)
    this.#queue.changed()
  }

  /** Settles what nobody has settled in its time; answers with the rows of those requests, for the usage log. */
  reap(nowMs: number): UsageRecord[] {
    const due = [...this.#reservations.values()].filter(({ untilMs }) => untilMs <= nowMs)
    const rows = due.flatMap((reservation) => this.#settlement.reap(reservation, nowMs))
    this.#settlement.write()
    if (due.length > 0) this.#queue.changed()
    return rows
  }

  /** When the next reservation is due; Infinity where there is none. */
  nextReapMs(): number {
    return this.#reservations
      .values()
      .reduce((nextMs, { untilMs }) => Math.min(nextMs, untilMs), Number.POSITIVE_INFINITY)
  }

  /** How these counters stand, read from the journal where need be and at these amounts, and all others in memory. */
  view(counters: readonly Counter[], nowMs: number): LedgerView {
    const slices = [...this.#reservations.values()].filter(({ isSlice }) => isSlice).length
    return {
      counters: this.#tallies.view(counters, nowMs, (id) => this.#queue.waitingOn(id)),
      reservations: this.#reservations.size - slices,
      slices,
      waiting: this.#queue.size,
    }
  }

  #stopWaiting(id: string): void {
    const waiter = this.#queue.remove(id)
    if (waiter !== undefined) this.#settlement.use(waiter.ask.counters, -1)
  }

  #close(slices: readonly SliceReport[], nowMs: number): void {
    if (slices.length === 0) return
    for (const report of slices) {
      this.#demand.closed(report, nowMs)
      this.#settlement.close(report, nowMs)
    }
    this.#settlement.write()
    this.#queue.changed()
  }

  #claim(ask: Ask, nowMs: number): Claim {
    const learned = this.#journal.learned(ask.model) ?? START
    const units = ask.counters.map((counter) => unitsOf(counter, ask.needs, learned))
    this.#tallies.makeRoom(ask.counters.length)
    return { ask, units, learned, tallies: ask.counters.map((counter) => this.#named(counter, nowMs)) }
  }

  /** The tally of a counter, whose amount and burst are from now on the ones named here. */
  #named(counter: Counter, nowMs: number): Tally {
    const tally = this.#tallies.of(counter)
    const { amount, window } = tally.counter
    const repaced = counter.window.kind === 'paced' && window.kind === 'paced' && counter.window.burst !== window.burst
    if (repaced && tally.count !== null) {
      tally.count = countOf(counter.window, [tally.count.row(0, nowMs, amount).entry])
    }
    if (repaced || amount !== counter.amount) this.#queue.changed()
    tally.counter = counter
    return tally
  }

  /** Index of the counter that keeps a claim longest, -1 where nothing does. */
  #keptBy({ tallies, units }: Claim, nowMs: number): number {
    let [by, untilMs] = [-1, nowMs]
    tallies.forEach((tally, index) => {
      const ownMs = freeAt(tally, units[index] ?? 0, nowMs)
      if (ownMs > untilMs) [by, untilMs] = [index, ownMs]
    })
    return by
  }

  /** Somebody waits, or the claim does not fit: it waits too, goes past those who stand elsewhere, or is refused. */
  #queueUp(claim: Claim, nowMs: number): AskReply {
    const { ask } = claim
    const turn = this.#queue.turnOf(claim, nowMs)
    const isLate = turn.atMs > nowMs + ask.maxWaitMs
    const isFull = this.#queue.size >= LEDGER_WAITERS_MAX
    const boundMs = nowMs + (isLate || isFull ? 0 : ask.maxWaitMs)
    // A turn that was foretold inside the bound may come a timer's lateness after it: that refuses nobody.
    const isForetold = turn.atMs > nowMs && turn.atMs <= boundMs
    const deadlineMs = isForetold ? Math.max(boundMs, turn.atMs + WAIT_GRACE_MS) : boundMs
    const waiter: Waiter = { ...claim, sinceMs: nowMs, deadlineMs }
    this.#queue.add(waiter)
    this.#settlement.use(ask.counters, 1)
    let own: Verdict | undefined
    const tell = (other: Waiter, verdict: Verdict): void => {
      if (other === waiter) own = verdict
      else this.#onTurn(other.ask.id, verdict)
    }
    this.#queue.walk(
      nowMs,
      (gone) => tell(gone, this.#leaveQueue(gone, gone === waiter, nowMs)),
      (expired, by) => tell(expired, this.#expire(expired, expired === waiter && isLate ? turn.by : by, nowMs)),
    )
    return own ?? { kind: 'queued', etaMs: Math.max(0, turn.atMs - nowMs) }
  }

  /** Who waits already may have other limits by now; its place and its bound are the same. */
  #waitOn(waiter: Waiter, claim: Claim, nowMs: number): AskReply {
    this.#settlement.use(claim.ask.counters, 1)
    this.#settlement.use(waiter.ask.counters, -1)
    this.#queue.replace({ ...waiter, ...claim })
    return { kind: 'queued', etaMs: Math.max(0, waiter.deadlineMs - nowMs) }
  }

  #expire(waiter: Waiter, by: number, nowMs: number): Verdict {
    this.#settlement.use(waiter.ask.counters, -1)
    return this.#refused(waiter, by, this.#retryAfterMs(waiter, by, nowMs), nowMs, false)
  }

  #leaveQueue(waiter: Waiter, isAtOnce: boolean, nowMs: number): Verdict {
    this.#settlement.use(waiter.ask.counters, -1)
    return this.#grant(waiter, isAtOnce, nowMs)
  }

  /** Only who has not waited may get a slice: its life is counted from the ask. */
  #grant(claim: Claim, isAtOnce: boolean, nowMs: number): Verdict {
    const { ask, tallies } = claim
    this.#settlement.reserve(reservationOf(claim, nowMs), nowMs)
    const set = ask.counters.map(({ id }) => id).join(' ')
    this.#demand.asked(ask.isolate, set, nowMs)
    const standing = tallies.some(({ counter }) => this.#queue.waitingOn(counter.id) > 0)
    return this.#granted(claim, isAtOnce && !standing ? this.#slice(claim, set, nowMs) : null, nowMs)
  }

  #granted({ tallies, learned }: Claim, slice: Slice | null, nowMs: number): Verdict {
    return { kind: 'granted', levels: tallies.map((tally) => levelOf(tally, nowMs)), learned, slice }
  }

  #refused({ tallies }: Claim, by: number, retryAfterMs: number, nowMs: number, isFutile: boolean): Verdict {
    return { kind: 'refused', by, retryAfterMs, isFutile, levels: tallies.map((tally) => levelOf(tally, nowMs)) }
  }

  /** When a refused caller may come again with hope, ms from now. */
  #retryAfterMs(claim: Claim, by: number, nowMs: number): number {
    const tally = claim.tallies[by]
    if (tally === undefined) return CONCURRENCY_RETRY_MIN_MS
    const { counter } = tally
    const ahead = this.#queue.aheadOf(tally, nowMs)
    if (ahead === null) {
      const before = 1 + this.#queue.waitingOn(counter.id)
      const turnMs = (this.#meanDurationMs * before) / Math.max(1, counter.amount)
      return Math.max(CONCURRENCY_RETRY_MIN_MS, Math.ceil(turnMs))
    }
    const turn = this.#queue.turnOf(claim, nowMs)
    const freeAtMs = Number.isFinite(turn.atMs) ? turn.atMs : nowMs + lengthMs(counter, nowMs)
    const atMs = this.#promises.next(counter, claim.units[by] ?? 0, freeAtMs, nowMs, ahead)
    return Math.max(1, Math.ceil(atMs - nowMs))
  }

  /** A share in advance for an isolate that asks often: charged now, as of its last possible use. */
  #slice({ ask, units, tallies }: Claim, set: string, nowMs: number): Slice | null {
    const levels = tallies.map((tally) => usedOf(tally, nowMs))
    const sizes = this.#demand.slice(ask.isolate, set, ask.counters, units, levels, nowMs)
    if (sizes === null) return null
    const id = this.#newId()
    const periodEndsMs = tallies.map(({ counter, count }) =>
      counter.window.kind === 'calendar' && count !== null ? count.row(0, nowMs, 0).untilMs - 1 : nowMs + SLICE_LIFE_MS,
    )
    const expiresAtMs = Math.min(nowMs + SLICE_LIFE_MS, ...periodEndsMs)
    this.#demand.granted(id, { isolate: ask.isolate, set, atMs: nowMs, sizes: [...sizes], units })
    this.#settlement.reserve(sliceOf(id, ask, sizes, nowMs, expiresAtMs), nowMs)
    return { id, units: [...sizes], lifeMs: expiresAtMs - nowMs }
  }
}
