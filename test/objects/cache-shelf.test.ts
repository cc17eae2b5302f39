/** A shelf of values: what its memory and its rows agree on, before and after it was read again. */
import { env, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { Digest } from '../../src/core/recall/digest.ts'
import { KnownShard } from '../../src/core/recall/known-shard.ts'
import { CACHE_SCHEMA } from '../../src/objects/cache-records.ts'
import { CacheShelf, type ShelfRules } from '../../src/objects/cache-shelf.ts'
import { migrate } from '../../src/objects/sql.ts'
import { hitsOf, keptValue, keyOf, putOf } from '../support/cache-values.ts'

const RULES: ShelfRules = { isWanted: () => false, isPurged: () => false }
/** So long that a shard has room for 32 of them. */
const SEALED = 'x'.repeat(512 * 1024 - 512)

let count = 0
/** `open` makes the shelf anew over the same rows, as after an eviction. */
function withShelf(use: (open: (rules?: Partial<ShelfRules>) => CacheShelf, sql: SqlStorage) => void): Promise<void> {
  const stub = env.CACHE.get(env.CACHE.idFromName(`shelf-${++count}`))
  return runInDurableObject(stub, (_, { storage }) => {
    migrate(storage, [CACHE_SCHEMA])
    use((rules) => new CacheShelf(storage, new Digest(() => crypto.randomUUID()), { ...RULES, ...rules }), storage.sql)
  })
}
const big = (seed: number, more = {}) => putOf(keptValue(keyOf(`big ${seed}`), more, SEALED))

describe('a shelf', () => {
  it('knows after an eviction who is to leave first, and who was hit', () =>
    withShelf((open) => {
      const nowMs = Date.now()
      const shelf = open()
      for (let seed = 0; seed < 32; seed += 1) shelf.take([big(seed)], nowMs)
      shelf.take(
        [0, 1, 2].map((seed) => hitsOf(keyOf(`big ${seed}`), 'hit', 2)),
        nowMs,
      )
      // 3 leaves, and 0 to 2 go to the main queue on the way to it.
      shelf.take([big(100)], nowMs)
      shelf.take([hitsOf(keyOf('big 5'), 'hit', 3)], nowMs)
      const again = open()
      for (let seed = 101; seed < 104; seed += 1) again.take([big(seed)], nowMs)
      const left = [0, 1, 2, 3, 4, 5, 6, 7, 8].filter((seed) => again.has(keyOf(`big ${seed}`), nowMs))
      expect(left).toEqual([0, 1, 2, 5, 8])
    }))

  it('has in its digest what it has in its rows', () =>
    withShelf((open) => {
      const nowMs = Date.now()
      const shelf = open()
      const keys = Array.from({ length: 300 }, (_, seed) => keyOf(seed))
      shelf.take(
        keys.map((key) => putOf(keptValue(key))),
        nowMs,
      )
      const mayHold = (key: string): boolean => {
        const known = new KnownShard()
        known.learn({ mark: '0', digest: shelf.digest().news(null) }, nowMs)
        return known.know(key, nowMs, () => {}).mayHold
      }
      expect(keys.every(mayHold)).toBe(true)
      // Two thirds are gone: it is made anew of those who are left.
      shelf.take(
        keys.slice(100).map((key) => ({ kind: 'corrupt', key })),
        nowMs,
      )
      expect(keys.slice(0, 100).every(mayHold)).toBe(true)
      expect(keys.slice(100).filter(mayHold).length).toBeLessThan(20)
      expect(open().digest().news(null)).toHaveProperty('filter')
    }))

  it('tells which puts it has kept', () =>
    withShelf((open) => {
      const nowMs = Date.now()
      const [kept, purged, past] = ['kept', 'purged', 'past'].map((seed) => keyOf(seed)) as [string, string, string]
      const shelf = open({ isPurged: ({ key }) => key === purged })
      const news = [putOf(keptValue(kept)), putOf(keptValue(purged)), putOf(keptValue(past, { expiresAtMs: nowMs }))]
      expect(shelf.take(news, nowMs)).toEqual(new Set([kept]))
      // What is refused stands in nobody's place.
      expect(shelf.take([putOf(keptValue(kept, { expiresAtMs: nowMs }))], nowMs)).toEqual(new Set())
      expect(shelf.find(kept, nowMs)).not.toBeNull()
    }))

  it('refuses a large cheap value that many dear ones would leave for, unless somebody waits for it', () =>
    withShelf((open) => {
      const nowMs = Date.now()
      const shelf = open({ isWanted: (key) => key === keyOf('big 201') })
      const dear = Array.from({ length: 3900 }, (_, seed) => putOf(keptValue(keyOf(seed), {}, 'x'.repeat(3700))))
      shelf.take(dear, nowMs)
      const cheap = { savedTokens: 0, savedMicroUsd: 1 }
      expect(shelf.take([big(200, cheap)], nowMs).size).toBe(0)
      expect(shelf.has(keyOf(0), nowMs)).toBe(true)
      expect(shelf.take([big(201, cheap)], nowMs).size).toBe(1)
      expect(shelf.has(keyOf(0), nowMs)).toBe(false)
    }))

  it('is blank only while nothing is there, and nothing was counted', () =>
    withShelf((open) => {
      const nowMs = Date.now()
      const [shelf, key] = [open(), keyOf('a')]
      expect(shelf.isBlank()).toBe(true)
      shelf.take([putOf(keptValue(key))], nowMs)
      expect(shelf.isBlank()).toBe(false)
      expect(shelf.prune(nowMs + 4_000_000)).toBeNull()
      expect(shelf.isBlank()).toBe(true)
      shelf.purge({}, 1)
      expect([shelf.isBlank(), shelf.purges()]).toEqual([false, 1])
    }))
})
