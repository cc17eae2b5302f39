/** Rows of one shard of a cache: what is known of its values, the sealed values, and what was counted. */
import type { CacheStats, HitKind, KeptAbout, KeptKind, PurgeFilter, SealedValue } from '../core/recall/types.ts'
import { all, each, first, run } from './sql.ts'

/**
 * `entries` holds what a look at all of them needs, `sealed` the long texts, so that the look reads few pages. `place`
 * counts up with every change of a place in a queue, and orders both queues; `totals` has one row.
 */
export const CACHE_SCHEMA = `
  CREATE TABLE entries (
    key TEXT PRIMARY KEY, id INTEGER NOT NULL, kind TEXT NOT NULL, model TEXT NOT NULL, stored_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL, knowledge_version TEXT, saved_tokens INTEGER NOT NULL, saved_micro_usd REAL,
    chars INTEGER NOT NULL, queue TEXT NOT NULL, place INTEGER NOT NULL, hits REAL NOT NULL) WITHOUT ROWID;
  CREATE TABLE sealed (id INTEGER PRIMARY KEY, sealed TEXT NOT NULL);
  CREATE TABLE totals (
    hit INTEGER NOT NULL, semantic INTEGER NOT NULL, coalesced INTEGER NOT NULL, corrupt INTEGER NOT NULL,
    saved_tokens INTEGER NOT NULL, saved_micro_usd REAL NOT NULL, purges INTEGER NOT NULL);
  INSERT INTO totals VALUES (0, 0, 0, 0, 0, 0, 0);`

/** Where an entry stands in the queues, as it is stored. */
export interface StoredStanding {
  readonly queue: 'small' | 'main'
  readonly hits: number
}

/** What is added to the totals. */
export interface Counted {
  readonly hits: Record<HitKind, number>
  corrupt: number
  savedTokens: number
  savedMicroUsd: number
}

/** A row that the queues are made of. */
export type QueueRow = {
  key: string
  chars: number
  queue: 'small' | 'main'
  hits: number
  saved_tokens: number
  saved_micro_usd: number | null
}

/** Only for an object that has the schema. */
export class CacheRecords {
  readonly #statements: ReturnType<typeof statements>
  #place: number

  constructor(sql: SqlStorage) {
    this.#statements = statements(sql)
    this.#place = this.#statements.lastPlace()?.place ?? 0
  }

  /** A value that has not expired. */
  find(key: string, nowMs: number): SealedValue | null {
    const row = this.#statements.find(key, nowMs)
    if (row === undefined) return null
    const about: KeptAbout = {
      kind: row.kind,
      model: row.model,
      storedAtMs: row.stored_at_ms,
      expiresAtMs: row.expires_at_ms,
      knowledgeVersion: row.knowledge_version,
      savedTokens: row.saved_tokens,
      savedMicroUsd: row.saved_micro_usd,
    }
    return { key, sealed: row.sealed, about }
  }

  has(key: string, nowMs: number): boolean {
    return this.#statements.has(key, nowMs) !== undefined
  }

  /** Adds a value behind all others of its queue; there is none of its key. */
  insert({ key, sealed, about }: SealedValue, { queue, hits }: StoredStanding): void {
    const place = this.#next()
    const { kind, model, storedAtMs, expiresAtMs, knowledgeVersion, savedTokens, savedMicroUsd } = about
    this.#statements.insert(
      ...[key, place, kind, model, storedAtMs, expiresAtMs, knowledgeVersion, savedTokens, savedMicroUsd],
      ...[sealed.length, queue, place, hits],
    )
    this.#statements.insertSealed(place, sealed)
  }

  /** Behind all others of the main queue. */
  move(key: string, { queue, hits }: StoredStanding): void {
    this.#statements.move(queue, this.#next(), hits, key)
  }

  setHits(key: string, hits: number): void {
    this.#statements.setHits(hits, key)
  }

  drop(key: string): void {
    this.#statements.dropSealed(key)
    this.#statements.drop(key)
  }

  savings(key: string): { savedTokens: number; savedMicroUsd: number } | null {
    const row = this.#statements.savings(key)
    return row === undefined ? null : { savedTokens: row.saved_tokens, savedMicroUsd: row.saved_micro_usd ?? 0 }
  }

  /** In the order in which they are to be put back into their queues. */
  queued(): Iterable<QueueRow> {
    return this.#statements.queued()
  }

  expired(nowMs: number): string[] {
    return this.#statements.expired(nowMs).map(({ key }) => key)
  }

  /** When the next one expires; null where there is nothing. */
  nextExpiryMs(): number | null {
    return this.#statements.nextExpiry()?.expires_at_ms ?? null
  }

  matching({ model, beforeMs, knowledgeVersion }: PurgeFilter): string[] {
    const [ofModel, ofVersion] = [model ?? null, knowledgeVersion ?? null]
    const before = beforeMs ?? Number.MAX_SAFE_INTEGER
    return this.#statements.matching(ofModel, ofModel, before, ofVersion, ofVersion).map(({ key }) => key)
  }

  add({ hits, corrupt, savedTokens, savedMicroUsd }: Counted): void {
    this.#statements.add(hits.hit, hits.semantic, hits.coalesced, corrupt, savedTokens, savedMicroUsd)
  }

  purges(): number {
    return this.#statements.totals()?.purges ?? 0
  }

  setPurges(count: number): void {
    this.#statements.setPurges(count)
  }

  stats(nowMs: number): CacheStats {
    const totals = this.#statements.totals()
    const sums = this.#statements.sums(nowMs)
    return {
      entries: sums?.entries ?? 0,
      bytes: sums?.bytes ?? 0,
      hits: { hit: totals?.hit ?? 0, semantic: totals?.semantic ?? 0, coalesced: totals?.coalesced ?? 0 },
      corrupt: totals?.corrupt ?? 0,
      savedTokens: totals?.saved_tokens ?? 0,
      savedMicroUsd: totals?.saved_micro_usd ?? 0,
    }
  }

  #next(): number {
    this.#place += 1
    return this.#place
  }
}

