/** Whose key is where, what is worth how much, and what a purge means. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { CACHE_SHARDS } from '../../../src/core/recall/limits.ts'
import { fitsFilter, shardOf, worthOf } from '../../../src/core/recall/shards.ts'

it('spreads keys evenly over the shards, always the same way', () => {
  const counts = Array.from({ length: CACHE_SHARDS }, () => 0)
  for (let seed = 0; seed < 8000; seed += 1) {
    const key = createHash('sha256').update(`${seed}`).digest('base64url')
    const shard = shardOf(key)
    expect(shardOf(key)).toBe(shard)
    counts[shard] = (counts[shard] ?? 0) + 1
  }
  for (const count of counts) expect(Math.abs(count - 8000 / CACHE_SHARDS)).toBeLessThan(250)
  expect(shardOf('')).toBe(0)
})

it('is worth what it saves, tokens of one’s own hardware too, and never nothing', () => {
  expect(worthOf({ savedTokens: 100, savedMicroUsd: 500 })).toBe(501)
  expect(worthOf({ savedTokens: 1000, savedMicroUsd: 0 })).toBe(101)
  expect(worthOf({ savedTokens: 1000, savedMicroUsd: null })).toBe(101)
  expect(worthOf({ savedTokens: 0, savedMicroUsd: null })).toBe(1)
})

describe('a filter', () => {
  const value = { model: 'chat', storedAtMs: 1000, knowledgeVersion: 'v1' }
  it.each([
    ['that names nothing', {}, true],
    ['of its model', { model: 'chat' }, true],
    ['of another model', { model: 'chat2' }, false],
    ['of a moment after it', { beforeMs: 1001 }, true],
    ['of its very moment', { beforeMs: 1000 }, false],
    ['of its knowledge', { knowledgeVersion: 'v1' }, true],
    ['of other knowledge', { knowledgeVersion: 'v2' }, false],
    ['that fits but for one field', { model: 'chat', beforeMs: 1001, knowledgeVersion: 'v2' }, false],
  ])('%s', (_, filter, fits) => {
    expect(fitsFilter(value, filter)).toBe(fits)
  })

  it('of a version fits nothing that has none', () => {
    expect(fitsFilter({ ...value, knowledgeVersion: null }, { knowledgeVersion: 'v1' })).toBe(false)
  })
})
