/** A bounded memory of ids, which knows how far back it is complete. No I/O. */

/** Two generations of ids: when the newer one is full, the older one is forgotten. */
export class RecentIds {
  readonly #max: number
  #older = new Set<string>()
  #newer = new Set<string>()
  #olderSinceMs: number
  #newerSinceMs: number

  constructor(max: number, nowMs: number) {
    this.#max = max
    this.#olderSinceMs = nowMs
    this.#newerSinceMs = nowMs
  }

  has(id: string): boolean {
    return this.#newer.has(id) || this.#older.has(id)
  }

  add(id: string, nowMs: number): void {
    if (this.#newer.size >= this.#max) {
      this.#older = this.#newer
      this.#olderSinceMs = this.#newerSinceMs
      this.#newer = new Set()
      this.#newerSinceMs = nowMs
    }
    this.#newer.add(id)
  }

  /** Every id added from then on is remembered. */
  get completeSinceMs(): number {
    return this.#olderSinceMs
  }
}
