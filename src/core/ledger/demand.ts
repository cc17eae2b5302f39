/** How fast each isolate asks, and how large a slice of a limit it may have in advance. No I/O. */
import { BoundedMap } from '../../lib/bounded-map.ts'
import {
  LEDGER_DEMANDS_MAX,
  SLICE_AMOUNT_PER_ISOLATE_MIN,
  SLICE_DEMAND_MS,
  SLICE_LEVEL_MAX,
  SLICE_REQUESTS_MIN,
  SLICE_REQUESTS_PER_SECOND_MIN,
  SLICE_SHARE_MAX,
} from '../limits.ts'
import type { Counter, SliceReport } from './types.ts'

/** Asks are counted over at least so long before they are a rate. */
const RATE_MS = 250
/** An isolate that has not asked for so long shares nothing any more. */
const ISOLATE_MS = 10_000

interface Rate {
  sinceMs: number
  asks: number
  /** Requests per ms, from asks or from how fast the last slice went. */
  perMs: number
}

interface Granted {
  readonly isolate: string
  readonly set: string
  readonly atMs: number
  readonly sizes: readonly number[]
  readonly units: readonly number[]
}

/**
 * The demand of every (isolate, set of counters). Leases of a share for a short time are Doorman's (Google, 2016);
 * here they are charged in advance, so that what isolates admit by themselves can never be over.
 */
export class Demand {
  readonly #rates = new BoundedMap<string, Rate>(LEDGER_DEMANDS_MAX)
  /** Slices by id: whose, since when, how large, and what one request takes of each counter. */
  readonly #slices = new BoundedMap<string, Granted>(LEDGER_DEMANDS_MAX)
  readonly #isolates = new BoundedMap<string, number>(LEDGER_DEMANDS_MAX)

  /** Counts an ask. */
  asked(isolate: string, set: string, nowMs: number): void {
    this.#isolates.set(isolate, nowMs)
    const rate = this.#rate(isolate, set, nowMs)
    rate.asks += 1
    const elapsedMs = nowMs - rate.sinceMs
    if (elapsedMs < RATE_MS) return
    rate.perMs = rate.asks / elapsedMs
    rate.asks = 0
    rate.sinceMs = nowMs
  }

  /** Remembers a slice, to learn from it when it comes back. */
  granted(id: string, slice: Granted): void {
    this.#slices.set(id, slice)
  }

  /** Learns from a slice that is done with how fast its isolate would have asked. */
  closed({ id, left, usedMs }: SliceReport, nowMs: number): void {
    const slice = this.#slices.get(id)
    if (slice === undefined) return
    this.#slices.delete(id)
    const requests = slice.sizes.map((size, index) => {
      const each = slice.units[index] ?? 0
      return each > 0 ? (size - (left[index] ?? 0)) / each : 0
    })
    const isUsedUp = left.some((units, index) => units < (slice.units[index] ?? 0))
    const rate = this.#rate(slice.isolate, slice.set, nowMs)
    // One that was not used up shows its demand over all of its life.
    rate.perMs = Math.max(...requests) / Math.max(1, isUsedUp ? usedMs : nowMs - slice.atMs)
    rate.asks = 0
    rate.sinceMs = nowMs
  }

  /**
   * The units of each counter for a slice, null for none. `levels` are those after the ask itself was charged, `units`
   * what such a request takes of each.
   */
  slice(
    isolate: string,
    set: string,
    counters: readonly Counter[],
    units: readonly number[],
    levels: readonly number[],
    nowMs: number,
  ): number[] | null {
    const perMs = this.#rate(isolate, set, nowMs).perMs
    if (perMs * 1000 <= SLICE_REQUESTS_PER_SECOND_MIN) return null
    const isolates = this.#isolatesAt(nowMs)
    const sizes = counters.map(({ window, amount }, index) => {
      if (window.kind === 'held' || window.kind === 'paced') return 0
      const each = units[index] ?? 0
      if (amount < SLICE_AMOUNT_PER_ISOLATE_MIN * isolates * each) return 0
      const room = amount * SLICE_LEVEL_MAX - (levels[index] ?? 0)
      const size = Math.floor(Math.min(amount * SLICE_SHARE_MAX, perMs * SLICE_DEMAND_MS * each, room))
      return size < SLICE_REQUESTS_MIN * each ? 0 : size
    })
    return sizes.every((size, index) => size > 0 || units[index] === 0) ? sizes : null
  }

  #rate(isolate: string, set: string, nowMs: number): Rate {
    const name = `${isolate} ${set}`
    let rate = this.#rates.get(name)
    if (rate === undefined) {
      rate = { sinceMs: nowMs, asks: 0, perMs: 0 }
      this.#rates.set(name, rate)
    }
    return rate
  }

  #isolatesAt(nowMs: number): number {
    let isolates = 0
    for (const [isolate, atMs] of [...this.#isolates.entries()]) {
      if (nowMs - atMs > ISOLATE_MS) this.#isolates.delete(isolate)
      else isolates += 1
    }
    return Math.max(1, isolates)
  }
}
