/** A tenant's usage in its object's database: segments of single records, and roll-ups that are added to. */
import { RECENT_IDS_MAX, USAGE_PRUNE_MS, USAGE_RAW_BYTES_MAX, USAGE_RAW_MS, USAGE_ROLLUP_MS } from '../core/limits.ts'
import { RecentIds } from '../core/recent-ids.ts'
import {
  addRecord,
  emptyRollup,
  mergeRollup,
  type Rollup,
  RollupGroups,
  type RollupKey,
  type RollupQuery,
  type RollupRow,
  rollupKeyOf,
} from '../core/rollup.ts'
import { type PackedRecords, packRecords, unpackRecords } from '../core/usage-pack.ts'
import type { UsageRecord } from '../core/usage-record.ts'
import {
  dayOf,
  endOfHour,
  newestFirst,
  parseCursor,
  type Segment,
  segmentsOf,
  startOf,
  usageRange,
} from '../core/usage-segments.ts'
import { all, each, first, run } from './sql.ts'

/**
 * `segments.id` is the latest start in the segment, in ms, times SPREAD, plus a running number: one tree holds the
 * rows in the order they are read in, and a batch costs one write instead of two. `pruned` has at most one row: the
 * instant from which on no record is missing.
 */
export const USAGE_SCHEMA = `
  CREATE TABLE segments (
    id INTEGER PRIMARY KEY, from_ms INTEGER NOT NULL, chars INTEGER NOT NULL, records TEXT NOT NULL);
  CREATE TABLE rollups (
    day TEXT NOT NULL, model TEXT NOT NULL, key TEXT NOT NULL, status INTEGER NOT NULL, sums TEXT NOT NULL,
    PRIMARY KEY (day, model, key, status)) WITHOUT ROWID;
  CREATE TABLE pruned (raw_from_ms INTEGER NOT NULL);`

const SPREAD = 1000
/** How far back ids are read again after an eviction. */
const RECENT_MS = 300_000

/** What a log keeps; core/limits.ts unless a test says otherwise. */
export interface UsageBounds {
  readonly rawBytesMax: number
  readonly recentIdsMax: number
}

/** The usage of one tenant. Only for an object that has its schema. */
export class UsageLog {
  readonly #storage: DurableObjectStorage
  readonly #statements: ReturnType<typeof statements>
  readonly #bounds: UsageBounds
  /** Ids of the records that began lately; read from the segments before the first batch. */
  #recent: RecentIds | null = null

  constructor(
    storage: DurableObjectStorage,
    bounds: UsageBounds = { rawBytesMax: USAGE_RAW_BYTES_MAX, recentIdsMax: RECENT_IDS_MAX },
  ) {
    this.#storage = storage
    this.#statements = statements(storage.sql)
    this.#bounds = bounds
  }

