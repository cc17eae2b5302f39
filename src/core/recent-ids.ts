/** A bounded memory of ids, which knows how far back it is complete. No I/O. */

/**
 * Two generations of ids with the instant that each belongs to: when the newer generation is full, the older one is
 * forgotten. Whoever fills it with every id from some instant on can tell from it alone whether an id is new.
 */
export class RecentIds {
  readonly #max: number
  #older: Generation = emptyGeneration()
  #newer: Generation = emptyGeneration()
  #completeFromMs: number

  /** `completeFromMs`: every id of that instant or later is about to be added. */
  constructor(max: number, completeFromMs: number) {
    this.#max = max
    this.#completeFromMs = completeFromMs
  }

  has(id: string): boolean {
    return this.#newer.ids.has(id) || this.#older.ids.has(id)
  }

  add(id: string, atMs: number): void {
    if (this.#newer.ids.size >= this.#max) {
      this.#completeFromMs = Math.max(this.#completeFromMs, this.#older.latestMs + 1)
      this.#older = this.#newer
      this.#newer = emptyGeneration()
    }
    this.#newer.ids.add(id)
    this.#newer.latestMs = Math.max(this.#newer.latestMs, atMs)
  }

  /** No id of that instant or later was forgotten. */
  get completeFromMs(): number {
    return this.#completeFromMs
  }
}

interface Generation {
  readonly ids: Set<string>
  latestMs: number
}

const emptyGeneration = (): Generation => ({ ids: new Set(), latestMs: Number.NEGATIVE_INFINITY })
