/** What every `ReplyCache` does, wherever its values lie. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { CACHE_LEASE_MS } from '../../src/core/recall/limits.ts'
import type { CacheNews, HitKind, KeptAbout, SealedValue } from '../../src/core/recall/types.ts'
import type { ReplyCache, TenantPlace } from '../../src/stores/types.ts'

/** An adapter under test: as one isolate has it; called again, as another isolate has it over the same store. */
export type CacheIsolate = () => ReplyCache

const ASK_MS = 5000

let count = 0

/** A tenant that nobody has told anything of. */
export function freshPlace(more: Partial<TenantPlace> = {}): TenantPlace {
  count += 1
  return { id: `cache${count}`, generation: createHash('md5').update(`${Math.random()}`).digest('hex'), ...more }
}

/** A key as they are: 43 characters of base64url, the first one of one's choice. */
export function keyOf(seed: string | number, first?: string): string {
  const key = createHash('sha256').update(`key ${seed}`).digest('base64url')
  return first === undefined ? key : first + key.slice(1)
}

export function valueOf(key: string, more: Partial<KeptAbout> = {}, sealed = `sealed+${key}/==`): SealedValue {
  const storedAtMs = Date.now()
  const about: KeptAbout = {
    kind: 'reply',
    model: 'chat',
    storedAtMs,
    expiresAtMs: storedAtMs + 3_600_000,
    knowledgeVersion: null,
    savedTokens: 100,
    savedMicroUsd: 25,
    ...more,
  }
  return { key, sealed, about }
}

export const putOf = (value: SealedValue, leaseId: string | null = null): CacheNews => ({ kind: 'put', value, leaseId })
export const hitsOf = (key: string, as: HitKind, times: number): CacheNews => ({ kind: 'hits', key, as, count: times })
export const found = async (cache: ReplyCache, place: TenantPlace, key: string): Promise<SealedValue | null> =>
  (await cache.lookUp(place, key, null, ASK_MS)).found