  /**
   * Keeps the records that are new, with what `settle` makes of them in the same transaction; a batch is one segment and
   * one upsert per roll-up. What fails is not kept, and may come again.
   */
  record(
    records: readonly UsageRecord[],
    nowMs: number,
    settle: (fresh: readonly UsageRecord[]) => void = () => {},
  ): void {
    this.#recent ??= this.#readRecent(nowMs)
    const recent = this.#recent
    const fresh = this.#unknown(records, recent)
    const segments = segmentsOf(fresh)
    const sums = sumsOf(fresh)
    this.#storage.transactionSync(() => {
      for (const segment of segments) this.#insert(segment)
      for (const { key, rollup } of sums) this.#add(key, rollup)
      settle(fresh)
    })
    for (const record of fresh) recent.add(record.requestId, startOf(record))
  }

  /** Single records, newest first. */
  requests(after: string | undefined, limit: number): { data: UsageRecord[]; hasMore: boolean; last: string | null } {
    const cursor = after === undefined ? null : parseCursor(after)
    if (after !== undefined && cursor === null) return { data: [], hasMore: false, last: null }
    const rows =
      cursor === null
        ? this.#statements.newest()
        : this.#statements.newestFrom(endOfHour(cursor.atMs) * SPREAD, cursor.atMs)
    return newestFirst(parsed(rows), cursor, limit)
  }

  /** Sums by group: whole days from the roll-ups, the rest of the range from single records. */
  usage(query: RollupQuery, nowMs: number): RollupRow[] {
    const rawFromMs = this.#statements.rawFrom()?.raw_from_ms ?? 0
    const { days, parts } = usageRange(instant(query.from), instant(query.to), rawFromMs, nowMs)
    const groups = new RollupGroups(query)
    for (const row of this.#statements.rollups(days.from ?? '', days.to ?? '~')) {
      groups.add({ ...row, model: row.model === '' ? null : row.model }, JSON.parse(row.sums) as Rollup)
    }
    for (const { fromMs, toMs } of parts) {
      for (const { records } of parsed(this.#statements.between(fromMs * SPREAD, endOfHour(toMs) * SPREAD, toMs))) {
        for (const record of records) {
          const atMs = startOf(record)
          if (atMs >= fromMs && atMs < toMs) groups.addRecord(record)
        }
      }
    }
    return groups.rows()
  }

  /** Deletes what is past its time or bound; answers when to look again, null when there is nothing left to prune. */
  prune(nowMs: number): number | null {
    this.#pruneRaw(nowMs - USAGE_RAW_MS)
    this.#statements.dropRollups(dayOf(nowMs - USAGE_ROLLUP_MS))
    // A database of less than the bound cannot hold more records than it: the usual case costs no scan.
    if (this.#storage.sql.databaseSize > this.#bounds.rawBytesMax) this.#pruneBytes()
    return this.#statements.anything() === undefined ? null : nowMs + USAGE_PRUNE_MS
  }

  #pruneBytes(): void {
    let chars = 0
    let keptFrom: number | undefined
    for (const row of this.#statements.sizes()) {
      chars += row.chars
      if (chars > this.#bounds.rawBytesMax) {
        keptFrom = Math.floor(row.id / SPREAD) + 1
        break
      }
    }
    if (keptFrom !== undefined) this.#pruneRaw(keptFrom)
  }

  #pruneRaw(beforeMs: number): void {
    if (this.#statements.oldest(beforeMs * SPREAD) === undefined) return
    this.#storage.transactionSync(() => {
      this.#statements.dropSegments(beforeMs * SPREAD)
      this.#statements.dropRawFrom()
      this.#statements.putRawFrom(beforeMs)
    })
  }

  #insert({ fromMs, toMs, records }: Segment): void {
    const base = toMs * SPREAD
    const taken = this.#statements.lastOf(base, base + SPREAD - 1)
    const text = JSON.stringify(packRecords(records))
    this.#statements.insert(taken === undefined ? base : taken.id + 1, fromMs, text.length, text)
  }

  #add(key: RollupKey, rollup: Rollup): void {
    const at = [key.day, key.model ?? '', key.key, key.status] as const
    const stored = this.#statements.rollup(...at)
    if (stored !== undefined) mergeRollup(rollup, JSON.parse(stored.sums) as Rollup)
    this.#statements.putRollup(...at, JSON.stringify(rollup))
  }

  /**
   * The records that are neither stored nor twice in the batch. For one that began since the memory of ids is complete
   * it alone decides; older ones (a long stream, a flush that comes late) are looked for in the segments of their time.
   */
  #unknown(records: readonly UsageRecord[], recent: RecentIds): UsageRecord[] {
    const unseen = new Map<string, UsageRecord>()
    for (const record of records) {
      if (!recent.has(record.requestId)) unseen.set(record.requestId, record)
    }
    for (const record of unseen.values()) {
      if (startOf(record) < recent.completeFromMs && this.#isStored(record)) unseen.delete(record.requestId)
    }
    return [...unseen.values()]
  }

  #isStored(record: UsageRecord): boolean {
    const atMs = startOf(record)
    const text = JSON.stringify(record.requestId)
    return this.#statements.holding(atMs * SPREAD, endOfHour(atMs) * SPREAD, atMs, text) !== undefined
  }

  /** What was recorded before an eviction, as far back as is worth reading. */
  #readRecent(nowMs: number): RecentIds {
    const read: UsageRecord[] = []
    let completeFromMs = Number.NEGATIVE_INFINITY
    for (const { toMs, records } of parsed(this.#statements.newest())) {
      if (toMs < nowMs - RECENT_MS || read.length + records.length > this.#bounds.recentIdsMax) {
        completeFromMs = toMs + 1
        break
      }
      read.push(...records)
    }
    const recent = new RecentIds(this.#bounds.recentIdsMax, completeFromMs)
    for (const record of read) recent.add(record.requestId, startOf(record))
    return recent
  }
}

