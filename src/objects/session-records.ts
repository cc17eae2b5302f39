/** Rows of one session: how it stands, its log, the sealed texts of that, and which row an item is in. */
import { SESSION_PIECE_CHARS } from '../core/session/limits.ts'
import type { ItemQuery, NewRow, RowKind, RowsPage, SealedSummary, SessionRow } from '../core/session/types.ts'
import { all, each, first, run } from './sql.ts'

/**
 * `session` has one row. `pieces`: a sealed text, cut; `id` is `seq` times PIECES_PER_ROW and the number of the piece.
 * `summary` has one row at most.
 */
export const SESSION_SCHEMA = `
  CREATE TABLE session (
    birth TEXT NOT NULL, created_at_ms INTEGER NOT NULL, metadata TEXT, ttl_ms INTEGER NOT NULL,
    used_at_ms INTEGER NOT NULL, epoch INTEGER NOT NULL, next_seq INTEGER NOT NULL, version INTEGER NOT NULL,
    last_status TEXT, last_at_ms INTEGER NOT NULL, target TEXT, target_at_ms INTEGER NOT NULL,
    print TEXT, run INTEGER NOT NULL, rows INTEGER NOT NULL, items INTEGER NOT NULL, chars INTEGER NOT NULL);
  CREATE TABLE log (
    seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL UNIQUE, at_ms INTEGER NOT NULL,
    tokens INTEGER NOT NULL, items INTEGER NOT NULL, chars INTEGER NOT NULL);
  CREATE INDEX log_with_items ON log (seq) WHERE items > 0;
  CREATE TABLE pieces (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
  CREATE TABLE items (id TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX items_by_row ON items (seq);
  CREATE TABLE summary (upto_seq INTEGER NOT NULL, name TEXT NOT NULL, sealed TEXT NOT NULL)`

/** Of one sealed text; SESSION_ROW_CHARS_MAX needs fewer. */
const PIECES_PER_ROW = 64

/** The row of `session`. */
export type SessionState = {
  birth: string
  created_at_ms: number
  metadata: string | null
  ttl_ms: number
  used_at_ms: number
  epoch: number
  next_seq: number
  /** `seq` of the last turn that was kept. */
  version: number
  last_status: 'finished' | 'broken' | 'cancelled' | null
  last_at_ms: number
  target: string | null
  target_at_ms: number
  print: string | null
  run: number
  rows: number
  items: number
  chars: number
}

type LogRow = { seq: number; kind: RowKind; name: string; at_ms: number; tokens: number; items: number; chars: number }

/** Only for an object that has the schema. The caller makes transactions. */
export class SessionRecords {
  readonly #statements: ReturnType<typeof statements>
  /** Changed by whoever calls, and written by `save`. */
  readonly state: SessionState

  constructor(sql: SqlStorage, fresh: () => SessionState) {
    this.#statements = statements(sql)
    const stored = this.#statements.state()
    this.state = stored ?? fresh()
    if (stored === undefined) this.#statements.insertState(...valuesOf(this.state))
  }

  save(): void {
    this.#statements.updateState(...valuesOf(this.state))
  }

  seqOf(name: string): number | null {
    return this.#statements.seqOf(name)?.seq ?? null
  }

  /** Adds a row behind all others; its number. */
  add(kind: RowKind, { name, sealed, tokens, ids }: AddedRow, atMs: number): number {
    const { state } = this
    const seq = state.next_seq
    state.next_seq += 1
    state.rows += 1
    this.#statements.insert(seq, kind, name, atMs, tokens, ids.length, sealed?.length ?? 0)
    this.#fill(seq, sealed, ids)
    return seq
  }

  /** Other items in the place of a row's; without any, it has none in the history. */
  rewrite(seq: number, { sealed, tokens, ids }: Omit<AddedRow, 'name'>): void {
    this.#empty(seq)
    this.#statements.rewrite(tokens, ids.length, sealed?.length ?? 0, seq)
    this.#fill(seq, sealed, ids)
  }

