/** CacheObject: one per shard of a tenant's cache, named `<id>.<generation>.<shard>`. */

/*
 * It coordinates who leads and who waits among requests with the same key, and holds the sealed replies of its part of
 * the keys within a budget of bytes. An object that nobody has told of a value stores nothing, whatever it is asked.
 * Eviction loses leases (who waits asks again), the digest (isolates get another), and which purges were a minute ago.
 */
import { DurableObject } from 'cloudflare:workers'
import { Digest, type DigestKnown } from '../core/recall/digest.ts'
import type { ShardNews } from '../core/recall/known-shard.ts'
import { Leases, type LeaseTurn } from '../core/recall/leases.ts'
import { CACHE_PRUNE_MS, CACHE_PURGES_MAX, CACHE_PURGES_MS } from '../core/recall/limits.ts'
import { fitsFilter } from '../core/recall/shards.ts'
import type { CacheNews, CacheStats, KeptAbout, PurgeFilter, SealedValue } from '../core/recall/types.ts'
import { TIMERS_SCHEMA, Timers } from './alarms.ts'
import { CACHE_SCHEMA } from './cache-records.ts'
import { CacheShelf } from './cache-shelf.ts'
import { migrate, schemaVersion } from './sql.ts'

/** Append-only. */
const SCHEMA = [`${TIMERS_SCHEMA}; ${CACHE_SCHEMA}`]

const PRUNE = 'prune'

/** What an object answers to a look-up, in JSON; the sealed value follows it after a line feed. */
export interface ShardAnswer extends ShardNews {
  readonly about: KeptAbout | null
  readonly turn: 'lead' | 'wait' | null
}

interface Stored {
  readonly shelf: CacheShelf
  readonly timers: Timers
}

