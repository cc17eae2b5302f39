/** What the ledger writes down, and where: the object's database, or a map in a simulation. No I/O of its own. */
import type { Price } from '../money.ts'
import type { Entry } from './count.ts'
import type { Counter, Learned } from './types.ts'

/** What is charged and not settled: one request, or a slice in an isolate's hands. */
export interface Reservation {
  /** Request id, or a slice's own. */
  readonly id: string
  readonly isSlice: boolean
  readonly isolate: string
  readonly key: string
  readonly model: string
  readonly startedAtMs: number
  /** When its units count from; a slice's last possible use until it is closed. */
  atMs: number
  /** After this it is settled at its estimate. */
  readonly untilMs: number
  readonly counters: readonly Counter[]
  /** Units still outstanding, by index of `counters`; concurrency is a lease and not among them. */
  readonly units: number[]
  /** Its lease of every concurrency counter; null where it has none. */
  leaseUntilMs: number | null
  /** What it is settled at when nobody says. */
  /** Of the prompt, for learning bytes per token; 0 for a slice. */
  readonly promptWeight: number
  readonly estimate: { readonly inputTokens: number; readonly outputTokens: number; readonly price: Price | null }
  /** A slice that was given back: only its own requests are still to come. */
  isClosed: boolean
}

/** Where changes go. Several calls in a row without an await are one transaction. */
export interface Journal {
  /** What is stored of a counter: settled charges of a window, or the last state of the paced shape. */
  load(counter: Counter): readonly Entry[]
  /** Adds settled units to a counter's slot; the row may go after `untilMs`. */
  add(counter: Counter, entry: Entry, untilMs: number): void
  /** Replaces a counter's slot. */
  put(counter: Counter, entry: Entry, untilMs: number): void
  /** Inserts or replaces a reservation. */
  keep(reservation: Reservation): void
  drop(id: string): void
  learned(model: string): Learned | undefined
  learn(model: string, learned: Learned): void
}
