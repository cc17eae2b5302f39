/** How reservations are made and settled: what was charged in advance becomes what was used, once. No I/O. */
import { LEASE_AFTER_CUT_MS, LEASE_MS } from '../limits.ts'
import { isHit, type UsageRecord } from '../usage-record.ts'
import type { Entry } from './count.ts'
import { actualUnits, learn, START } from './estimates.ts'
import type { Journal, Reservation } from './journal.ts'
import { reapedRow } from './reservations.ts'
import type { Tallies, Tally } from './tallies.ts'
import type { Charge, Counter, Learned, SliceReport } from './types.ts'

interface Pending {
  readonly counter: Counter
  entry: Entry
  untilMs: number
}

/** The reservations of one ledger. `settle` and `close` gather what they write until `write`: a batch is few rows. */
export class Settlement {
  readonly #journal: Journal
  readonly #tallies: Tallies
  readonly #reservations: Map<string, Reservation>
  readonly #added = new Map<string, Pending>()
  readonly #changed = new Set<Reservation>()
  readonly #learned = new Map<string, Learned>()

  constructor(journal: Journal, tallies: Tallies, reservations: Map<string, Reservation>) {
    this.#journal = journal
    this.#tallies = tallies
    this.#reservations = reservations
  }

  /** Charges a reservation and writes it down. */
  reserve(reservation: Reservation, nowMs: number): void {
    this.#reservations.set(reservation.id, reservation)
    this.use(reservation.counters, 1)
    this.#each(reservation, (tally, units) => {
      tally.count?.charge(units, reservation.atMs, tally.counter.amount)
      if (tally.count?.stores === 'state') this.#put(tally, nowMs)
    })
    if (reservation.leaseUntilMs !== null) this.hold(reservation, reservation.leaseUntilMs)
    this.#journal.keep(reservation)
  }

  /** Charges again what the journal says is outstanding; leases run on until their isolates have had time to renew. */
  restore(reservation: Reservation, nowMs: number): void {
    this.#reservations.set(reservation.id, reservation)
    this.use(reservation.counters, 1)
    this.#each(reservation, ({ count, counter }, units) => {
      if (count?.stores === 'settled') count.charge(units, reservation.atMs, counter.amount)
    })
    if (reservation.leaseUntilMs !== null) this.hold(reservation, nowMs + LEASE_MS)
  }

  /** Takes or renews the leases of a reservation. */
  hold(reservation: Reservation, untilMs: number): void {
    reservation.leaseUntilMs = untilMs
    this.#each(reservation, ({ count, leases }) => {
      if (count === null) leases.hold(reservation.id, untilMs)
    })
  }

  /** Keeps counts in memory, or no longer. */
  use(counters: readonly Counter[], change: 1 | -1): void {
    for (const counter of counters) this.#tallies.of(counter).uses += change
  }

  /** Settles a request that has ended by its row. */
  settle(row: UsageRecord, charge: Charge | undefined, nowMs: number): void {
    const own = this.#reservations.get(row.requestId)
    if (own !== undefined && !own.isSlice) this.#settleOwn(own, row, nowMs)
    else if (charge !== undefined && 'slice' in charge) this.#settleSliced(charge.slice, charge.units, row, nowMs)
    else if (charge !== undefined) this.#chargeLate(charge.counters, row, nowMs)
    // A failure says nothing of how long an answer is.
    if (row.model !== null && row.usage !== null && row.outcome !== 'failed' && wentOn(row)) {
      const known = this.#learned.get(row.model) ?? this.#journal.learned(row.model) ?? START
      this.#learned.set(row.model, learn(known, { promptWeight: own?.promptWeight ?? 0, usage: row.usage }))
    }
  }

  /** Gives back everything of a request that will not go on; false for one that has no reservation. */
  undo(id: string, nowMs: number): boolean {
    const reservation = this.#reservations.get(id)
    if (reservation === undefined || reservation.isSlice) return false
    this.#each(reservation, (tally, units) => this.#part(tally, units, 0, reservation.atMs, reservation.atMs, nowMs))
    this.#end(reservation, nowMs)
    this.write()
    return true
  }

  /**
   * Takes back what is left of a slice; what was taken out of it counts from its last use. That is told as time since the
   * ask was sent: added to when the grant was made it is late by the ask's way here, and never early.
   */
  close({ id, left, usedMs }: SliceReport, nowMs: number): void {
    const slice = this.#reservations.get(id)
    if (slice === undefined || slice.isClosed) return
    const usedAtMs = Math.min(slice.atMs, slice.startedAtMs + Math.max(0, usedMs), nowMs)
    this.#each(slice, (tally, units, index) => {
      const outstanding = units - Math.min(units, Math.max(0, left[index] ?? 0))
      slice.units[index] = outstanding
      tally.count?.giveBack(units, slice.atMs, tally.counter.amount)
      tally.count?.charge(outstanding, usedAtMs, tally.counter.amount)
    })
    slice.atMs = usedAtMs
    slice.isClosed = true
    this.#keep(slice)
  }

  /** Settles a reservation that nobody has settled in its time; a request's row says at what. */
  reap(reservation: Reservation, nowMs: number): UsageRecord[] {
    if (!reservation.isSlice) {
      const row = reapedRow(reservation)
      this.#settleOwn(reservation, row, nowMs)
      return [row]
    }
    const { atMs } = reservation
    this.#each(reservation, (tally, units) => this.#part(tally, units, units, atMs, atMs, nowMs))
    this.#drop(reservation)
    return []
  }

  /** Writes down what has been gathered. */
  write(): void {
    for (const { counter, entry, untilMs } of this.#added.values()) this.#journal.add(counter, entry, untilMs)
    for (const reservation of this.#changed) this.#journal.keep(reservation)
    for (const [model, learned] of this.#learned) this.#journal.learn(model, learned)
    this.#added.clear()
    this.#changed.clear()
    this.#learned.clear()
  }

  #settleOwn(reservation: Reservation, row: UsageRecord, nowMs: number): void {
    const { atMs } = reservation
    this.#each(reservation, (tally, units) => {
      this.#part(tally, units, usedUnits(tally.counter, row), atMs, atMs, nowMs)
    })
    this.#end(reservation, row.outcome === 'finished' || !wentOn(row) ? nowMs : nowMs + LEASE_AFTER_CUT_MS)
  }

  #settleSliced(id: string, taken: readonly number[], row: UsageRecord, nowMs: number): void {
    const slice = this.#reservations.get(id)
    // One that was settled in full meanwhile has nothing to give back.
    if (slice === undefined) return
    // Whatever came out of the slice was admitted before its row came.
    const dateMs = Math.min(slice.atMs, nowMs)
    this.#each(slice, (tally, outstanding, index) => {
      const reserved = Math.min(outstanding, taken[index] ?? 0)
      slice.units[index] = outstanding - reserved
      this.#part(tally, reserved, usedUnits(tally.counter, row), slice.atMs, dateMs, nowMs)
    })
    this.#keep(slice)
  }

  /** A request that was admitted while the ledger was out of reach: counted as of now, whatever it makes of the limits. */
  #chargeLate(counters: readonly Counter[], row: UsageRecord, nowMs: number): void {
    for (const counter of counters) {
      this.#part(this.#tallies.of(counter), 0, usedUnits(counter, row), nowMs, nowMs, nowMs)
    }
  }

  /** Turns units reserved at `atMs` into units used at `dateMs`. What has left its window by now owes only what is above. */
  #part(tally: Tally, reserved: number, used: number, atMs: number, dateMs: number, nowMs: number): void {
    const { count, counter } = tally
    if (count === null) return
    const { amount } = counter
    const isCounted = count.counts(atMs, nowMs)
    const settled = isCounted ? used : Math.max(0, used - reserved)
    const settledAtMs = isCounted ? dateMs : nowMs
    if (!isCounted) count.charge(settled, nowMs, amount)
    else if (atMs !== dateMs) {
      count.giveBack(reserved, atMs, amount)
      count.charge(used, dateMs, amount)
    } else if (used < reserved) count.giveBack(reserved - used, atMs, amount)
    else count.charge(used - reserved, atMs, amount)
    if (count.stores === 'state') this.#put(tally, nowMs)
    else if (settled > 0) this.#add(tally, settled, settledAtMs)
  }

  #add({ counter, count }: Tally, units: number, atMs: number): void {
    if (count === null) return
    const { entry, untilMs } = count.row(units, atMs, counter.amount)
    const name = `${counter.id} ${entry.slot}`
    const added = this.#added.get(name)
    if (added === undefined) this.#added.set(name, { counter, entry, untilMs })
    else {
      added.entry = { ...entry, units: added.entry.units + units, atMs: Math.max(added.entry.atMs, entry.atMs) }
      added.untilMs = Math.max(added.untilMs, untilMs)
    }
  }

  #put({ counter, count }: Tally, nowMs: number): void {
    if (count === null) return
    const { entry, untilMs } = count.row(0, nowMs, counter.amount)
    this.#journal.put(counter, entry, untilMs)
  }

  #keep(slice: Reservation): void {
    if (slice.isClosed && slice.units.every((units) => units === 0)) this.#drop(slice)
    else this.#changed.add(slice)
  }

  #end(reservation: Reservation, leaseEndsMs: number): void {
    this.#each(reservation, ({ count, leases }) => {
      if (count === null) leases.end(reservation.id, leaseEndsMs)
    })
    this.#drop(reservation)
  }

  #drop(reservation: Reservation): void {
    this.#reservations.delete(reservation.id)
    this.#changed.delete(reservation)
    this.use(reservation.counters, -1)
    this.#journal.drop(reservation.id)
  }

  #each({ counters, units }: Reservation, visit: (tally: Tally, units: number, index: number) => void): void {
    counters.forEach((counter, index) => {
      visit(this.#tallies.of(counter), units[index] ?? 0, index)
    })
  }
}

/** Did a request go on? What was refused before anybody was asked charges nothing. */
function wentOn({ attempts, cache }: UsageRecord): boolean {
  return attempts > 0 || isHit(cache)
}

/** What a request has used of a counter: a hit counts as a request, never as tokens or money. */
function usedUnits(counter: Counter, row: UsageRecord): number {
  if (!wentOn(row)) return 0
  return actualUnits(counter, isHit(row.cache) ? null : row.usage, isHit(row.cache) ? 0 : row.costMicroUsd)
}
