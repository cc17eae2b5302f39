/** Vectors in bytes: how far similarities may be off, and what no sum may do. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { VECTOR_DIMENSIONS_MAX } from '../../../src/core/recall/limits.ts'
import { quantise, queryOf, similarityOf } from '../../../src/core/semantic/quantised.ts'

/** The sum that the scan makes. */
function sumOf(asked: Float32Array, stored: Float32Array): number {
  const { numbers } = queryOf(asked)
  return quantise(stored).bytes.reduce((sum, byte, index) => sum + byte * (numbers[index] ?? 0), 0)
}

const similarity = (asked: Float32Array, stored: Float32Array): number =>
  similarityOf(sumOf(asked, stored) * quantise(stored).scale, queryOf(asked).scale)

function cosine(a: Float32Array, b: Float32Array): number {
  const product = a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0)
  return product / (Math.hypot(...a) * Math.hypot(...b))
}

/** Numbers that look like those of an encoder: about normal, the same for the same seed. */
function vectorOf(seed: number, dimensions: number): Float32Array {
  let state = seed * 2_654_435_761 + 1
  const uniform = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  return Float32Array.from({ length: dimensions }, () => uniform() + uniform() + uniform() + uniform() - 2)
}

it('is off by a few thousandths at most, at any length and in any direction', () => {
  for (const dimensions of [384, 1536, 3072])
    for (let seed = 1; seed <= 60; seed++) {
      const [a, b] = [vectorOf(seed, dimensions), vectorOf(seed + 1000, dimensions)]
      // From far to near: b turned towards a.
      for (const part of [0, 1, 4]) {
        const near = b.map((value, index) => value + part * (a[index] ?? 0))
        expect(Math.abs(similarity(a, near) - cosine(a, near))).toBeLessThan(0.004)
      }
    }
})

it('is 1 for the same vector, and −1 for its opposite', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 1, max: 800 }), (seed, dimensions) => {
      const vector = vectorOf(seed, dimensions)
      fc.pre(vector.some((value) => value !== 0))
      expect(similarity(vector, vector)).toBeCloseTo(1, 3)
      expect(
        similarity(
          vector,
          vector.map((value) => -value),
        ),
      ).toBeCloseTo(-1, 3)
    }),
  )
})

it('does not go by length', () => {
  const vector = vectorOf(7, 384)
  const [small, large] = [vector.map((value) => value / 1000), vector.map((value) => value * 1000)]
  expect(similarity(small, large)).toBeCloseTo(1, 3)
})

it('has every sum in 32 bits, however long the vector and whatever is in it', () => {
  const length = VECTOR_DIMENSIONS_MAX
  const flat = new Float32Array(length).fill(1)
  const steep = flat.map((_, index) => (index === 0 ? 1 : 1e-6))
  const signs = flat.map((_, index) => (index % 2 === 0 ? 1 : -1))
  for (const stored of [flat, steep, signs, vectorOf(3, length)])
    for (const asked of [flat, steep, signs, stored, vectorOf(4, length)])
      expect(Math.abs(sumOf(asked, stored))).toBeLessThan(2 ** 31)
  expect(similarity(flat, flat)).toBeCloseTo(1, 6)
})

it('has a vector of zeros, or of what is no number, near nothing', () => {
  const zeros = new Float32Array(8)
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const broken = vectorOf(1, 8).fill(value, 3, 4)
    expect([similarity(broken, vectorOf(1, 8)), similarity(vectorOf(1, 8), broken)]).toEqual([0, 0])
  }
  expect(quantise(zeros)).toEqual({ bytes: new Int8Array(8), scale: 0 })
  expect([similarity(zeros, vectorOf(1, 8)), similarity(vectorOf(1, 8), zeros)]).toEqual([0, 0])
})
