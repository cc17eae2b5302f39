/** What refused callers were told of when to come back, so that the next ones are told of another moment. No I/O. */
import { PROMISE_HORIZON_MS, PROMISES_MAX } from '../limits.ts'
import type { Count } from './count.ts'
import type { Counter } from './types.ts'

/** A copy of a count with all promises on it is good for so long; then what has changed is looked at again. */
const COPY_MS = 250

interface Promised {
  readonly told: { readonly atMs: number; readonly units: number }[]
  copy: Count | null
  copiedAtMs: number
}

/**
 * A refusal charges nothing and books nothing. But a hundred callers who are all told the same moment come back
 * together, and ninety are refused again; so each is told the moment after those who were told before it. Nobody is
 * kept from coming earlier, and nobody is told a moment beyond the horizon because of others.
 */
export class Promises {
  readonly #counters = new Map<string, Promised>()

  /**
   * When a refused caller should come back, ms since the epoch: at `freeAtMs`, or later where others were told that
   * moment. `ahead` is the count with everybody who waits on it.
   */
  next({ id, window, amount }: Counter, units: number, freeAtMs: number, nowMs: number, ahead: Count): number {
    if (window.kind !== 'sliding' && window.kind !== 'paced') return freeAtMs
    const promised = this.#of(id, nowMs)
    if (promised.copy === null || nowMs - promised.copiedAtMs > COPY_MS) {
      promised.copy = ahead.clone()
      promised.copiedAtMs = nowMs
      for (const told of promised.told) promised.copy.charge(told.units, told.atMs, amount)
    }
    const last = promised.told.at(-1)?.atMs ?? freeAtMs
    const atMs = promised.copy.freeAt(units, Math.max(freeAtMs, last), amount)
    // A window is whole again within its own length; a paced limit goes on evenly for as long as anybody comes. Who
    // finds no moment before that comes with the last: at an earlier one it would take what others were told of.
    const horizonMs =
      window.kind === 'sliding' ? Math.max(freeAtMs, nowMs + window.perMs) : freeAtMs + PROMISE_HORIZON_MS
    if (!(atMs <= horizonMs) || promised.told.length >= PROMISES_MAX)
      return Math.max(freeAtMs, Math.min(last, horizonMs))
    promised.copy.charge(units, atMs, amount)
    promised.told.push({ atMs, units })
    return atMs
  }

  #of(id: string, nowMs: number): Promised {
    let promised = this.#counters.get(id)
    if (promised === undefined) {
      if (this.#counters.size >= PROMISES_MAX) this.#counters.clear()
      promised = { told: [], copy: null, copiedAtMs: nowMs }
      this.#counters.set(id, promised)
    }
    // Who was told a moment that is over has come, or will not.
    while (promised.told[0] !== undefined && promised.told[0].atMs <= nowMs) promised.told.shift()
    return promised
  }
}