/** Resolves once the clock has passed a moment. */
export async function passed(atMs: number): Promise<void> {
  while (Date.now() <= atMs) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** Runs the cases. `isolate` is called inside of them, so that hooks may make what it needs. */
export function replyCacheContract(isolate: CacheIsolate): void {
  describe('values', () => {
    it('are found as they were put, by every isolate, and the newest of a key', async () => {
      const [one, two, place] = [isolate(), isolate(), freshPlace()]
      const value = valueOf(keyOf('a'), { knowledgeVersion: 'v "7" \n ü', model: 'chat/größe', savedMicroUsd: null })
      expect(await one.lookUp(place, value.key, null, ASK_MS)).toMatchObject({ found: null, turn: null })
      await one.tell(place, [putOf(value)])
      expect(await found(one, place, value.key)).toEqual(value)
      expect(await found(two, place, value.key)).toEqual(value)
      const newer = valueOf(value.key, { savedTokens: 7 }, 'c2Vjb25k')
      await two.tell(place, [putOf(newer)])
      expect(await found(one, place, value.key)).toEqual(newer)
      expect(await one.stats(place)).toMatchObject({ entries: 1 })
    })

    it('may be as long as a reply of 256 KB is when it is sealed', async () => {
      const [cache, place] = [isolate(), freshPlace()]
      const values = ['x', 'y', 'z'].map((seed) => valueOf(keyOf(seed), {}, seed.repeat(350_000)))
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
        valueOf(keyOf('brief'), { expiresAtMs }),
        valueOf(keyOf('past'), { expiresAtMs: Date.now() - 1 }),
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
      const value = valueOf(keyOf('mine'))
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
      await cache.tell(place, [putOf(valueOf(key))])
      await cache.tell(place, [{ kind: 'corrupt', key }])
      await cache.tell(place, [{ kind: 'corrupt', key }])
      expect(await found(cache, place, key)).toBeNull()
      expect(await cache.stats(place)).toMatchObject({ entries: 0, corrupt: 1 })
    })

    it('are all gone after an erasure, with what was counted', async () => {
      const [cache, place, key] = [isolate(), freshPlace(), keyOf('erased')]
      await cache.tell(place, [putOf(valueOf(key)), hitsOf(key, 'hit', 2)])
      await cache.erase(place)
      expect(await found(cache, place, key)).toBeNull()
      expect(await cache.stats(place)).toEqual(EMPTY)
      await cache.erase(place)
    })
  })

  describe('stats', () => {
    it('count values, bytes, hits by how they were had, and what those saved', async () => {
      const [cache, place] = [isolate(), freshPlace()]
      const [a, b] = [valueOf(keyOf('a')), valueOf(keyOf('b'), { savedTokens: 10, savedMicroUsd: null }, 'YWJj')]
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
        old: valueOf(keyOf('old'), { storedAtMs: 999, expiresAtMs }),
        new: valueOf(keyOf('new'), { storedAtMs: 1000, knowledgeVersion: 'v1', expiresAtMs }),
        embed: valueOf(keyOf('embed'), { model: 'embed', storedAtMs: 2000, knowledgeVersion: 'v2', expiresAtMs }),
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
        keys.map((key) => putOf(valueOf(key))),
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
      const [late, other] = [valueOf(keyOf('late')), valueOf(keyOf('other'), { model: 'embed' })]
      await cache.tell(place, [putOf(valueOf(keyOf('early')))])
      await passed(Date.now())
      expect(await cache.purge(place, { model: 'chat' })).toBe(1)
      await cache.tell(place, [putOf(late), putOf(other)])
      expect(await found(cache, place, late.key)).toBeNull()
      expect(await found(cache, place, other.key)).toEqual(other)
      await passed(Date.now())
      const fresh = valueOf(late.key)
      await cache.tell(place, [putOf(fresh)])
      expect(await found(cache, place, fresh.key)).toEqual(fresh)
    })
  })

  describe('a lease', () => {
    const lookUp = async (cache: ReplyCache, place: TenantPlace, key: string, lease: string) =>
      (await cache.lookUp(place, key, lease, ASK_MS)).turn

    it('leads whoever comes later, over all isolates, until its reply is stored', async () => {
      const [one, two, place, key] = [isolate(), isolate(), freshPlace(), keyOf('led')]
      expect(await lookUp(one, place, key, 'leader')).toBe('lead')
      expect(await lookUp(one, place, key, 'leader')).toBe('lead')
      expect(await lookUp(one, place, key, 'same isolate')).toBe('wait')
      expect(await lookUp(two, place, key, 'other isolate')).toBe('wait')
      expect(await lookUp(two, place, keyOf('other'), 'of another key')).toBe('lead')
      const waits = [one.wait(place, key, 'same isolate', ASK_MS), two.wait(place, key, 'other isolate', ASK_MS)]
      expect(await one.renew(place, key, 'leader')).toBe(true)
      await one.tell(place, [putOf(valueOf(key), 'leader')])
      expect(await Promise.all(waits)).toEqual(['stored', 'stored'])
      expect(await two.lookUp(place, key, 'late', ASK_MS)).toMatchObject({ turn: null, found: { key } })
      expect(await two.wait(place, key, 'later', ASK_MS)).toBe('stored')
    })

    it('given back lets exactly one of those who wait lead', async () => {
      const [one, two, place, key] = [isolate(), isolate(), freshPlace(), keyOf('handed on')]
      await lookUp(one, place, key, 'first')
      for (const lease of ['second', 'third']) await lookUp(two, place, key, lease)
      const waits = ['second', 'third'].map((lease) =>
        two.wait(place, key, lease, ASK_MS).then((turn) => ({ lease, turn })),
      )
      await one.release(place, key, 'first', 'lead')
      const next = await Promise.race(waits)
      expect(next.turn).toBe('lead')
      expect(await one.renew(place, key, next.lease)).toBe(true)
      expect(await one.renew(place, key, 'first')).toBe(false)
      await two.tell(place, [putOf(valueOf(key), next.lease)])
      expect((await Promise.all(waits)).map(({ turn }) => turn).sort()).toEqual(['lead', 'stored'])
    })

    it('given up frees all who wait, and those who are about to', async () => {
      const [one, two, place, key] = [isolate(), isolate(), freshPlace(), keyOf('alone')]
      await lookUp(one, place, key, 'first')
      for (const lease of ['second', 'third', 'fourth']) await lookUp(two, place, key, lease)
      const waits = ['second', 'third'].map((lease) => two.wait(place, key, lease, ASK_MS))
      await one.release(place, key, 'first', 'alone')
      expect(await Promise.all(waits)).toEqual(['alone', 'alone'])
      expect(await two.wait(place, key, 'fourth', ASK_MS)).toBe('alone')
    })

    it('of a leader that is dead passes on within a second, and not while it is renewed', async () => {
      const [one, two, place, key] = [isolate(), isolate(), freshPlace(), keyOf('dead')]
      await lookUp(one, place, key, 'leader')
      await lookUp(two, place, key, 'follower')
      const turn = two.wait(place, key, 'follower', ASK_MS)
      const startMs = Date.now()
      await passed(startMs + CACHE_LEASE_MS / 2)
      const renewedMs = Date.now()
      expect(await one.renew(place, key, 'leader')).toBe(true)
      expect(await turn).toBe('lead')
      const tookMs = Date.now() - renewedMs
      expect(tookMs).toBeGreaterThanOrEqual(CACHE_LEASE_MS - 20)
      expect(tookMs).toBeLessThan(CACHE_LEASE_MS + 300)
      expect(await one.renew(place, key, 'leader')).toBe(false)
      expect(await lookUp(one, place, key, 'third')).toBe('wait')
      await two.release(place, key, 'follower', 'lead')
    })

    it('is waited for no longer than one is told to, and may be waited for again', async () => {
      const [one, two, place, key] = [isolate(), isolate(), freshPlace(), keyOf('patience')]
      await lookUp(one, place, key, 'leader')
      await lookUp(two, place, key, 'follower')
      await expect(two.wait(place, key, 'follower', 60)).rejects.toThrow('in time')
      const again = two.wait(place, key, 'follower', ASK_MS)
      await one.tell(place, [putOf(valueOf(key), 'leader')])
      expect(await again).toBe('stored')
    })

    it('whose reply is not kept lets the others go on alone', async () => {
      const [one, two, place, key] = [isolate(), isolate(), freshPlace(), keyOf('refused')]
      await lookUp(one, place, key, 'leader')
      await lookUp(two, place, key, 'follower')
      const turn = two.wait(place, key, 'follower', ASK_MS)
      await one.tell(place, [putOf(valueOf(key, { expiresAtMs: Date.now() - 1 }), 'leader')])
      expect(await turn).toBe('alone')
    })
  })

  describe('what an isolate knows without asking', () => {
    it('is nothing at first, then the mark, and that a value it has told is there', async () => {
      const [cache, place, key] = [isolate(), freshPlace(), keyOf('known')]
      expect(cache.know(place, key)).toEqual({ mark: null, mayHold: true })
      const { mark } = await cache.lookUp(place, key, null, ASK_MS)
      expect(cache.know(place, key).mark).toBe(mark)
      await cache.tell(place, [putOf(valueOf(key))])
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
