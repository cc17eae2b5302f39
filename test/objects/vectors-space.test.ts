/** Vectors of one space in memory, against all cosines computed one by one. */
import { expect, it } from 'vitest'
import { quantise, queryOf } from '../../src/core/semantic/quantised.ts'
import { PAGE_BYTES, VectorMemory } from '../../src/objects/vectors-memory.ts'
import { SpaceVectors } from '../../src/objects/vectors-space.ts'

const NEVER = Number.MAX_SAFE_INTEGER

/** A unit vector, the same for the same seed. */
function vectorOf(seed: number, dimensions: number): Float32Array {
  const vector = Float32Array.from({ length: dimensions }, (_, index) =>
    Math.sin(seed * 12.9898 + index * 78.233 + seed * index),
  )
  const length = Math.hypot(...vector)
  return vector.map((value) => value / length)
}

const cosine = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0)

function filled(count: number, dimensions: number, memory = new VectorMemory()) {
  const space = new SpaceVectors(memory, dimensions, () => {})
  for (let seq = 1; seq <= count; seq++) space.add(seq, quantise(vectorOf(seq, dimensions)), NEVER)
  return space
}

it.each([
  [3, 384],
  [300, 24],
  [2500, 16],
  [40, 3072],
])('finds the nearest of %d of %d dimensions', (count, dimensions) => {
  const space = filled(count, dimensions)
  for (const seed of [0.5, 7, 77.7]) {
    const asked = vectorOf(seed, dimensions)
    const exact = new Map(
      Array.from({ length: count }, (_, index) => [index + 1, cosine(asked, vectorOf(index + 1, dimensions))]),
    )
    const found = space.nearest(queryOf(asked), 10, 0)
    const best = [...exact.values()].sort((a, b) => b - a).slice(0, 10)
    expect(found).toHaveLength(Math.min(10, count))
    for (const [rank, { seq, similarity }] of found.entries()) {
      expect(Math.abs(similarity - (exact.get(seq) ?? 2))).toBeLessThan(0.02)
      expect(Math.abs(similarity - (best[rank] ?? 2))).toBeLessThan(0.02)
      expect(similarity).toBeLessThanOrEqual(found[rank - 1]?.similarity ?? 1)
    }
  }
})

it('passes over what has expired, to the millisecond', () => {
  const space = new SpaceVectors(new VectorMemory(), 16, () => {})
  for (const [seq, expiresAtMs] of [
    [1, 100],
    [2, 101],
    [3, NEVER],
  ] as const)
    space.add(seq, quantise(vectorOf(seq, 16)), expiresAtMs)
  const seqs = (nowMs: number) =>
    space
      .nearest(queryOf(vectorOf(1, 16)), 10, nowMs)
      .map(({ seq }) => seq)
      .sort()
  expect([seqs(99), seqs(100), seqs(101)]).toEqual([[1, 2, 3], [2, 3], [3]])
})

it('finds the others after any removal, and gives pages back', () => {
  const memory = new VectorMemory()
  const perPage = PAGE_BYTES / 64
  const count = perPage * 2 + 3
  const space = filled(count, 64, memory)
  expect(memory.bytes).toBe(3 * PAGE_BYTES)
  const removed = [1, count, perPage, perPage + 1, 5, 6, 7]
  for (const seq of [...removed, 999_999]) space.remove(seq)
  expect([space.size, memory.bytes]).toEqual([count - removed.length, 2 * PAGE_BYTES])
  for (const seq of [2, 3, perPage - 1, perPage + 2, count - 1])
    expect(space.nearest(queryOf(vectorOf(seq, 64)), 1, 0)[0]).toMatchObject({ seq })
  for (const seq of removed) expect(space.nearest(queryOf(vectorOf(seq, 64)), 1, 0)[0]?.seq).not.toBe(seq)
  for (let seq = 1; seq <= count; seq++) space.remove(seq)
  expect([space.size, memory.bytes, space.nearest(queryOf(vectorOf(1, 64)), 5, 0)]).toEqual([0, 0, []])
  space.add(1, quantise(vectorOf(1, 64)), NEVER)
  expect(space.nearest(queryOf(vectorOf(1, 64)), 5, 0)).toHaveLength(1)
})

it('tells when others needed its memory, and when it is closed', () => {
  const memory = new VectorMemory(2 * PAGE_BYTES)
  let released = 0
  const first = new SpaceVectors(memory, PAGE_BYTES / 8, () => {
    released += 1
  })
  first.add(1, quantise(vectorOf(1, PAGE_BYTES / 8)), NEVER)
  const second = filled(16, PAGE_BYTES / 8, memory)
  expect([released, first.size, second.size]).toEqual([1, 0, 16])
  second.close()
  expect([second.size, memory.bytes]).toEqual([0, 0])
})

it('has nothing near where nothing is asked for, and never what is no number', () => {
  const space = filled(3, 16)
  expect(space.nearest(queryOf(vectorOf(1, 16)), 0, 0)).toEqual([])
  const found = space.nearest(queryOf(new Float32Array(16).fill(Number.NaN)), 10, 0)
  expect(found.map(({ similarity }) => similarity)).toEqual([0, 0, 0])
})
