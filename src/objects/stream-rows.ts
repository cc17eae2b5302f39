/** Rows of a stream's object: what it is, how it stands, and its events in sealed segments. */
import { STREAM_ROW_CHARS_MAX } from '../core/streams/limits.ts'
import type { ReplyHead, StreamAbout, StreamStatus } from '../core/streams/types.ts'
import { all, first, run } from './sql.ts'

/** `run` has one row. A segment that is too long for one row has several, in order of their parts. */
export const STREAM_SCHEMA = `
  CREATE TABLE run (
    about TEXT NOT NULL, status TEXT NOT NULL, head TEXT, ended_at_ms INTEGER,
    is_forgotten INTEGER NOT NULL DEFAULT 0);
  CREATE TABLE segments (
    first INTEGER NOT NULL, part INTEGER NOT NULL, last INTEGER NOT NULL, sealed TEXT NOT NULL,
    PRIMARY KEY (first, part)) WITHOUT ROWID;`

/** The one row. */
export interface RunRow {
  readonly about: StreamAbout
  readonly status: StreamStatus
  readonly head: ReplyHead | null
  readonly lastEvent: number | null
  readonly endedAtMs: number | null
  /** Its events are gone. */
  readonly isForgotten: boolean
}

/** Events from `first` to `last`, sealed. */
export interface StoredSegment {
  readonly first: number
  readonly last: number
  readonly sealed: string
}

/** Reads and writes the rows. Only for an object that has its schema. */
export class StreamRows {
  readonly #statements: ReturnType<typeof statements>

  constructor(sql: SqlStorage) {
    this.#statements = statements(sql)
  }

  run(): RunRow | null {
    const row = this.#statements.run()
    if (row === undefined) return null
    return {
      about: JSON.parse(row.about) as StreamAbout,
      status: row.status as StreamStatus,
      head: row.head === null ? null : (JSON.parse(row.head) as ReplyHead),
      lastEvent: row.last_event,
      endedAtMs: row.ended_at_ms,
      isForgotten: row.is_forgotten === 1,
    }
  }

  begin(about: StreamAbout): void {
    this.#statements.begin(JSON.stringify(about))
  }

  answer(head: ReplyHead): void {
    this.#statements.answer(JSON.stringify(head))
  }

  end(status: StreamStatus, endedAtMs: number): void {
    this.#statements.end(status, endedAtMs)
  }

  keep({ first: from, last, sealed }: StoredSegment): void {
    for (let part = 0; part * STREAM_ROW_CHARS_MAX < sealed.length; part += 1) {
      const text = sealed.slice(part * STREAM_ROW_CHARS_MAX, (part + 1) * STREAM_ROW_CHARS_MAX)
      this.#statements.keep(from, part, last, text)
    }
  }

  /** Drops the run: another may begin. */
  clear(): void {
    this.#statements.drop()
    this.#statements.clear()
  }

  /** Drops the events, and nothing else. */
  forget(): void {
    this.#statements.drop()
    this.#statements.forget()
  }

  /** The segment with the first event after a number; null where nothing later is kept. */
  after(number: number): StoredSegment | null {
    const found = this.#statements.after(number)
    if (found === undefined) return null
    const parts = this.#statements.parts(found.first)
    return { first: found.first, last: found.last, sealed: parts.map(({ sealed }) => sealed).join('') }
  }
}

function statements(sql: SqlStorage) {
  type Run = {
    about: string
    status: string
    head: string | null
    last_event: number | null
    ended_at_ms: number | null
    is_forgotten: number
  }
  return {
    run: first<Run>(sql, 'SELECT *, (SELECT max(last) FROM segments) AS last_event FROM run'),
    begin: run<[string]>(sql, "INSERT INTO run (about, status) VALUES (?, 'running')"),
    answer: run<[string]>(sql, 'UPDATE run SET head = ?'),
    end: run<[string, number]>(sql, 'UPDATE run SET status = ?, ended_at_ms = ?'),
    drop: run(sql, 'DELETE FROM segments'),
    clear: run(sql, 'DELETE FROM run'),
    forget: run(sql, 'UPDATE run SET is_forgotten = 1'),
    keep: run<[number, number, number, string]>(sql, 'INSERT OR REPLACE INTO segments VALUES (?, ?, ?, ?)'),
    after: first<{ first: number; last: number }, [number]>(
      sql,
      'SELECT first, last FROM segments WHERE last > ? ORDER BY first, part LIMIT 1',
    ),
    parts: all<{ sealed: string }, [number]>(sql, 'SELECT sealed FROM segments WHERE first = ? ORDER BY part'),
  }
}
