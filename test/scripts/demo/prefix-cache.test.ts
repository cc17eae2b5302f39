/** The prefix cache: whole blocks, from the front, the last token always computed, the oldest forgotten. */
import { expect, test } from 'vitest'
import { BLOCK_TOKENS, createPrefixCache } from '../../../scripts/demo/prefix-cache.ts'

const words = (from: number, count: number): string[] => Array.from({ length: count }, (_, index) => `w${from + index}`)

test('a shared beginning is cached in whole blocks', () => {
  const cache = createPrefixCache(1000)
  cache.keep(words(0, 40))
  expect(cache.cachedTokens([...words(0, 40), 'more'])).toBe(2 * BLOCK_TOKENS)
  expect(cache.cachedTokens(['other', ...words(0, 40)])).toBe(0)
})

test('the same text behind another beginning is no hit', () => {
  const cache = createPrefixCache(1000)
  cache.keep([...words(0, 16), ...words(100, 16)])
  expect(cache.cachedTokens([...words(50, 16), ...words(100, 16), 'x'])).toBe(0)
})

test('nothing is shared between salts', () => {
  const cache = createPrefixCache(1000)
  cache.keep(words(0, 40), 'one')
  expect(cache.cachedTokens(words(0, 40), 'one')).toBe(2 * BLOCK_TOKENS)
  expect([cache.cachedTokens(words(0, 40), 'two'), cache.cachedTokens(words(0, 40))]).toEqual([0, 0])
})

test('a prompt that is cached whole still has its last token computed', () => {
  const cache = createPrefixCache(1000)
  cache.keep(words(0, 32))
  expect(cache.cachedTokens(words(0, 32))).toBe(BLOCK_TOKENS)
})

test('beyond its capacity the block unused for longest goes first', () => {
  const cache = createPrefixCache(2 * BLOCK_TOKENS)
  cache.keep(words(0, 16))
  cache.keep(words(100, 16))
  expect(cache.usage()).toBe(1)
  expect(cache.cachedTokens([...words(0, 16), 'x'])).toBe(16)
  cache.keep(words(200, 16))
  expect(cache.cachedTokens([...words(0, 16), 'x'])).toBe(16)
  expect(cache.cachedTokens([...words(100, 16), 'x'])).toBe(0)
})
