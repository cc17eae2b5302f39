/** Memory that the scan of vectors works in: one for an isolate, in pages, bounded; whoever used theirs last keeps them. */
import { VECTOR_DIMENSIONS_MAX, VECTOR_MEMORY_BYTES_MAX } from '../core/recall/limits.ts'
import module from './scan.wasm'

/** Whoever has pages. They are taken back when others need them more. */
export interface PageHolder {
  /** Its pages are no longer its own: it forgets them at once. */
  release(): void
}

/** Small, because most spaces have a few vectors only; large enough that the calls of a scan cost nothing beside it. */
export const PAGE_BYTES = 16 * 1024
/** The scan reads vectors in steps of so many bytes: the rest of a vector's last one is zeros. */
const STEP_BYTES = 16
const WASM_PAGE_BYTES = 64 * 1024
/** The memory grows by 1 MB at a time, and never shrinks: that is WebAssembly's. */
const GROWTH_WASM_PAGES = 16
/** The first page is for the query, two bytes a dimension, and for the sums of one page. */
const QUERY = 0
const SUMS = VECTOR_DIMENSIONS_MAX * 2

type Scan = (query: number, vectors: number, count: number, stride: number, sums: number) => void

/** Bytes that a vector takes in memory. */
export function strideOf(dimensions: number): number {
  return Math.ceil(dimensions / STEP_BYTES) * STEP_BYTES
}

/** Pages of vectors, and the scan over one. */
export class VectorMemory {
  readonly #pagesMax: number
  readonly #memory: WebAssembly.Memory
  readonly #scan: Scan
  /** In the order of their last use. */
  readonly #holders = new Map<PageHolder, number[]>()
  readonly #free: number[] = []
  #pages = 0
  #bytes = new Int8Array()
  #sums = new Int32Array()

  constructor(bytesMax = VECTOR_MEMORY_BYTES_MAX) {
    this.#pagesMax = Math.floor(bytesMax / PAGE_BYTES)
    const maximum = Math.ceil(bytesMax / WASM_PAGE_BYTES) + GROWTH_WASM_PAGES
    this.#memory = new WebAssembly.Memory({ initial: GROWTH_WASM_PAGES, maximum })
    const { exports } = new WebAssembly.Instance(module, { host: { memory: this.#memory } })
    this.#scan = exports.scan as Scan
    this.#view()
  }

  /** Bytes of all pages that somebody has. */
  get bytes(): number {
    return (this.#pages - this.#free.length) * PAGE_BYTES
  }

  /** An address for one more page, taken from whoever used theirs the longest ago where there is none. */
  claim(holder: PageHolder): number {
    const held = this.#holders.get(holder) ?? []
    this.touch(holder, held)
    const page = this.#page(holder)
    held.push(page)
    return page
  }

  /** Says that a holder's pages are in use. */
  touch(holder: PageHolder, held = this.#holders.get(holder)): void {
    if (held === undefined) return
    this.#holders.delete(holder)
    this.#holders.set(holder, held)
  }

  /** Gives back the page that was claimed last. */
  giveBack(holder: PageHolder): void {
    const held = this.#holders.get(holder)
    const page = held?.pop()
    if (page !== undefined) this.#free.push(page)
    if (held?.length === 0) this.#holders.delete(holder)
  }

  giveBackAll(holder: PageHolder): void {
    this.#free.push(...(this.#holders.get(holder) ?? []))
    this.#holders.delete(holder)
  }

  /** Writes a vector, with zeros to the end of its stride. */
  write(address: number, vector: Int8Array): void {
    this.#bytes.set(vector, address)
    this.#bytes.fill(0, address + vector.length, address + strideOf(vector.length))
  }

  copy(from: number, to: number, bytes: number): void {
    this.#bytes.copyWithin(to, from, from + bytes)
  }

  /** Says what the next scans compare with. */
  ask(query: Int16Array): void {
    const numbers = new Int16Array(this.#memory.buffer, QUERY, VECTOR_DIMENSIONS_MAX)
    numbers.set(query)
    numbers.fill(0, query.length, strideOf(query.length))
  }

  /** Sums of products of the query with the vectors of one page; they are good until the next scan. */
  sums(page: number, count: number, stride: number): Int32Array {
    this.#scan(QUERY, page, count, stride, SUMS)
    return this.#sums
  }

  #page(holder: PageHolder): number {
    const free = this.#free.pop()
    if (free !== undefined) return free
    if (this.#pages >= this.#pagesMax) {
      for (const other of this.#holders.keys()) {
        if (other === holder) continue
        this.giveBackAll(other)
        other.release()
        return this.#page(holder)
      }
      throw new RangeError('the vectors of one space are more than the memory holds')
    }
    this.#pages += 1
    // The first page is the scan's own.
    const page = this.#pages * PAGE_BYTES
    if (page + PAGE_BYTES > this.#memory.buffer.byteLength) this.#grow()
    return page
  }

  #grow(): void {
    this.#memory.grow(GROWTH_WASM_PAGES)
    this.#view()
  }

  /** Views of before it grew are of a buffer that is gone. */
  #view(): void {
    this.#bytes = new Int8Array(this.#memory.buffer)
    this.#sums = new Int32Array(this.#memory.buffer, SUMS, PAGE_BYTES / STEP_BYTES)
  }
}
