/** What caches are to be told, on its way in batches: bounded by bytes, by tenant, armed by one request at a time. No I/O. */
import { ownerOf, type TenantPlace } from '../tenant.ts'
import { CACHE_FLUSH_MS, CACHE_HITS_FLUSH_MS, CACHE_NEWS_BYTES_MAX } from './limits.ts'
import type { CacheNews, HitKind } from './types.ts'

/** Hits that were served, counted by key and kind. */
export interface CountedHits {
  readonly key: string
  readonly as: HitKind
  readonly count: number
}

/** Makes news of an answer, when its time has come; null where there is nothing to tell. */
export type Sealing = () => Promise<CacheNews | null>

/** What is taken of one tenant. */
export interface Parcel {
  readonly sealings: readonly Sealing[]
  readonly hits: readonly CountedHits[]
}

/** A count's share of the bound: its key, and what a map makes of it. */
const HIT_BYTES = 200

interface Queue {
  readonly place: TenantPlace
  sealings: Sealing[]
  hits: Map<string, { key: string; as: HitKind; count: number }>
  bytes: number
  /** When the first of it came. */
  readonly sinceMs: number
  /** Until when somebody is expected to flush it; then that request may be gone. */
  armedUntilMs: number
}

/** One per isolate. Holds values only: whoever arms a flush owns its timer. What is lost here is only not recalled. */
export class Outbox {
  readonly #queues = new Map<string, Queue>()
  readonly #bytesMax: number
  #bytes = 0
  #dropped = 0

  constructor(bytesMax = CACHE_NEWS_BYTES_MAX) {
    this.#bytesMax = bytesMax
  }

  /** Adds an answer that holds so many bytes. True when the caller must see to a flush after CACHE_FLUSH_MS. */
  add(place: TenantPlace, sealing: Sealing, bytes: number, nowMs: number): boolean {
    const queue = this.#queue(place, nowMs)
    if (this.#bytes + bytes > this.#bytesMax) this.#dropped += 1
    else {
      queue.sealings.push(sealing)
      this.#hold(queue, bytes)
    }
    return this.#arm(queue, nowMs)
  }

  /** Counts a hit. True as of `add`. */
  hit(place: TenantPlace, key: string, as: HitKind, nowMs: number): boolean {
    const queue = this.#queue(place, nowMs)
    const name = as + key
    const known = queue.hits.get(name)
    if (known !== undefined) known.count += 1
    else if (this.#bytes + HIT_BYTES > this.#bytesMax) this.#dropped += 1
    else {
      queue.hits.set(name, { key, as, count: 1 })
      this.#hold(queue, HIT_BYTES)
    }
    return this.#arm(queue, nowMs)
  }

  /** May whoever is to flush a tenant's news wait for more, CACHE_FLUSH_MS, and ask again? For counts of hits alone. */
  mayWait(place: TenantPlace, nowMs: number): boolean {
    const queue = this.#queues.get(ownerOf(place))
    if (queue === undefined || queue.sealings.length > 0) return false
    if (nowMs - queue.sinceMs + CACHE_FLUSH_MS > CACHE_HITS_FLUSH_MS) return false
    queue.armedUntilMs = nowMs + 2 * CACHE_FLUSH_MS
    return true
  }

  /** Everything there is of a tenant; null when there is nothing. */
  take(place: TenantPlace): Parcel | null {
    const name = ownerOf(place)
    const queue = this.#queues.get(name)
    if (queue === undefined) return null
    this.#queues.delete(name)
    this.#bytes -= queue.bytes
    return { sealings: queue.sealings, hits: [...queue.hits.values()] }
  }

  /** Tenants whose news nobody is expected to flush any more: the request that was to is gone. */
  orphans(nowMs: number): TenantPlace[] {
    return [...this.#queues.values()].filter(({ armedUntilMs }) => nowMs >= armedUntilMs).map(({ place }) => place)
  }

  /** News that found no room since the isolate began. */
  get dropped(): number {
    return this.#dropped
  }

  #queue(place: TenantPlace, nowMs: number): Queue {
    const name = ownerOf(place)
    let queue = this.#queues.get(name)
    if (queue === undefined) {
      const armedUntilMs = Number.NEGATIVE_INFINITY
      queue = { place, sealings: [], hits: new Map(), bytes: 0, sinceMs: nowMs, armedUntilMs }
      this.#queues.set(name, queue)
    }
    return queue
  }

  #hold(queue: Queue, bytes: number): void {
    queue.bytes += bytes
    this.#bytes += bytes
  }

  #arm(queue: Queue, nowMs: number): boolean {
    if (nowMs < queue.armedUntilMs) return false
    queue.armedUntilMs = nowMs + 2 * CACHE_FLUSH_MS
    return true
  }
}