export class CacheObject extends DurableObject<Env> {
  readonly #digest = new Digest(() => crypto.randomUUID())
  readonly #leases = new Leases()
  #stored: Stored | null = null
  /** Of a tenant that is no more: what is told late is dropped. */
  #isErased = false
  #purges = 0
  #latePurges: { readonly atMs: number; readonly filter: PurgeFilter }[] = []
  #wake: { readonly atMs: number; readonly timer: ReturnType<typeof setTimeout> } | null = null
  /** When the prune timer fires at the latest, so that a put need not ask. */
  #pruneAtMs = Number.POSITIVE_INFINITY

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    // An object that stores nothing must not begin to because somebody asked it something.
    if (schemaVersion(ctx.storage.sql) > 0) this.#open()
  }

  /**
   * A ShardAnswer, and the sealed value. `lease` is '' for one who would not lead. `epoch` and `seq` say which digest
   * the isolate has ('' and 0: none). Text crosses for less than its clone.
   */
  lookUp(key: string, lease: string, epoch: string, seq: number): string {
    const nowMs = Date.now()
    const found = this.#stored?.shelf.find(key, nowMs) ?? null
    const turn = found === null && lease !== '' ? this.#leases.take(key, lease, nowMs) : null
    const answer: ShardAnswer = { ...this.#news({ epoch, seq }), about: found?.about ?? null, turn }
    return `${JSON.stringify(answer)}\n${found?.sealed ?? ''}`
  }

  /** What is new since that digest: JSON of a ShardNews. */
  digest(epoch: string, seq: number): string {
    return JSON.stringify(this.#news({ epoch, seq }))
  }

  /** Waits behind the leader, at most so long; then whoever called has gone. */
  wait(key: string, lease: string, waitMs: number): Promise<LeaseTurn> {
    const nowMs = Date.now()
    if (this.#stored?.shelf.has(key, nowMs)) return Promise.resolve('stored')
    const { promise, resolve } = Promise.withResolvers<LeaseTurn>()
    this.#leases.wait(key, lease, nowMs, nowMs + waitMs, resolve)
    this.#schedule()
    return promise
  }

  renew(key: string, lease: string): boolean {
    const isHeld = this.#leases.renew(key, lease, Date.now())
    this.#schedule()
    return isHeld
  }

  release(key: string, lease: string, next: 'lead' | 'alone'): void {
    this.#leases.release(key, lease, next, Date.now())
    this.#schedule()
  }

  /** JSON of CacheNews[]: kept and counted in one transaction; answers when it is durable. */
  tell(text: string): void {
    const news = JSON.parse(text) as CacheNews[]
    const puts = news.filter((one) => one.kind === 'put')
    const stored = this.#stored ?? (puts.length > 0 && !this.#isErased ? this.#open() : null)
    const nowMs = Date.now()
    const kept = stored?.shelf.take(news, nowMs)
    // Only now that the transaction is done; the output gate holds what they are told until it is durable.
    for (const { value, leaseId } of puts) {
      if (kept?.has(value.key)) this.#leases.stored(value.key, leaseId)
      else if (leaseId !== null) this.#leases.release(value.key, leaseId, 'alone', nowMs)
    }
    this.#schedule()
    const firstMs = Math.min(...puts.map(({ value }) => value.about.expiresAtMs))
    if (stored !== null && puts.length > 0) this.#armPrune(stored, firstMs, nowMs)
  }

  /** JSON of a PurgeFilter: removes what fits, and what fits and is told late; answers how many were there. */
  purge(text: string): number {
    const filter = JSON.parse(text) as PurgeFilter
    const nowMs = Date.now()
    const removed = this.#stored?.shelf.purge(filter, this.#purges + 1) ?? 0
    this.#purges += 1
    const recent = this.#latePurges.filter(({ atMs }) => nowMs - atMs < CACHE_PURGES_MS)
    this.#latePurges = [...recent, { atMs: nowMs, filter }].slice(-CACHE_PURGES_MAX)
    return removed
  }

  stats(): CacheStats {
    const none = { entries: 0, bytes: 0, hits: { hit: 0, semantic: 0, coalesced: 0 } }
    return this.#stored?.shelf.stats(Date.now()) ?? { ...none, corrupt: 0, savedTokens: 0, savedMicroUsd: 0 }
  }

  /** For good: its tenant is no more. */
  async erase(): Promise<void> {
    this.#isErased = true
    this.#leases.close()
    this.#schedule()
    await this.#forget()
  }

  override async alarm(): Promise<void> {
    const stored = this.#stored
    await stored?.timers.fire(Date.now(), { [PRUNE]: () => this.#prune(stored) })
    if (stored?.shelf.isBlank() === true) await this.#forget()
  }

  #open(): Stored {
    const { storage } = this.ctx
    migrate(storage, SCHEMA)
    const shelf = new CacheShelf(storage, this.#digest, {
      isWanted: (key) => this.#leases.isAwaited(key),
      isPurged: (value) => this.#isPurged(value),
    })
    this.#purges = Math.max(this.#purges, shelf.purges())
    this.#stored = { shelf, timers: new Timers(storage) }
    return this.#stored
  }

  async #forget(): Promise<void> {
    if (this.#stored === null) return
    this.#stored = null
    this.#pruneAtMs = Number.POSITIVE_INFINITY
    this.#digest.rebuild([], 0)
    await this.ctx.storage.deleteAll()
  }

  #news({ epoch, seq }: DigestKnown): ShardNews {
    const digest = this.#stored?.shelf.digest() ?? this.#digest
    return {
      mark: this.#isErased ? 'erased' : String(this.#purges),
      digest: digest.news(epoch === '' ? null : { epoch, seq }),
    }
  }

  #isPurged({ about }: SealedValue): boolean {
    return this.#latePurges.some(({ atMs, filter }) => about.storedAtMs <= atMs && fitsFilter(about, filter))
  }

  #armPrune({ timers }: Stored, expiresAtMs: number, nowMs: number): void {
    const atMs = Math.max(expiresAtMs, nowMs + CACHE_PRUNE_MS)
    if (this.#pruneAtMs <= atMs) return
    this.#pruneAtMs = atMs
    timers.arm(PRUNE, atMs)
  }

  #prune({ shelf }: Stored): number | null {
    const nowMs = Date.now()
    const nextMs = shelf.prune(nowMs)
    const againMs = nextMs === null ? Number.POSITIVE_INFINITY : Math.max(nextMs, nowMs + CACHE_PRUNE_MS)
    this.#pruneAtMs = againMs
    return nextMs === null ? null : againMs
  }

  /** While somebody waits, a timer takes leaders that are not heard of for dead. */
  #schedule(): void {
    const atMs = this.#leases.nextMs()
    if (this.#wake?.atMs === atMs) return
    if (this.#wake !== null) clearTimeout(this.#wake.timer)
    const wake = (): void => {
      this.#wake = null
      this.#leases.expire(Date.now())
      this.#schedule()
    }
    this.#wake = Number.isFinite(atMs) ? { atMs, timer: setTimeout(wake, Math.max(0, atMs - Date.now())) } : null
  }
}