/** The roll-ups of a batch. */
function sumsOf(records: readonly UsageRecord[]): { key: RollupKey; rollup: Rollup }[] {
  const sums = new Map<string, { key: RollupKey; rollup: Rollup }>()
  let last: { key: RollupKey; rollup: Rollup } | undefined
  for (const record of records) {
    const key = rollupKeyOf(record)
    // Mostly it is that of the record before, and to make a name takes as long as all else.
    if (last === undefined || !isSameKey(last.key, key)) {
      const name = JSON.stringify([key.day, key.model, key.key, key.status])
      last = sums.get(name) ?? { key, rollup: emptyRollup() }
      sums.set(name, last)
    }
    addRecord(last.rollup, record)
  }
  return [...sums.values()]
}

const isSameKey = (one: RollupKey, other: RollupKey): boolean =>
  one.model === other.model && one.key === other.key && one.status === other.status && one.day === other.day

function* parsed(rows: Iterable<{ id: number; records: string }>): Generator<Omit<Segment, 'fromMs'>> {
  for (const { id, records } of rows) {
    yield {
      toMs: Math.floor(id / SPREAD),
      records: unpackRecords(JSON.parse(records) as PackedRecords | UsageRecord[]),
    }
  }
}

const instant = (text: string | undefined): number | undefined => (text === undefined ? undefined : Date.parse(text))

function statements(sql: SqlStorage) {
  type Stored = { id: number; records: string }
  type StoredRollup = { day: string; model: string; key: string; status: number; sums: string }
  const segment = 'SELECT id, records FROM segments'
  return {
    lastOf: first<{ id: number }, [number, number]>(
      sql,
      'SELECT id FROM segments WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1',
    ),
    insert: run<[number, number, number, string]>(sql, 'INSERT INTO segments VALUES (?, ?, ?, ?)'),
    holding: first<{ id: number }, [number, number, number, string]>(
      sql,
      'SELECT id FROM segments WHERE id >= ? AND id < ? AND from_ms <= ? AND instr(records, ?) > 0 LIMIT 1',
    ),
    newest: each<Stored>(sql, `${segment} ORDER BY id DESC`),
    newestFrom: each<Stored, [number, number]>(sql, `${segment} WHERE id < ? AND from_ms <= ? ORDER BY id DESC`),
    between: each<Stored, [number, number, number]>(sql, `${segment} WHERE id >= ? AND id < ? AND from_ms < ?`),
    sizes: each<{ id: number; chars: number }>(sql, 'SELECT id, chars FROM segments ORDER BY id DESC'),
    oldest: first<{ id: number }, [number]>(sql, 'SELECT id FROM segments WHERE id < ? LIMIT 1'),
    dropSegments: run<[number]>(sql, 'DELETE FROM segments WHERE id < ?'),
    rawFrom: first<{ raw_from_ms: number }>(sql, 'SELECT raw_from_ms FROM pruned'),
    dropRawFrom: run(sql, 'DELETE FROM pruned'),
    putRawFrom: run<[number]>(sql, 'INSERT INTO pruned VALUES (?)'),
    rollup: first<{ sums: string }, [string, string, string, number]>(
      sql,
      'SELECT sums FROM rollups WHERE day = ? AND model = ? AND key = ? AND status = ?',
    ),
    putRollup: run<[string, string, string, number, string]>(
      sql,
      'INSERT OR REPLACE INTO rollups VALUES (?, ?, ?, ?, ?)',
    ),
    rollups: all<StoredRollup, [string, string]>(sql, 'SELECT * FROM rollups WHERE day >= ? AND day < ?'),
    dropRollups: run<[string]>(sql, 'DELETE FROM rollups WHERE day < ?'),
    anything: first<{ day: string }>(sql, 'SELECT day FROM rollups LIMIT 1'),
  }
}