function statements(sql: SqlStorage) {
  type Found = {
    kind: KeptKind
    model: string
    stored_at_ms: number
    expires_at_ms: number
    knowledge_version: string | null
    saved_tokens: number
    saved_micro_usd: number | null
    sealed: string
  }
  type Totals = {
    hit: number
    semantic: number
    coalesced: number
    corrupt: number
    saved_tokens: number
    saved_micro_usd: number
    purges: number
  }
  return {
    lastPlace: first<{ place: number | null }>(sql, 'SELECT max(place) AS place FROM entries'),
    find: first<Found, [string, number]>(
      sql,
      `SELECT kind, model, stored_at_ms, expires_at_ms, knowledge_version, saved_tokens, saved_micro_usd, sealed
        FROM entries JOIN sealed USING (id) WHERE key = ? AND expires_at_ms > ?`,
    ),
    has: first<{ id: number }, [string, number]>(sql, 'SELECT id FROM entries WHERE key = ? AND expires_at_ms > ?'),
    insert: run(sql, 'INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)') as (
      ...values: (string | number | null)[]
    ) => void,
    insertSealed: run<[number, string]>(sql, 'INSERT INTO sealed VALUES (?, ?)'),
    move: run<[string, number, number, string]>(sql, 'UPDATE entries SET queue = ?, place = ?, hits = ? WHERE key = ?'),
    setHits: run<[number, string]>(sql, 'UPDATE entries SET hits = ? WHERE key = ?'),
    drop: run<[string]>(sql, 'DELETE FROM entries WHERE key = ?'),
    dropSealed: run<[string]>(sql, 'DELETE FROM sealed WHERE id = (SELECT id FROM entries WHERE key = ?)'),
    savings: first<{ saved_tokens: number; saved_micro_usd: number | null }, [string]>(
      sql,
      'SELECT saved_tokens, saved_micro_usd FROM entries WHERE key = ?',
    ),
    queued: each<QueueRow>(
      sql,
      'SELECT key, chars, queue, hits, saved_tokens, saved_micro_usd FROM entries ORDER BY place',
    ),
    expired: all<{ key: string }, [number]>(sql, 'SELECT key FROM entries WHERE expires_at_ms <= ?'),
    nextExpiry: first<{ expires_at_ms: number | null }>(sql, 'SELECT min(expires_at_ms) AS expires_at_ms FROM entries'),
    matching: all<{ key: string }, [string | null, string | null, number, string | null, string | null]>(
      sql,
      `SELECT key FROM entries WHERE (? IS NULL OR model = ?) AND stored_at_ms < ?
        AND (? IS NULL OR knowledge_version = ?)`,
    ),
    add: run<[number, number, number, number, number, number]>(
      sql,
      `UPDATE totals SET hit = hit + ?, semantic = semantic + ?, coalesced = coalesced + ?, corrupt = corrupt + ?,
        saved_tokens = saved_tokens + ?, saved_micro_usd = saved_micro_usd + ?`,
    ),
    totals: first<Totals>(sql, 'SELECT * FROM totals'),
    setPurges: run<[number]>(sql, 'UPDATE totals SET purges = ?'),
    sums: first<{ entries: number; bytes: number | null }, [number]>(
      sql,
      'SELECT count(*) AS entries, sum(chars) AS bytes FROM entries WHERE expires_at_ms > ?',
    ),
  }
}
