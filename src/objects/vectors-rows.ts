/** Rows of the vectors of one shard: spaces, and their members with what stands for their vectors. */
import type { PurgeFilter } from '../core/recall/types.ts'
import type { QuantisedVector } from '../core/semantic/quantised.ts'
import type { Member, RouteId, VectorSpace } from '../core/semantic/types.ts'
import { all, each, first, run } from './sql.ts'

/** A `seq` is later than all before it: the order in which vectors came. */
export const VECTORS_SCHEMA = `
  CREATE TABLE spaces (
    id INTEGER PRIMARY KEY, route TEXT NOT NULL, encoder TEXT NOT NULL, scope TEXT NOT NULL,
    dimensions INTEGER NOT NULL, UNIQUE (route, encoder, scope));
  CREATE TABLE vectors (
    seq INTEGER PRIMARY KEY, space INTEGER NOT NULL, id TEXT NOT NULL, answer_group TEXT NOT NULL,
    at_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL, knowledge TEXT, member TEXT NOT NULL,
    scale REAL NOT NULL, vector BLOB NOT NULL);
  CREATE UNIQUE INDEX vectors_by_id ON vectors (space, id);
  CREATE INDEX vectors_by_group ON vectors (space, answer_group);
  CREATE INDEX vectors_by_expiry ON vectors (expires_ms);`

/** A space with its row's id. */
export interface SpaceRow extends VectorSpace {
  readonly id: number
  readonly dimensions: number
}

/** A row as the memory keeps it. */
export interface VectorRow extends Record<string, SqlStorageValue> {
  seq: number
  scale: number
  expires_ms: number
  vector: ArrayBuffer
}

/** A member that is no more. */
export interface Removed extends Record<string, SqlStorageValue> {
  seq: number
  space: number
  answer_group: string
}

type SpaceValues = { id: number; route: string; encoder: string; scope: string; dimensions: number }

const REMOVED = 'RETURNING seq, space, answer_group'

/** Reads and writes the rows. Only for an object that has its schema. */
export class VectorRows {
  readonly #statements: ReturnType<typeof statements>

  constructor(sql: SqlStorage) {
    this.#statements = statements(sql)
  }

  space({ route, encoder, scope }: VectorSpace): SpaceRow | undefined {
    return this.#statements.space(route, encoder, scope)
  }

  spaceOf(id: number): SpaceRow | undefined {
    return this.#statements.spaceOf(id)
  }

  insertSpace({ route, encoder, scope }: VectorSpace, dimensions: number): SpaceRow {
    const row = this.#statements.insertSpace(route, encoder, scope, dimensions)
    if (row === undefined) throw new Error('the space was not stored')
    return row
  }

  /** Vectors of every space, and the bytes of each. */
  sizes(): { space: number; vectors: number; dimensions: number }[] {
    return this.#statements.sizes()
  }

  /** Vectors of one route and encoder, and the groups that they are in. */
  count({ route, encoder }: RouteId): { vectors: number; groups: number } {
    return this.#statements.count(route, encoder) ?? { vectors: 0, groups: 0 }
  }

  insert(space: number, member: Member, { bytes, scale }: QuantisedVector): number {
    const { id, group, atMs, expiresAtMs, knowledgeVersion } = member
    const text = JSON.stringify(member)
    const seq = this.#statements.insert(
      ...[space, id, group, atMs, expiresAtMs, knowledgeVersion, text, scale, bytes.buffer],
    )
    if (seq === undefined) throw new Error('the vector was not stored')
    return seq.seq
  }

  each(space: number): Iterable<VectorRow> {
    return this.#statements.each(space)
  }

  /** Members' JSON and group by their rows. */
  members(seqs: readonly number[]): Map<number, { member: string; group: string }> {
    const rows = this.#statements.members(JSON.stringify(seqs))
    return new Map(rows.map(({ seq, member, answer_group: group }) => [seq, { member, group }]))
  }

  /** How many members groups of a space have; none: absent. */
  groupSizes(space: number, groups: readonly string[]): Map<string, number> {
    const rows = this.#statements.groupSizes(space, JSON.stringify(groups))
    return new Map(rows.map(({ answer_group: group, members }) => [group, members]))
  }

  removeId(space: number, id: string): Removed[] {
    return this.#statements.removeId(space, id)
  }

  removeGroup(space: number, group: string): Removed[] {
    return this.#statements.removeGroup(space, group)
  }

  removeExpired(nowMs: number): Removed[] {
    return this.#statements.removeExpired(nowMs)
  }

  removeOldest(): Removed[] {
    return this.#statements.removeOldest()
  }

  removeFitting({ model, beforeMs, knowledgeVersion }: PurgeFilter): Removed[] {
    return this.#statements.removeFitting(model ?? null, beforeMs ?? null, knowledgeVersion ?? null)
  }

  removeEmptySpaces(): void {
    this.#statements.removeEmptySpaces()
  }

  /** When the first of the vectors expires; null where there are none. */
  nextExpiryMs(): number | null {
    return this.#statements.nextExpiry()?.expires_ms ?? null
  }
}

