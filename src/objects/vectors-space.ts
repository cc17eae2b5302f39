/** Vectors of one space in memory, and the nearest of them. No I/O. */
import { type QuantisedVector, type QueryVector, similarityOf } from '../core/semantic/quantised.ts'
import { PAGE_BYTES, type PageHolder, strideOf, type VectorMemory } from './vectors-memory.ts'

/** A vector found: `seq` names its row. */
export interface Found {
  readonly seq: number
  /** Cosine. */
  readonly similarity: number
}

/** Vectors lie one behind the other, as many on a page as there is room for; the last fills the place of one removed. */
export class SpaceVectors implements PageHolder {
  readonly #memory: VectorMemory
  readonly #stride: number
  readonly #perPage: number
  #pages: number[] = []
  #seqs: number[] = []
  #scales: number[] = []
  #expiriesMs: number[] = []
  readonly #released: () => void

  /** `released` is told when others needed the memory: what is here is no longer the space, it must be read again. */
  constructor(memory: VectorMemory, dimensions: number, released: () => void) {
    this.#memory = memory
    this.#released = released
    this.#stride = strideOf(dimensions)
    this.#perPage = Math.floor(PAGE_BYTES / this.#stride)
  }

  get size(): number {
    return this.#seqs.length
  }

  release(): void {
    this.#pages = []
    this.#seqs = []
    this.#scales = []
    this.#expiriesMs = []
    this.#released()
  }

  /** Gives its memory back. */
  close(): void {
    this.#memory.giveBackAll(this)
    this.release()
  }

  add(seq: number, { bytes, scale }: QuantisedVector, expiresAtMs: number): void {
    if (this.size === this.#pages.length * this.#perPage) this.#pages.push(this.#memory.claim(this))
    this.#memory.write(this.#address(this.size), bytes)
    this.#seqs.push(seq)
    this.#scales.push(scale)
    this.#expiriesMs.push(expiresAtMs)
  }

  remove(seq: number): void {
    const index = this.#seqs.indexOf(seq)
    if (index < 0) return
    const last = this.size - 1
    if (index < last) this.#memory.copy(this.#address(last), this.#address(index), this.#stride)
    for (const list of [this.#seqs, this.#scales, this.#expiriesMs]) {
      const moved = list.pop()
      if (moved !== undefined && index < last) list[index] = moved
    }
    if (this.size > (this.#pages.length - 1) * this.#perPage) return
    this.#pages.pop()
    this.#memory.giveBack(this)
  }

  /** The most similar vectors that have not expired, most similar first. */
  nearest(query: QueryVector, count: number, nowMs: number): Found[] {
    if (count < 1 || this.size === 0) return []
    this.#memory.touch(this)
    this.#memory.ask(query.numbers)
    const best: { readonly index: number; readonly product: number }[] = []
    let least = Number.NEGATIVE_INFINITY
    for (const [pageIndex, page] of this.#pages.entries()) {
      const from = pageIndex * this.#perPage
      const here = Math.min(this.#perPage, this.size - from)
      const sums = this.#memory.sums(page, here, this.#stride)
      for (let index = from; index < from + here; index++) {
        const product = (sums[index - from] ?? 0) * (this.#scales[index] ?? 0)
        if (!(product > least) || (this.#expiriesMs[index] ?? 0) <= nowMs) continue
        const place = best.findLastIndex((one) => one.product >= product) + 1
        best.splice(place, 0, { index, product })
        if (best.length > count) best.pop()
        if (best.length === count) least = best.at(-1)?.product ?? least
      }
    }
    return best.map(({ index, product }) => ({
      seq: this.#seqs[index] ?? 0,
      similarity: similarityOf(product, query.scale),
    }))
  }

  #address(index: number): number {
    return (this.#pages[Math.floor(index / this.#perPage)] ?? 0) + (index % this.#perPage) * this.#stride
  }
}
