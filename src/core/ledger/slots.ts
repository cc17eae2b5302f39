/** Units by slot of time, each counting until a moment of its own: what the sliding window and the calendar share. No I/O. */
import type { Count, Entry } from './count.ts'

/** Where a charge belongs: later charges lie in the same slot or a later one, and leave no earlier. */
export interface Place {
  readonly slot: number
  /** The first moment at which it no longer counts, ms since the epoch. */
  readonly leavesMs: number
}

/** What one slot holds. Never changed but replaced, so that copies may share it. */
interface Part extends Place {
  readonly units: number
}

/**
 * A part counts, also before its time has come, until it leaves. So a level only sinks as time passes, and whatever fits
 * at a moment keeps every window that holds this moment within the amount, in whichever order charges are made.
 */
export class Slots implements Count {
  readonly stores = 'settled'
  readonly #placeOf: (atMs: number) => Place
  /** By slot, and thereby by `leavesMs`. */
  #parts: Part[] = []
  #total = 0

  /** The place of an entry is told by its time, so that slots may be cut otherwise than when it was stored. */
  constructor(placeOf: (atMs: number) => Place, entries: readonly Entry[] = []) {
    this.#placeOf = placeOf
    for (const { units, atMs } of entries) this.charge(units, atMs)
  }

  level(nowMs: number): number {
    this.#dropOld(nowMs)
    return this.#total
  }

  /** Nothing fits always, also where the amount was lowered below what counts already. */
  freeAt(units: number, fromMs: number, amount: number): number {
    if (units <= 0) return fromMs
    if (units > amount) return Number.POSITIVE_INFINITY
    let level = this.#total
    let atMs = fromMs
    for (const part of this.#parts) {
      if (part.leavesMs > fromMs) {
        if (level + units <= amount) return atMs
        atMs = part.leavesMs
      }
      level -= part.units
    }
    return atMs
  }

  wholeAt(nowMs: number): number {
    return Math.max(nowMs, this.#parts.at(-1)?.leavesMs ?? nowMs)
  }

  charge(units: number, atMs: number): void {
    if (units <= 0) return
    const { slot, leavesMs } = this.#placeOf(atMs)
    const index = this.#indexOf(slot)
    const part = this.#parts[index]
    this.#total += units
    if (part?.slot === slot) {
      this.#parts[index] = { slot, units: part.units + units, leavesMs: Math.max(part.leavesMs, leavesMs) }
    } else {
      this.#parts.splice(index, 0, { slot, units, leavesMs })
    }
  }

  giveBack(units: number, atMs: number): void {
    const { slot } = this.#placeOf(atMs)
    const index = this.#indexOf(slot)
    const part = this.#parts[index]
    if (units <= 0 || part?.slot !== slot) return
    const left = part.units - units
    this.#total -= Math.min(units, part.units)
    if (left > 0) this.#parts[index] = { ...part, units: left }
    else this.#parts.splice(index, 1)
  }

  counts(atMs: number, nowMs: number): boolean {
    return this.#leavesMs(this.#placeOf(atMs)) > nowMs
  }

  isIdle(nowMs: number): boolean {
    return this.wholeAt(nowMs) === nowMs
  }

  row(units: number, atMs: number): { readonly entry: Entry; readonly untilMs: number } {
    const place = this.#placeOf(atMs)
    return { entry: { slot: place.slot, units, atMs }, untilMs: this.#leavesMs(place) }
  }

  clone(): Slots {
    const copy = new Slots(this.#placeOf)
    copy.#parts = this.#parts.slice()
    copy.#total = this.#total
    return copy
  }

  /** Units of one slot leave together, with the last of them. */
  #leavesMs({ slot, leavesMs }: Place): number {
    const part = this.#parts[this.#indexOf(slot)]
    return part?.slot === slot ? Math.max(part.leavesMs, leavesMs) : leavesMs
  }

  /** Where a slot is, or would be. Looks from the end, where nearly every charge belongs. */
  #indexOf(slot: number): number {
    let index = this.#parts.length
    while (index > 0 && (this.#parts[index - 1]?.slot ?? slot) >= slot) index -= 1
    return index
  }

  #dropOld(nowMs: number): void {
    let old = 0
    for (const { leavesMs, units } of this.#parts) {
      if (leavesMs > nowMs) break
      this.#total -= units
      old += 1
    }
    if (old > 0) this.#parts.splice(0, old)
  }
}
