/** What the leases of every `ReplyCache` do: one request leads, others with its key get its reply. */
import { describe, expect, it } from 'vitest'
import { CACHE_LEASE_MS } from '../../src/core/recall/limits.ts'
import type { ReplyCache, TenantPlace } from '../../src/stores/types.ts'
import { ASK_MS, freshPlace, keptValue, keyOf, passed, putOf } from '../support/cache-values.ts'
import type { CacheIsolate } from './reply-cache.ts'

/** Runs the cases. `isolate` is called inside of them, so that hooks may make what it needs. */
export function replyLeasesContract(isolate: CacheIsolate): void {
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
      await one.tell(place, [putOf(keptValue(key), 'leader')])
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
      await two.tell(place, [putOf(keptValue(key), next.lease)])
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
      await one.tell(place, [putOf(keptValue(key), 'leader')])
      expect(await again).toBe('stored')
    })

    it('whose reply is not kept lets the others go on alone', async () => {
      const [one, two, place, key] = [isolate(), isolate(), freshPlace(), keyOf('refused')]
      await lookUp(one, place, key, 'leader')
      await lookUp(two, place, key, 'follower')
      const turn = two.wait(place, key, 'follower', ASK_MS)
      await one.tell(place, [putOf(keptValue(key, { expiresAtMs: Date.now() - 1 }), 'leader')])
      expect(await turn).toBe('alone')
    })
  })
}
