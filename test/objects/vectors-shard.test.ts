/** Vectors of a shard: rows and memory tell the same, whatever happened in which order. */
import { env, runInDurableObject } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { VECTOR_SHARD_BYTES_MAX } from '../../src/core/recall/limits.ts'
import { migrate } from '../../src/objects/sql.ts'
import { VECTORS_SCHEMA } from '../../src/objects/vectors-rows.ts'
import { ShardVectors } from '../../src/objects/vectors-shard.ts'
import { at, memberOf } from '../contracts/vector-index.ts'

const SPACE = { route: 'support', encoder: 'e/8', scope: 's1' }
const OTHER = { ...SPACE, scope: 's2' }

let count = 0
const withShard = (work: (shard: ShardVectors, sql: SqlStorage) => void): Promise<void> => {
  count += 1
  return runInDurableObject(env.INDEX.get(env.INDEX.idFromName(`shard-${count}`)), (_, { storage }) => {
    migrate(storage, [VECTORS_SCHEMA])
    work(new ShardVectors(storage.sql), storage.sql)
  })
}

const idsOf = (shard: ShardVectors, space = SPACE): string[] =>
  shard.nearest(space, at(0), 100, Date.now()).map(({ member }) => (JSON.parse(member) as { id: string }).id)

it('tells from memory what it tells from rows', () =>
  withShard((shard, sql) => {
    // A walk that the same seed takes again; every now and then another instance reads what the rows say.
    let seed = 7
    const draw = (below: number): number => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
      return Math.floor((seed / 2 ** 32) * below)
    }
    for (let step = 0; step < 600; step++) {
      const space = draw(3) === 0 ? OTHER : SPACE
      const nowMs = Date.now()
      const expiresAtMs = nowMs + (draw(10) === 0 ? -1 : 60_000)
      const doing = draw(20)
      if (doing < 16)
        shard.add(space, memberOf(`m${draw(150)}`, { group: `g${draw(12)}`, expiresAtMs }), at(draw(314) / 100), nowMs)
      else if (doing < 18) shard.dropGroup(space, `g${draw(12)}`)
      else if (doing === 18) shard.prune(nowMs)
      else if (step % 100 === 0) shard.purge({ model: 'support' })
      if (step % 20 !== 0) continue
      const fresh = new ShardVectors(sql)
      for (const one of [SPACE, OTHER]) {
        const found = (of: ShardVectors) =>
          of.nearest(one, at(1), 1000, nowMs).sort((a, b) => (a.member < b.member ? -1 : 1))
        expect(found(shard)).toEqual(found(fresh))
      }
      fresh.reset()
    }
  }))

it('tells which groups are gone, and how large the others are', () =>
  withShard((shard) => {
    const nowMs = Date.now()
    for (const [id, group] of [
      ['a', 'one'],
      ['b', 'one'],
      ['c', 'two'],
    ] as const)
      expect(shard.add(SPACE, memberOf(id, { group }), at(0), nowMs)).toEqual({ vectors: 0, groups: [] })
    expect(
      shard
        .nearest(SPACE, at(0), 10, nowMs)
        .map(({ group, groupSize }) => [group, groupSize])
        .sort(),
    ).toEqual([
      ['one', 2],
      ['one', 2],
      ['two', 1],
    ])
    const moved = shard.add(SPACE, memberOf('c', { group: 'one' }), at(0), nowMs)
    expect(moved).toEqual({ vectors: 1, groups: [{ route: 'support', encoder: 'e/8', group: 'two' }] })
    expect(shard.add(SPACE, memberOf('c', { group: 'one' }), at(0), nowMs)).toEqual({ vectors: 1, groups: [] })
    expect(shard.purge({ model: 'sales' })).toEqual({ vectors: 0, groups: [] })
    expect(shard.purge({})).toMatchObject({ vectors: 3, groups: [{ group: 'one' }] })
  }))

it('is bounded in bytes: of long vectors fewer are kept, what has expired leaves first', () =>
  withShard((shard, sql) => {
    const dimensions = 4096
    const long = (from: number): Float32Array => new Float32Array(dimensions).fill(1, from, from + 7)
    const space = { ...SPACE, encoder: 'long/4096' }
    const nowMs = Date.now()
    shard.add(space, memberOf('first'), long(0), nowMs)
    const kept = VECTOR_SHARD_BYTES_MAX / dimensions
    sql.exec(
      `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
       INSERT INTO vectors (space, id, answer_group, at_ms, expires_ms, member, scale, vector)
       SELECT space, 'copy ' || n, 'copies', at_ms, expires_ms, member, -scale, vector FROM vectors, numbers`,
      kept - 1,
    )
    shard.reset()
    sql.exec("UPDATE vectors SET expires_ms = 1 WHERE id IN ('copy 5', 'copy 6')")
    const rows = () => sql.exec<{ n: number }>('SELECT COUNT(*) AS n FROM vectors').one().n
    expect(rows()).toBe(kept)
    shard.add(space, memberOf('second'), long(100), nowMs)
    expect(rows()).toBe(kept - 1)
    shard.add(space, memberOf('third'), long(200), nowMs)
    expect(shard.nearest(space, long(0), 1, nowMs)[0]?.similarity).toBeCloseTo(1, 3)
    shard.add(space, memberOf('fourth'), long(300), nowMs)
    expect(rows()).toBe(kept)
    // The first is gone: nothing is like it any more.
    expect(shard.nearest(space, long(0), 1, nowMs)[0]?.similarity).toBeLessThan(0.1)
  }))

it('reads a space again after others have taken its memory, or after a purge of much of it', () =>
  withShard((shard) => {
    const nowMs = Date.now()
    for (let index = 0; index < 200; index++)
      shard.add(SPACE, memberOf(`m${index}`, { atMs: index, group: `g${index % 2}` }), at(index / 100), nowMs)
    expect(idsOf(shard)).toHaveLength(100)
    shard.purge({ beforeMs: 150 })
    expect(idsOf(shard).sort()).toEqual(Array.from({ length: 50 }, (_, index) => `m${index + 150}`).sort())
    shard.reset()
    expect(idsOf(shard)).toHaveLength(50)
    shard.dropGroup(SPACE, 'g0')
    expect(idsOf(shard)).toHaveLength(25)
    expect([shard.count(SPACE), shard.nextExpiryMs()]).toEqual([{ vectors: 25, groups: 1 }, expect.any(Number)])
  }))