  /** Removes rows, the oldest first, until that is `enough`; never the newest. */
  trim(enough: () => boolean): void {
    while (!enough()) {
      const oldest = this.#statements.oldest()
      if (oldest === undefined || oldest.seq >= this.state.next_seq - 1) return
      this.#empty(oldest.seq)
      this.#statements.drop(oldest.seq)
      this.state.rows -= 1
    }
  }

  /** 0 where there is none. */
  oldestSeq(): number {
    return this.#statements.oldest()?.seq ?? 0
  }

  /**
   * Rows with items after `afterSeq`, as many of the newest as have so many tokens and sealed characters; one at least.
   * Oldest first.
   */
  newest(
    afterSeq: number,
    tokensMax: number,
    charsMax: number,
  ): { readonly rows: SessionRow[]; readonly hasOlder: boolean } {
    const found: LogRow[] = []
    let [tokens, chars] = [0, 0]
    let hasOlder = false
    for (const row of this.#statements.newest(afterSeq)) {
      tokens += row.tokens
      chars += row.chars
      hasOlder = (tokens > tokensMax || chars > charsMax) && found.length > 0
      if (hasOlder) break
      found.push(row)
    }
    return { rows: found.reverse().map((row) => this.#opened(row)), hasOlder }
  }

  /** Rows of any kind after `seq`, oldest first: so many, and no more sealed characters; one at least, if there is one. */
  after(seq: number, count: number, charsMax: number): SessionRow[] {
    let chars = 0
    const found = this.#statements.after(seq, count)
    const over = found.findIndex((row, index) => {
      chars += row.chars
      return chars > charsMax && index > 0
    })
    return (over === -1 ? found : found.slice(0, over)).map((row) => this.#opened(row))
  }

  /** The row that an item is in. */
  rowOf(itemId: string): SessionRow | null {
    const row = this.#statements.rowOf(itemId)
    return row === undefined ? null : this.#opened(row)
  }

  /**
   * Rows that hold the page asked for, and one item more where there is one, but no more rows and sealed characters than
   * these; one at least, if there is one. Null: there is no such item to come after.
   */
  page({ after, beyondSeq, limit, order }: ItemQuery, rowsMax: number, charsMax: number): RowsPage | null {
    const at = after === null ? null : (this.#statements.rowOf(after) ?? undefined)
    if (at === undefined) return null
    const found: LogRow[] = []
    // Any number of the first row's items may lie before the page.
    let wanted = limit + 1 + (beyondSeq === undefined ? (at?.items ?? 0) : 0)
    let chars = 0
    let isCut = false
    const step = order === 'asc' ? 1 : -1
    const start = at?.seq ?? (order === 'asc' ? 0 : Number.MAX_SAFE_INTEGER)
    const from = beyondSeq === undefined ? start : beyondSeq + step
    for (const row of order === 'asc' ? this.#statements.upFrom(from) : this.#statements.downFrom(from)) {
      chars += row.chars
      isCut = found.length > 0 && (chars > charsMax || found.length >= rowsMax)
      if (isCut) break
      found.push(row)
      wanted -= row.items
      if (wanted <= 0) break
    }
    return { rows: found.map((row) => this.#opened(row)), isCut }
  }

  summary(): SealedSummary | null {
    const row = this.#statements.summary()
    return row === undefined ? null : { uptoSeq: row.upto_seq, name: row.name, sealed: row.sealed }
  }

  setSummary({ uptoSeq, name, sealed }: SealedSummary): void {
    this.#statements.clearSummary()
    this.#statements.insertSummary(uptoSeq, name, sealed)
  }

  clearSummary(): void {
    this.#statements.clearSummary()
  }

  #fill(seq: number, sealed: string | null, ids: readonly string[]): void {
    const text = sealed ?? ''
    for (let piece = 0; piece * SESSION_PIECE_CHARS < text.length; piece += 1) {
      const from = piece * SESSION_PIECE_CHARS
      this.#statements.insertPiece(seq * PIECES_PER_ROW + piece, text.slice(from, from + SESSION_PIECE_CHARS))
    }
    for (const id of ids) this.#statements.insertItem(id, seq)
    this.state.items += ids.length
    this.state.chars += text.length
  }

  #empty(seq: number): void {
    const row = this.#statements.row(seq)
    if (row === undefined) return
    this.#statements.dropItems(seq)
    this.#statements.dropPieces(seq * PIECES_PER_ROW, (seq + 1) * PIECES_PER_ROW)
    this.state.items -= row.items
    this.state.chars -= row.chars
  }

  #opened({ seq, kind, name, at_ms: atMs, tokens, chars }: LogRow): SessionRow {
    if (chars === 0) return { seq, kind, name, atMs, sealed: null, tokens }
    const pieces = this.#statements.pieces(seq * PIECES_PER_ROW, (seq + 1) * PIECES_PER_ROW)
    return { seq, kind, name, atMs, sealed: pieces.map(({ text }) => text).join(''), tokens }
  }
}

/** What of a new row is stored. */
export type AddedRow = Pick<NewRow, 'name' | 'tokens' | 'ids'> & { readonly sealed: string | null }

const COLUMNS = [
  ...['birth', 'created_at_ms', 'metadata', 'ttl_ms', 'used_at_ms', 'epoch', 'next_seq', 'version', 'last_status'],
  ...['last_at_ms', 'target', 'target_at_ms', 'print', 'run', 'rows', 'items', 'chars'],
] as readonly (keyof SessionState)[]

const valuesOf = (state: SessionState): (string | number | null)[] => COLUMNS.map((column) => state[column])

const LOG = 'SELECT seq, kind, name, at_ms, tokens, items, chars FROM log'

function statements(sql: SqlStorage) {
  return {
    state: first<SessionState>(sql, `SELECT ${COLUMNS.join(', ')} FROM session`),
    insertState: run<(string | number | null)[]>(
      sql,
      `INSERT INTO session (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')})`,
    ),
    updateState: run<(string | number | null)[]>(
      sql,
      `UPDATE session SET ${COLUMNS.map((column) => `${column} = ?`).join(', ')}`,
    ),
    seqOf: first<{ seq: number }, [string]>(sql, 'SELECT seq FROM log WHERE name = ?'),
    row: first<LogRow, [number]>(sql, `${LOG} WHERE seq = ?`),
    insert: run<[number, string, string, number, number, number, number]>(
      sql,
      'INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?)',
    ),
    rewrite: run<[number, number, number, number]>(
      sql,
      'UPDATE log SET tokens = ?, items = ?, chars = ? WHERE seq = ?',
    ),
    drop: run<[number]>(sql, 'DELETE FROM log WHERE seq = ?'),
    oldest: first<{ seq: number }>(sql, 'SELECT seq FROM log ORDER BY seq LIMIT 1'),
    newest: each<LogRow, [number]>(sql, `${LOG} WHERE seq > ? AND items > 0 ORDER BY seq DESC`),
    after: all<LogRow, [number, number]>(sql, `${LOG} WHERE seq > ? ORDER BY seq LIMIT ?`),
    upFrom: each<LogRow, [number]>(sql, `${LOG} WHERE seq >= ? AND items > 0 ORDER BY seq`),
    downFrom: each<LogRow, [number]>(sql, `${LOG} WHERE seq <= ? AND items > 0 ORDER BY seq DESC`),
    rowOf: first<LogRow, [string]>(sql, `${LOG} WHERE seq = (SELECT seq FROM items WHERE id = ?)`),
    pieces: all<{ text: string }, [number, number]>(
      sql,
      'SELECT text FROM pieces WHERE id >= ? AND id < ? ORDER BY id',
    ),
    insertPiece: run<[number, string]>(sql, 'INSERT INTO pieces VALUES (?, ?)'),
    dropPieces: run<[number, number]>(sql, 'DELETE FROM pieces WHERE id >= ? AND id < ?'),
    // An item that comes again under a known id is found where it was last.
    insertItem: run<[string, number]>(sql, 'INSERT OR REPLACE INTO items VALUES (?, ?)'),
    dropItems: run<[number]>(sql, 'DELETE FROM items WHERE seq = ?'),
    summary: first<{ upto_seq: number; name: string; sealed: string }>(sql, 'SELECT * FROM summary'),
    clearSummary: run(sql, 'DELETE FROM summary'),
    insertSummary: run<[number, string, string]>(sql, 'INSERT INTO summary VALUES (?, ?, ?)'),
  }
}
