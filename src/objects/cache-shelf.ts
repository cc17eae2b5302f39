/** The values of one cache shard: rows, and in memory who leaves when it is full and the digest of what is there. */
import type { Digest } from '../core/recall/digest.ts'
import {
  CACHE_ENTRY_BYTES,
  CACHE_SHARDS,
  CACHE_TENANT_BYTES_MAX,
  CACHE_VALUE_CHARS_MAX,
} from '../core/recall/limits.ts'
import { S3Fifo } from '../core/recall/s3-fifo.ts'
import { worthOf } from '../core/recall/shards.ts'
import type { CacheNews, CacheStats, PurgeFilter, SealedValue } from '../core/recall/types.ts'
import { CacheRecords, type Counted } from './cache-records.ts'

/** What the object that a shelf is of decides. */
export interface ShelfRules {
  /** Does somebody wait for it? */
  readonly isWanted: (key: string) => boolean
  /** Was it purged before it came? */
  readonly isPurged: (value: SealedValue) => boolean
}

/**
 * Only for an object that has the schema. The rows are the truth: the queues are read from them at the first use, and
 * again after a transaction that failed. What an eviction loses is which of two hits of one batch came first.
 */
export class CacheShelf {
  readonly #storage: DurableObjectStorage
  readonly #records: CacheRecords
  readonly #digest: Digest
  readonly #rules: ShelfRules
  #queues: S3Fifo | null = null

  constructor(storage: DurableObjectStorage, digest: Digest, rules: ShelfRules) {
    this.#storage = storage
    this.#records = new CacheRecords(storage.sql)
    this.#digest = digest
    this.#rules = rules
  }

  /** A value that has not expired; reading it writes nothing. */
  find(key: string, nowMs: number): SealedValue | null {
    // Most that are asked for are not there: the queues know that for a hundredth of what a statement takes.
    return this.#open().has(key) ? this.#records.find(key, nowMs) : null
  }

  has(key: string, nowMs: number): boolean {
    return this.#records.has(key, nowMs)
  }

  /** The digest, of what is there now. */
  digest(): Digest {
    const queues = this.#open()
    if (this.#digest.isWorn) this.#digest.rebuild(queues.keys(), queues.size)
    return this.#digest
  }

  /** Keeps and counts in one transaction; answers with the keys of the puts that were kept. */
  take(news: readonly CacheNews[], nowMs: number): Set<string> {
    return this.#change((queues) => {
      const kept = new Set<string>()
      const counted: Counted = {
        hits: { hit: 0, semantic: 0, coalesced: 0 },
        corrupt: 0,
        savedTokens: 0,
        savedMicroUsd: 0,
      }
      for (const one of news) {
        if (one.kind === 'put') {
          if (this.#put(queues, one.value, nowMs)) kept.add(one.value.key)
          else kept.delete(one.value.key)
        } else if (one.kind === 'hits') this.#hit(queues, one.key, one.count, counted)
        else if (this.#drop(queues, one.key)) counted.corrupt += 1
        if (one.kind === 'hits') counted.hits[one.as] += one.count
      }
      if (news.some(({ kind }) => kind !== 'put')) this.#records.add(counted)
      return kept
    })
  }

  /** Removes what fits and counts the purge; answers how many. */
  purge(filter: PurgeFilter, purges: number): number {
    return this.#change((queues) => {
      const keys = this.#records.matching(filter)
      for (const key of keys) this.#drop(queues, key)
      this.#records.setPurges(purges)
      return keys.length
    })
  }

  /** How often it was purged. */
  purges(): number {
    return this.#records.purges()
  }

  /** Removes what has expired; answers when the next does, null where there is nothing. */
  prune(nowMs: number): number | null {
    return this.#change((queues) => {
      for (const key of this.#records.expired(nowMs)) this.#drop(queues, key)
      return this.#records.nextExpiryMs()
    })
  }

  stats(nowMs: number): CacheStats {
    return this.#records.stats(nowMs)
  }

  /** Nothing is there, and nothing was ever counted: a late put of a tenant that is no more leaves this behind. */
  isBlank(): boolean {
    const { hits, corrupt } = this.#records.stats(0)
    const counted = hits.hit + hits.semantic + hits.coalesced + corrupt + this.purges()
    return counted === 0 && this.#records.nextExpiryMs() === null
  }

  #put(queues: S3Fifo, value: SealedValue, nowMs: number): boolean {
    const { key, sealed, about } = value
    if (about.expiresAtMs <= nowMs || sealed.length > CACHE_VALUE_CHARS_MAX || this.#rules.isPurged(value)) return false
    const isNew = !queues.has(key)
    if (!isNew) this.#records.drop(key)
    const bytes = sealed.length + CACHE_ENTRY_BYTES
    const { kept, evicted, moved } = queues.put(key, bytes, worthOf(about), this.#rules.isWanted(key))
    for (const one of evicted) this.#records.drop(one)
    for (const one of moved) {
      const standing = queues.standing(one)
      if (standing !== undefined) this.#records.move(one, standing)
    }
    const standing = queues.standing(key)
    if (standing !== undefined) this.#records.insert(value, standing)
    if (kept && isNew) this.#digest.add(key)
    this.#digest.removed(evicted.length + (kept || isNew ? 0 : 1))
    return kept
  }

  #hit(queues: S3Fifo, key: string, count: number, counted: Counted): void {
    const before = queues.standing(key)
    const savings = before && this.#records.savings(key)
    if (before === undefined || !savings) return
    counted.savedTokens += count * savings.savedTokens
    counted.savedMicroUsd += count * savings.savedMicroUsd
    queues.hit(key, count)
    const hits = queues.standing(key)?.hits ?? 0
    if (hits !== before.hits) this.#records.setHits(key, hits)
  }

  #drop(queues: S3Fifo, key: string): boolean {
    if (!queues.delete(key)) return false
    this.#records.drop(key)
    this.#digest.removed(1)
    return true
  }

  #change<T>(work: (queues: S3Fifo) => T): T {
    const queues = this.#open()
    try {
      return this.#storage.transactionSync(() => work(queues))
    } catch (error) {
      this.#queues = null
      throw error
    }
  }

  #open(): S3Fifo {
    if (this.#queues !== null) return this.#queues
    const queues = new S3Fifo(CACHE_TENANT_BYTES_MAX / CACHE_SHARDS)
    for (const { key, chars, queue, hits, saved_tokens, saved_micro_usd } of this.#records.queued()) {
      const worth = worthOf({ savedTokens: saved_tokens, savedMicroUsd: saved_micro_usd })
      queues.restore(key, chars + CACHE_ENTRY_BYTES, worth, { queue, hits })
    }
    this.#digest.rebuild(queues.keys(), queues.size)
    this.#queues = queues
    return queues
  }
}
