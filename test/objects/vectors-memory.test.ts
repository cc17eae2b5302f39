/** Memory of the scan: its sums, and whose pages are taken when there are no more. */
import { expect, it } from 'vitest'
import { VECTOR_DIMENSIONS_MAX } from '../../src/core/recall/limits.ts'
import { PAGE_BYTES, type PageHolder, strideOf, VectorMemory } from '../../src/objects/vectors-memory.ts'

/** Someone with pages, who tells how often they were taken. */
function holder(): PageHolder & { taken: number } {
  return {
    taken: 0,
    release() {
      this.taken += 1
    },
  }
}

/** Numbers that leave no lane of the scan alike. */
const bytesOf = (seed: number, length: number): Int8Array =>
  Int8Array.from({ length }, (_, index) => ((index * 37 + seed * 101) % 255) - 127)
const numbersOf = (length: number): Int16Array =>
  Int16Array.from({ length }, (_, index) => ((index * 7919) % 65_535) - 32_767)

const sumOf = (query: Int16Array, vector: Int8Array): number =>
  query.reduce((sum, number, index) => sum + number * (vector[index] ?? 0), 0)

it.each([1, 7, 8, 15, 16, 17, 31, 384, 1000, VECTOR_DIMENSIONS_MAX])('sums up %d dimensions', (dimensions) => {
  const memory = new VectorMemory()
  const page = memory.claim(holder())
  const stride = strideOf(dimensions)
  const count = Math.floor(PAGE_BYTES / stride)
  const vectors = Array.from({ length: count }, (_, index) => bytesOf(index, dimensions))
  // What lay there before must not count.
  memory.write(page, new Int8Array(PAGE_BYTES).fill(127))
  memory.ask(new Int16Array(VECTOR_DIMENSIONS_MAX).fill(1))
  for (const [index, vector] of vectors.entries()) memory.write(page + index * stride, vector)
  const query = numbersOf(dimensions)
  memory.ask(query)
  expect([...memory.sums(page, count, stride).slice(0, count)]).toEqual(vectors.map((vector) => sumOf(query, vector)))
})

it('keeps what is in it as it grows', () => {
  const memory = new VectorMemory()
  const owner = holder()
  const first = memory.claim(owner)
  memory.write(first, bytesOf(1, 32))
  for (let count = 0; count < 200; count++) memory.claim(owner)
  expect(memory.bytes).toBe(201 * PAGE_BYTES)
  memory.ask(numbersOf(32))
  expect(memory.sums(first, 1, 32)[0]).toBe(sumOf(numbersOf(32), bytesOf(1, 32)))
})

it('takes the pages of whoever used theirs the longest ago', () => {
  const memory = new VectorMemory(4 * PAGE_BYTES)
  const [a, b, c] = [holder(), holder(), holder()]
  for (const one of [a, a, b, b]) memory.claim(one)
  memory.touch(a)
  memory.claim(c)
  expect([a.taken, b.taken, c.taken]).toEqual([0, 1, 0])
  expect(memory.bytes).toBe(3 * PAGE_BYTES)
  memory.claim(c)
  memory.claim(c)
  expect([a.taken, b.taken, c.taken]).toEqual([1, 1, 0])
})

it('gives different pages to different holders, also those that were given back', () => {
  const memory = new VectorMemory(8 * PAGE_BYTES)
  const [a, b] = [holder(), holder()]
  const pages = [memory.claim(a), memory.claim(b), memory.claim(a)]
  memory.giveBack(a)
  memory.giveBackAll(b)
  expect(memory.bytes).toBe(PAGE_BYTES)
  const again = [memory.claim(a), memory.claim(b)]
  expect(new Set([pages[0], ...again]).size).toBe(3)
  expect(again.every((page) => pages.includes(page))).toBe(true)
  memory.giveBackAll(a)
  memory.giveBackAll(a)
  memory.giveBack(a)
  expect(memory.bytes).toBe(PAGE_BYTES)
})

it('refuses one holder more than there is', () => {
  const memory = new VectorMemory(2 * PAGE_BYTES)
  const owner = holder()
  memory.claim(owner)
  memory.claim(owner)
  expect(() => memory.claim(owner)).toThrow('more than the memory holds')
  expect(owner.taken).toBe(0)
})
