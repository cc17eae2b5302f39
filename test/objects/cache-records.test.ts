/** Rows of a cache shard: what goes in comes out, in the order of the queues. */
import { env, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { CACHE_SCHEMA, CacheRecords } from '../../src/objects/cache-records.ts'
import { migrate } from '../../src/objects/sql.ts'
import { keptValue, keyOf } from '../support/cache-values.ts'

let count = 0
function withRecords(use: (open: () => CacheRecords) => void): Promise<void> {
  const stub = env.CACHE.get(env.CACHE.idFromName(`records-${++count}`))
  return runInDurableObject(stub, (_, { storage }) => {
    migrate(storage, [CACHE_SCHEMA])
    use(() => new CacheRecords(storage.sql))
  })
}

const NEW = { queue: 'small', hits: 0 } as const

describe('CacheRecords', () => {
  it('answer with a value as it was put, until it expires or is dropped', () =>
    withRecords((open) => {
      const records = open()
      const value = keptValue(keyOf('a'), { kind: 'embedding', knowledgeVersion: 'v1', savedMicroUsd: 0.5 })
      records.insert(value, NEW)
      const { expiresAtMs } = value.about
      expect(records.find(value.key, expiresAtMs - 1)).toEqual(value)
      expect([records.find(value.key, expiresAtMs), records.has(value.key, expiresAtMs)]).toEqual([null, false])
      expect(records.has(value.key, 0)).toBe(true)
      expect(records.savings(value.key)).toEqual({ savedTokens: 100, savedMicroUsd: 0.5 })
      expect([records.expired(expiresAtMs - 1), records.expired(expiresAtMs)]).toEqual([[], [value.key]])
      expect(records.nextExpiryMs()).toBe(expiresAtMs)
      records.drop(value.key)
      expect([records.find(value.key, 0), records.savings(value.key), records.nextExpiryMs()]).toEqual([
        null,
        null,
        null,
      ])
    }))

  it('keep the order of the queues, also for those opened later', () =>
    withRecords((open) => {
      const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((seed) => keptValue(keyOf(seed)))
      if (a === undefined || b === undefined || c === undefined || d === undefined) throw new Error('there are four')
      const records = open()
      for (const value of [a, b, c]) records.insert(value, NEW)
      records.move(a.key, { queue: 'main', hits: 1.5 })
      records.setHits(b.key, 2)
      const again = open()
      again.insert(d, NEW)
      expect([...again.queued()].map(({ key, queue, hits }) => [key, queue, hits])).toEqual([
        [b.key, 'small', 2],
        [c.key, 'small', 0],
        [a.key, 'main', 1.5],
        [d.key, 'small', 0],
      ])
    }))

  it('find what a purge names', () =>
    withRecords((open) => {
      const records = open()
      const one = keptValue(keyOf('one'), { model: 'chat', storedAtMs: 10, knowledgeVersion: 'v1' })
      const two = keptValue(keyOf('two'), { model: 'embed', storedAtMs: 20 })
      for (const value of [one, two]) records.insert(value, NEW)
      expect(records.matching({})).toHaveLength(2)
      expect(records.matching({ model: 'embed' })).toEqual([two.key])
      expect(records.matching({ beforeMs: 20 })).toEqual([one.key])
      expect(records.matching({ knowledgeVersion: 'v1' })).toEqual([one.key])
      expect(records.matching({ model: 'embed', knowledgeVersion: 'v1' })).toEqual([])
    }))

  it('add up what is counted', () =>
    withRecords((open) => {
      const records = open()
      const counted = { hits: { hit: 1, semantic: 2, coalesced: 3 }, corrupt: 4, savedTokens: 5, savedMicroUsd: 0.5 }
      records.add(counted)
      records.add(counted)
      records.setPurges(7)
      const sums = { hits: { hit: 2, semantic: 4, coalesced: 6 }, corrupt: 8, savedTokens: 10, savedMicroUsd: 1 }
      expect(open().stats(0)).toEqual({ entries: 0, bytes: 0, ...sums })
      expect(open().purges()).toBe(7)
    }))
})