function statements(sql: SqlStorage) {
  return {
    space: first<SpaceValues, [string, string, string]>(
      sql,
      'SELECT * FROM spaces WHERE route = ? AND encoder = ? AND scope = ?',
    ),
    spaceOf: first<SpaceValues, [number]>(sql, 'SELECT * FROM spaces WHERE id = ?'),
    insertSpace: first<SpaceValues, [string, string, string, number]>(
      sql,
      'INSERT INTO spaces (route, encoder, scope, dimensions) VALUES (?, ?, ?, ?) RETURNING *',
    ),
    sizes: all<{ space: number; vectors: number; dimensions: number }>(
      sql,
      'SELECT space, COUNT(*) AS vectors, dimensions FROM vectors JOIN spaces ON spaces.id = space GROUP BY space',
    ),
    count: first<{ vectors: number; groups: number }, [string, string]>(
      sql,
      `SELECT COUNT(*) AS vectors, COUNT(DISTINCT answer_group) AS groups FROM vectors
       WHERE space IN (SELECT id FROM spaces WHERE route = ? AND encoder = ?)`,
    ),
    insert: first<
      { seq: number },
      [number, string, string, number, number, string | null, string, number, ArrayBuffer]
    >(
      sql,
      `INSERT INTO vectors (space, id, answer_group, at_ms, expires_ms, knowledge, member, scale, vector)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq`,
    ),
    each: each<VectorRow, [number]>(sql, 'SELECT seq, scale, expires_ms, vector FROM vectors WHERE space = ?'),
    members: all<{ seq: number; member: string; answer_group: string }, [string]>(
      sql,
      'SELECT seq, member, answer_group FROM vectors WHERE seq IN (SELECT value FROM json_each(?))',
    ),
    groupSizes: all<{ answer_group: string; members: number }, [number, string]>(
      sql,
      `SELECT answer_group, COUNT(*) AS members FROM vectors
       WHERE space = ? AND answer_group IN (SELECT value FROM json_each(?)) GROUP BY answer_group`,
    ),
    removeId: all<Removed, [number, string]>(sql, `DELETE FROM vectors WHERE space = ? AND id = ? ${REMOVED}`),
    removeGroup: all<Removed, [number, string]>(
      sql,
      `DELETE FROM vectors WHERE space = ? AND answer_group = ? ${REMOVED}`,
    ),
    removeExpired: all<Removed, [number]>(sql, `DELETE FROM vectors WHERE expires_ms <= ? ${REMOVED}`),
    removeOldest: all<Removed>(sql, `DELETE FROM vectors WHERE seq = (SELECT MIN(seq) FROM vectors) ${REMOVED}`),
    removeFitting: all<Removed, [string | null, number | null, string | null]>(
      sql,
      `DELETE FROM vectors WHERE (?1 IS NULL OR space IN (SELECT id FROM spaces WHERE route = ?1))
       AND (?2 IS NULL OR at_ms < ?2) AND (?3 IS NULL OR knowledge = ?3) ${REMOVED}`,
    ),
    removeEmptySpaces: run(sql, 'DELETE FROM spaces WHERE id NOT IN (SELECT space FROM vectors)'),
    nextExpiry: first<{ expires_ms: number | null }>(sql, 'SELECT MIN(expires_ms) AS expires_ms FROM vectors'),
  }
}
