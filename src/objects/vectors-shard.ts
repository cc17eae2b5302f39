/** Vectors of one shard: their rows, and in memory the spaces that were asked of lately. */
import { VECTOR_SHARD_BYTES_MAX, VECTORS_PER_SHARD_MAX } from '../core/recall/limits.ts'
import type { PurgeFilter } from '../core/recall/types.ts'
import { quantise, queryOf } from '../core/semantic/quantised.ts'
import type { Member, RouteId, VectorSpace } from '../core/semantic/types.ts'
import { strideOf, VectorMemory } from './vectors-memory.ts'
import { type Removed, type SpaceRow, VectorRows } from './vectors-rows.ts'
import { SpaceVectors } from './vectors-space.ts'

/** A stored question near the asked one. */
export interface Near {
  /** JSON of a Member. */
  readonly member: string
  readonly group: string
  /** How many members of its group there are. */
  readonly groupSize: number
  readonly similarity: number
}

/** How many vectors went, and the groups that have none any more. */
export interface Loss {
  readonly vectors: number
  readonly groups: readonly (RouteId & { readonly group: string })[]
}

/** Where removing one by one costs more than to read the rest of a space again. */
const REMOVED_ONE_BY_ONE_MAX = 64

let memory: VectorMemory | undefined

/** One for all shards of an isolate, made when the first of them needs it. */
function sharedMemory(): VectorMemory {
  memory ??= new VectorMemory()
  return memory
}

/** All of it is synchronous: nothing comes between rows and memory. Changes belong in a transaction. */
export class ShardVectors {
  readonly #rows: VectorRows
  readonly #spaces = new Map<number, SpaceVectors>()
  /** Counted when a vector is first added. */
  #size: { vectors: number; bytes: number } | undefined

  constructor(sql: SqlStorage) {
    this.#rows = new VectorRows(sql)
  }

  /** The most similar members of a space that have not expired, most similar first. */
  nearest(space: VectorSpace, vector: Float32Array, count: number, nowMs: number): Near[] {
    const row = this.#rows.space(space)
    if (row === undefined) return []
    checkLength(row, vector)
    const found = this.#vectorsOf(row).nearest(queryOf(vector), count, nowMs)
    if (found.length === 0) return []
    const members = this.#rows.members(found.map(({ seq }) => seq))
    const sizes = this.#rows.groupSizes(row.id, [...new Set([...members.values()].map(({ group }) => group))])
    return found.flatMap(({ seq, similarity }) => {
      const member = members.get(seq)
      return member === undefined ? [] : [{ ...member, groupSize: sizes.get(member.group) ?? 0, similarity }]
    })
  }

  /** Replaces a member of the same id. Beyond the bounds expired ones leave, then the oldest. */
  add(space: VectorSpace, member: Member, vector: Float32Array, nowMs: number): Loss {
    const row = this.#rows.space(space) ?? this.#rows.insertSpace(space, vector.length)
    checkLength(row, vector)
    const size = this.#sizeNow()
    const gone = this.#forget(this.#rows.removeId(row.id, member.id))
    const stored = quantise(vector)
    const seq = this.#rows.insert(row.id, member, stored)
    this.#spaces.get(row.id)?.add(seq, stored, member.expiresAtMs)
    size.vectors += 1
    size.bytes += strideOf(vector.length)
    if (isOver(size)) gone.push(...this.#forget(this.#rows.removeExpired(nowMs)))
    while (isOver(size)) gone.push(...this.#forget(this.#rows.removeOldest()))
    return this.#lossOf(gone)
  }

  dropGroup(space: VectorSpace, group: string): Loss {
    const row = this.#rows.space(space)
    return this.#lossOf(row === undefined ? [] : this.#forget(this.#rows.removeGroup(row.id, group)))
  }

  purge(filter: PurgeFilter): Loss {
    return this.#lossOf(this.#forget(this.#rows.removeFitting(filter)))
  }

  /** Removes what has expired, and spaces without vectors. */
  prune(nowMs: number): Loss {
    const loss = this.#lossOf(this.#forget(this.#rows.removeExpired(nowMs)))
    this.#rows.removeEmptySpaces()
    return loss
  }

  count(route: RouteId): { vectors: number; groups: number } {
    return this.#rows.count(route)
  }

  /** When the first of the vectors expires; null where there are none. */
  nextExpiryMs(): number | null {
    return this.#rows.nextExpiryMs()
  }

  /** Nothing in memory counts any more: a transaction was rolled back, or everything was erased. */
  reset(): void {
    for (const vectors of this.#spaces.values()) vectors.close()
    this.#spaces.clear()
    this.#size = undefined
  }

  #vectorsOf({ id, dimensions }: SpaceRow): SpaceVectors {
    const held = this.#spaces.get(id)
    if (held !== undefined) return held
    const vectors = new SpaceVectors(sharedMemory(), dimensions, () => this.#spaces.delete(id))
    this.#spaces.set(id, vectors)
    for (const { seq, scale, expires_ms, vector } of this.#rows.each(id))
      vectors.add(seq, { bytes: new Int8Array(vector), scale }, expires_ms)
    return vectors
  }

  #sizeNow(): { vectors: number; bytes: number } {
    if (this.#size !== undefined) return this.#size
    const size = { vectors: 0, bytes: 0 }
    for (const { vectors, dimensions } of this.#rows.sizes()) {
      size.vectors += vectors
      size.bytes += vectors * strideOf(dimensions)
    }
    this.#size = size
    return size
  }

  /** Rows that were removed leave the memory, too. */
  #forget(removed: Removed[]): Removed[] {
    for (const [id, rows] of Map.groupBy(removed, ({ space }) => space)) {
      const vectors = this.#spaces.get(id)
      if (rows.length <= REMOVED_ONE_BY_ONE_MAX) for (const { seq } of rows) vectors?.remove(seq)
      else vectors?.close()
      if (this.#size === undefined) continue
      this.#size.vectors -= rows.length
      this.#size.bytes -= rows.length * strideOf(this.#rows.spaceOf(id)?.dimensions ?? 0)
    }
    return removed
  }

  #lossOf(removed: readonly Removed[]): Loss {
    const groups = [...Map.groupBy(removed, ({ space }) => space)].flatMap(([id, rows]) => {
      const space = this.#rows.spaceOf(id)
      if (space === undefined) return []
      const names = [...new Set(rows.map(({ answer_group: group }) => group))]
      const left = this.#rows.groupSizes(id, names)
      return names
        .filter((group) => !left.has(group))
        .map((group) => ({ route: space.route, encoder: space.encoder, group }))
    })
    return { vectors: removed.length, groups }
  }
}

const isOver = ({ vectors, bytes }: { vectors: number; bytes: number }): boolean =>
  vectors > VECTORS_PER_SHARD_MAX || bytes > VECTOR_SHARD_BYTES_MAX

function checkLength({ dimensions }: SpaceRow, vector: Float32Array): void {
  if (dimensions !== vector.length) throw new RangeError('the vector has another length than those of its space')
}
