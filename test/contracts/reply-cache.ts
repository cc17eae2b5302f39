/** What every `ReplyCache` does, wherever its values lie. */
import { describe, expect, it } from 'vitest'
import type { ReplyCache } from '../../src/stores/types.ts'
import { ASK_MS, found, freshPlace, hitsOf, keptValue, keyOf, passed, putOf } from '../support/cache-values.ts'

/** An adapter under test: as one isolate has it; called again, as another isolate has it over the same store. */
export type CacheIsolate = () => ReplyCache

/** Runs the cases. `isolate` is called inside of them, so that hooks may make what it needs. */
export function replyCacheContract(isolate: CacheIsolate): void {
  describe('values', () => {
    it('are found as they were put, by every isolate, and the newest of a key', async () => {
      const [one, two, place] = [isolate(), isolate(), freshPlace()]
      const value = keptValue(keyOf('a'), { knowledgeVersion: 'v "7" \n ü', model: 'chat/größe', savedMicroUsd: null })
      expect(await one.lookUp(place, value.key, null, ASK_MS)).toMatchObject({ found: null, turn: null })
      await one.tell(place, [putOf(value)])
      expect(await found(one, place, value.key)).toEqual(value)
      expect(await found(two, place, value.key)).toEqual(value)
      const newer = keptValue(value.key, { savedTokens: 7 }, 'c2Vjb25k')
      await two.tell(place, [putOf(newer)])
      expect(await found(one, place, value.key)).toEqual(newer)
      expect(await one.stats(place)).toMatchObject({ entries: 1 })
    })

    it('may be as long as a reply of 256 KB is when it is sealed', async () => {
      const [cache, place] = [isolate(), freshPlace()]
      const values = ['x', 'y', 'z'].map((seed) => keptValue(keyOf(seed), {}, seed.repeat(350_000)))
      await cache.tell(
        place,
        values.map((value) => putOf(value)),
      )
      for (const value of values) expect(await found(cache, place, value.key)).toEqual(value)
    })

    it('are not answered once they have expired, nor kept when they have', async () => {
      const [cache, place] = [isolate(), freshPlace()]
      const expiresAtMs = Date.now() + 120
      const [brief, past] = [
        keptValue(keyOf('brief'), { expiresAtMs }),
        keptValue(keyOf('past'), { expiresAtMs: Date.now() - 1 }),
      ]
      await cache.tell(place, [putOf(brief), putOf(past)])
      expect(await found(cache, place, past.key)).toBeNull()
      await passed(expiresAtMs)
      expect(await found(cache, place, brief.key)).toBeNull()
      expect(await cache.stats(place)).toMatchObject({ entries: 0, bytes: 0 })
    })

    it('are never shared by tenants, nor by generations of one', async () => {
      const [cache, place] = [isolate(), freshPlace()]
      const others = [freshPlace(), { ...place, generation: 'b'.repeat(32) }, { ...place, id: 'other' }]
      const value = keptValue(keyOf('mine'))
      await cache.tell(place, [putOf(value)])
      for (const other of others) {
        expect(await found(cache, other, value.key)).toBeNull()
        expect(await cache.purge(other, {})).toBe(0)
        await cache.erase(other)
      }
      expect(await found(cache, place, value.key)).toEqual(value)
    })

    it('that did not open are dropped and counted, once', async () => {
      const [cache, place, key] = [isolate(), freshPlace(), keyOf('broken')]
      await cache.tell(place, [putOf(keptValue(key))])
      await cache.tell(place, [{ kind: 'corrupt', key }])
      await cache.tell(place, [{ kind: 'corrupt', key }])
      expect(await found(cache, place, key)).toBeNull()
      expect(await cache.stats(place)).toMatchObject({ entries: 0, corrupt: 1 })
    })

    it('are all gone after an erasure, with what was counted', async () => {
      const [cache, place, key] = [isolate(), freshPlace(), keyOf('erased')]
      await cache.tell(place, [putOf(keptValue(key)), hitsOf(key, 'hit', 2)])
      await cache.erase(place)
      expect(await found(cache, place, key)).toBeNull()
      expect(await cache.stats(place)).toEqual(EMPTY)
      await cache.erase(place)
    })
  })

  describe('stats', () => {
    it('count values, bytes, hits by how they were had, and what those saved', async () => {
      const [cache, place] = [isolate(), freshPlace()]
      const [a, b] = [keptValue(keyOf('a')), keptValue(keyOf('b'), { savedTokens: 10, savedMicroUsd: null }, 'YWJj')]
      expect(await cache.stats(place)).toEqual(EMPTY)
      // One batch, in which values and hits of several keys come together.
      await cache.tell(place, [
        putOf(a),
        putOf(b),
        hitsOf(a.key, 'hit', 3),
        hitsOf(a.key, 'semantic', 1),
        hitsOf(b.key, 'coalesced', 2),
        hitsOf(keyOf('gone', a.key.charAt(0)), 'hit', 4),
      ])
      expect(await isolate().stats(place)).toEqual({
        entries: 2,
        bytes: a.sealed.length + b.sealed.length,
        hits: { hit: 7, semantic: 1, coalesced: 2 },
        corrupt: 0,
        savedTokens: 4 * 100 + 2 * 10,
        savedMicroUsd: 4 * 25,
      })
    })
  })

  describe('a purge', () => {
    const cases: [string, object, string[]][] = [
      ['everything', {}, []],
      ['a model', { model: 'chat' }, ['embed']],
      ['what is older', { beforeMs: 1000 }, ['new', 'embed']],
      ['a version of the knowledge', { knowledgeVersion: 'v1' }, ['old', 'embed']],
      ['a model at an age', { model: 'chat', beforeMs: 1000 }, ['new', 'embed']],
      ['all fields together', { model: 'chat', beforeMs: 3000, knowledgeVersion: 'v1' }, ['old', 'embed']],
      ['nothing', { model: 'nobody' }, ['old', 'new', 'embed']],
    ]
    it.each(cases)('of %s removes just that', async (_, filter, left) => {
      const [cache, place] = [isolate(), freshPlace()]
      const expiresAtMs = Date.now() + 60_000
      const values = {
        old: keptValue(keyOf('old'), { storedAtMs: 999, expiresAtMs }),
        new: keptValue(keyOf('new'), { storedAtMs: 1000, knowledgeVersion: 'v1', expiresAtMs }),
        embed: keptValue(keyOf('embed'), { model: 'embed', storedAtMs: 2000, knowledgeVersion: 'v2', expiresAtMs }),
      }
      await cache.tell(
        place,
        Object.values(values).map((value) => putOf(value)),
      )
      expect(await cache.purge(place, filter)).toBe(3 - left.length)
      for (const [name, { key }] of Object.entries(values)) {
        expect([name, (await found(cache, place, key)) !== null]).toEqual([name, left.includes(name)])
      }
      expect(await cache.stats(place)).toMatchObject({ entries: left.length })
    })

    it('changes the mark of every key, and no other call does', async () => {
      const [one, two, place] = [isolate(), isolate(), freshPlace()]
      const keys = ['a', 'b', 'c', 'd', 'e', 'f'].map((seed) => keyOf(seed))
      const marks = (cache: ReplyCache) =>
        Promise.all(keys.map(async (key) => (await cache.lookUp(place, key, null, ASK_MS)).mark))
      const before = await marks(one)
      await one.tell(
        place,
        keys.map((key) => putOf(keptValue(key))),
      )
      expect(await marks(two)).toEqual(before)
      expect(await two.purge(place, { model: 'nobody' })).toBe(0)
      const after = await marks(one)
      expect(after.map((mark, index) => mark === before[index])).toEqual(keys.map(() => false))
      expect(await marks(two)).toEqual(after)
      // Known without asking, as it was just answered.
      expect(keys.map((key) => one.know(place, key).mark)).toEqual(after)
    })

    it('is not undone by a value of before that is told late', async () => {
      const [cache, place] = [isolate(), freshPlace()]
      const [late, other] = [keptValue(keyOf('late')), keptValue(keyOf('other'), { model: 'embed' })]
      await cache.tell(place, [putOf(keptValue(keyOf('early')))])
      await passed(Date.now())
      expect(await cache.purge(place, { model: 'chat' })).toBe(1)
      await cache.tell(place, [putOf(late), putOf(other)])
      expect(await found(cache, place, late.key)).toBeNull()
      expect(await found(cache, place, other.key)).toEqual(other)
      await passed(Date.now())
      const fresh = keptValue(late.key)
      await cache.tell(place, [putOf(fresh)])
      expect(await found(cache, place, fresh.key)).toEqual(fresh)
    })
  })

  describe('what an isolate knows without asking', () => {
    it('is nothing at first, then the mark, and that a value it has told is there', async () => {
      const [cache, place, key] = [isolate(), freshPlace(), keyOf('known')]
      expect(cache.know(place, key)).toEqual({ mark: null, mayHold: true })
      const { mark } = await cache.lookUp(place, key, null, ASK_MS)
      expect(cache.know(place, key).mark).toBe(mark)
      await cache.tell(place, [putOf(keptValue(key))])
      expect(cache.know(place, key)).toEqual({ mark, mayHold: true })
      expect(cache.know({ ...place, generation: 'c'.repeat(32) }, key)).toEqual({ mark: null, mayHold: true })
    })
  })
}

const EMPTY = {
  entries: 0,
  bytes: 0,
  hits: { hit: 0, semantic: 0, coalesced: 0 },
  corrupt: 0,
  savedTokens: 0,
  savedMicroUsd: 0,
}
