/** Requests that are with replicas, by their ids, in the order in which they were last heard of. No I/O. */
import { POOL_LEASE_MS, POOL_LEASED_BLOCKS_MAX } from './limits.ts'
import type { Lease } from './replica.ts'

interface Held {
  readonly lease: Lease
  heardMs: number
}

const NO_BLOCKS = new Float64Array(0)

/** Ends of itself what nobody renews: an isolate may die without a word. */
export class Leases {
  readonly #held = new Map<string, Held>()
  #blocks = 0

  get size(): number {
    return this.#held.size
  }

  get(id: string): Lease | undefined {
    return this.#held.get(id)?.lease
  }

  /** The blocks that a lease may hold; none where all together hold too many. */
  blocksFor(blocks: Float64Array): Float64Array {
    return this.#blocks + blocks.length > POOL_LEASED_BLOCKS_MAX ? NO_BLOCKS : blocks
  }

  add(lease: Lease, nowMs: number): void {
    this.#held.set(lease.id, { lease, heardMs: nowMs })
    this.#blocks += lease.blocks.length
  }

  renew(id: string, nowMs: number): boolean {
    const held = this.#held.get(id)
    if (held === undefined) return false
    this.#held.delete(id)
    held.heardMs = nowMs
    this.#held.set(id, held)
    return true
  }

  remove(id: string): Lease | undefined {
    const held = this.#held.get(id)
    if (held === undefined) return undefined
    this.#held.delete(id)
    this.#blocks -= held.lease.blocks.length
    return held.lease
  }

  /** Those with a replica. */
  at(replica: string): Lease[] {
    return [...this.#held.values()].filter(({ lease }) => lease.replica === replica).map(({ lease }) => lease)
  }

  /** When the next one lapses; Infinity: none. */
  nextLapseMs(): number {
    for (const { heardMs } of this.#held.values()) return heardMs + POOL_LEASE_MS
    return Number.POSITIVE_INFINITY
  }

  lapsed(nowMs: number): Lease[] {
    const over: Lease[] = []
    for (const { lease, heardMs } of this.#held.values()) {
      if (heardMs + POOL_LEASE_MS > nowMs) break
      over.push(lease)
    }
    return over
  }
}
