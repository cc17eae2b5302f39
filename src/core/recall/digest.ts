/** The digest of a shard: which keys it holds, and what is new in that since somebody asked last. No I/O. */
import { Bloom } from './bloom.ts'
import { CACHE_DIGEST_ADDED_MAX } from './limits.ts'

/** What somebody has of a digest. */
export interface DigestKnown {
  readonly epoch: string
  readonly seq: number
}

/** What they have to add to it, or to have instead: exactly one of the two. */
export type DigestNews = DigestKnown & ({ readonly added: readonly string[] } | { readonly filter: string })

/** On the side of the shard: in memory alone, made anew with another epoch when it has become too full or too old. */
export class Digest {
  readonly #newEpoch: () => string
  #epoch: string
  #filter = Bloom.forKeys(0)
  #seq = 0
  #count = 0
  #removed = 0
  /** The keys that were added last. */
  #added: string[] = []

  /** `newEpoch` answers with what it has never answered before, here or elsewhere. */
  constructor(newEpoch: () => string) {
    this.#newEpoch = newEpoch
    this.#epoch = newEpoch()
  }

  add(key: string): void {
    this.#count += 1
    // Whoever is up to date has the same bits.
    if (this.#filter.mayHold(key)) return
    this.#filter.add(key)
    this.#seq += 1
    this.#added.push(key)
    if (this.#added.length >= 2 * CACHE_DIGEST_ADDED_MAX) this.#added = this.#added.slice(-CACHE_DIGEST_ADDED_MAX)
  }

  /** A filter cannot forget: so many keys that it names are gone. */
  removed(count: number): void {
    this.#removed += count
  }

  /** Is it time to make it anew? It says too often that the shard may hold what it does not. */
  get isWorn(): boolean {
    const left = this.#count - this.#removed
    return this.#count > this.#filter.room || this.#removed > Math.max(CACHE_DIGEST_ADDED_MAX, left)
  }

  /** Makes it of exactly these keys. */
  rebuild(keys: Iterable<string>, count: number): void {
    this.#epoch = this.#newEpoch()
    this.#filter = Bloom.forKeys(count)
    this.#seq = 0
    this.#count = count
    this.#removed = 0
    this.#added = []
    for (const key of keys) this.#filter.add(key)
  }

  /** Null: nothing is new. */
  news(known: DigestKnown | null): DigestNews | null {
    const at = { epoch: this.#epoch, seq: this.#seq }
    const behind = known?.epoch === this.#epoch ? this.#seq - known.seq : Number.POSITIVE_INFINITY
    if (behind === 0) return null
    if (behind > 0 && behind <= Math.min(CACHE_DIGEST_ADDED_MAX, this.#added.length)) {
      return { ...at, added: this.#added.slice(-behind) }
    }
    return { ...at, filter: this.#filter.text() }
  }
}
