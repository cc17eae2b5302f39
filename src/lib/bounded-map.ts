/** A map that never holds more than so many entries: who was not asked for lately goes first. No I/O. */
/*
 * Second chance (CLOCK; Corbató, "A Paging Experiment with the Multics System", 1968): a look-up sets a flag and moves
 * nothing. True least-recently-used order would take a key out of the Map and put it in again at every look-up, and the
 * Map make its table anew every few of them: with half a dozen look-ups a request that was 15 µs of a hit.
 */

interface Entry<V> {
  value: V
  /** Asked for since it was put in, or since its chance was taken. */
  isUsed: boolean
}

/** A Map keeps its keys in the order they were put in. */
export class BoundedMap<K, V extends NonNullable<unknown>> {
  readonly #entries = new Map<K, Entry<V>>()
  readonly #entriesMax: number

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax
  }

  get size(): number {
    return this.#entries.size
  }

  /** The value, which will not be the next to leave. */
  get(key: K): V | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    entry.isUsed = true
    return entry.value
  }

  /** Puts a value in, or in the place of the one before it; at the bound the oldest one that nobody asked for leaves. */
  set(key: K, value: V): void {
    const known = this.#entries.get(key)
    if (known !== undefined) {
      known.value = value
      known.isUsed = true
      return
    }
    if (this.#entries.size >= this.#entriesMax) this.#evict()
    this.#entries.set(key, { value, isUsed: false })
  }

  delete(key: K): boolean {
    return this.#entries.delete(key)
  }

  /** In no order that says anything. */
  *entries(): Generator<[K, V]> {
    for (const [key, { value }] of this.#entries) yield [key, value]
  }

  /** Whoever has a second chance goes to the end of the line; so everybody is met again without one. */
  #evict(): void {
    for (const [key, entry] of this.#entries) {
      this.#entries.delete(key)
      if (!entry.isUsed) return
      entry.isUsed = false
      this.#entries.set(key, entry)
    }
  }
}
