/** What every way of counting can do; the ledger knows counts by this alone. No I/O. */

/** A part of a count as it is stored. What a part means is the count's own business. */
export interface Entry {
  readonly slot: number
  readonly units: number
  /** When it was charged last, ms since the epoch; for the paced shape when its level was taken. */
  readonly atMs: number
}

/**
 * Units charged over time. `amount` is given with every question, because it may be changed while the count goes on.
 * Times are ms since the epoch; a charge may lie in the future (a slice counts until its last possible use has left).
 */
export interface Count {
  /**
   * What is stored of it. `settled`: sums of settled charges by slot; what is outstanding is charged again when they
   * are read. `state`: all of it, written at every charge.
   */
  readonly stores: 'settled' | 'state'
  /** Units that count at a moment, future charges included. */
  level(nowMs: number, amount: number): number
  /** The first moment from `fromMs` on at which so many more fit; Infinity where they never do. */
  freeAt(units: number, fromMs: number, amount: number): number
  /** When nothing counts any more, at least `nowMs`. */
  wholeAt(nowMs: number, amount: number): number
  /** Counts units without asking whether they fit. */
  charge(units: number, atMs: number, amount: number): void
  /** Takes back units of what was charged at that moment; what has left already stays left. Never below nothing. */
  giveBack(units: number, atMs: number, amount: number): void
  /** Does a charge of that moment still count? */
  counts(atMs: number, nowMs: number): boolean
  /** Nothing counts any more, and it may be forgotten. */
  isIdle(nowMs: number): boolean
  /** The row that holds units settled at that moment (to be added to its slot), or the whole state as it is then. */
  row(units: number, atMs: number, amount: number): { readonly entry: Entry; readonly untilMs: number }
  /** An independent copy, for looking ahead. */
  clone(): Count
}
