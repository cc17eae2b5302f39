/** The filter of a shard's keys: never a wrong no, seldom a wrong maybe. */
import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { Bloom } from '../../../src/core/recall/bloom.ts'
import { CACHE_DIGEST_BYTES_MAX } from '../../../src/core/recall/limits.ts'

const keyOf = (seed: string): string => createHash('sha256').update(seed).digest('base64url')
const strangers = Array.from({ length: 20_000 }, (_, index) => keyOf(`stranger ${index}`))
const shareOf = (filter: Bloom): number => strangers.filter((key) => filter.mayHold(key)).length / strangers.length

function filled(count: number, filter = Bloom.forKeys(count)) {
  const keys = Array.from({ length: count }, (_, index) => keyOf(`key ${index}`))
  for (const key of keys) filter.add(key)
  return { filter, keys }
}

it.each([0, 1, 100, 5000, 40_000])('knows all of %i keys, and few strangers', (count) => {
  const { filter, keys } = filled(count)
  expect(keys.every((key) => filter.mayHold(key))).toBe(true)
  expect(shareOf(filter)).toBeLessThan(0.005)
})

it('takes as many more as there is room for', () => {
  const filter = Bloom.forKeys(1000)
  expect(filter.room).toBe(2048)
  filled(2048, filter)
  expect(shareOf(filter)).toBeLessThan(0.03)
})

it('is bounded, and then says less', () => {
  const filter = Bloom.forKeys(10_000_000)
  expect(Buffer.from(filter.text(), 'base64')).toHaveLength(CACHE_DIGEST_BYTES_MAX)
  expect(filter.room).toBe(Number.POSITIVE_INFINITY)
})

it('travels as text', () => {
  const { filter, keys } = filled(300)
  const copy = Bloom.from(filter.text())
  expect(copy?.text()).toBe(filter.text())
  expect(keys.every((key) => copy?.mayHold(key))).toBe(true)
  copy?.add(strangers[0] ?? '')
  expect(copy?.mayHold(strangers[0] ?? '')).toBe(true)
})

it.each([
  ['nothing', ''],
  ['no base64', 'a*bc'],
  ['no power of two', Buffer.alloc(96).toString('base64')],
  ['too few bytes', Buffer.alloc(32).toString('base64')],
  ['too many bytes', Buffer.alloc(2 * CACHE_DIGEST_BYTES_MAX).toString('base64')],
])('is not made of %s', (_, text) => {
  expect(Bloom.from(text)).toBeNull()
})
