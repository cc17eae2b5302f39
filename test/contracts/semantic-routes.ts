/** What every `SemanticRoutes` does, whatever it keeps what it learned in. */
import { describe, expect, it } from 'vitest'
import type { AuditEntry } from '../../src/core/control.ts'
import { OBSERVATIONS_MIN } from '../../src/core/recall/limits.ts'
import { FEATURES } from '../../src/core/semantic/features.ts'
import type { Observation, RouteId } from '../../src/core/semantic/types.ts'
import type { SemanticRoutes, TenantPlace } from '../../src/stores/types.ts'
import { freshIndexPlace } from './vector-index.ts'

/** An adapter under test, and where its audit entries arrive. */
export interface SemanticRoutesSubject {
  readonly routes: SemanticRoutes
  readonly audit: (place: TenantPlace) => Promise<AuditEntry[]>
}

const DEADLINE_MS = 10_000
const MAX_ERROR_RATE = 0.02
export const ROUTE: RouteId = { route: 'support', encoder: 'embed-small/mini/8' }

/** A judgement of a candidate that is as near as can be. */
export function judged(group: string, right = true, weight = 1): Observation {
  return { group, features: FEATURES.map(() => 1), disagreements: [], right, weight, atMs: Date.now() }
}

/** Enough right judgements for a threshold. */
export const trusted = (): Observation[] =>
  Array.from({ length: OBSERVATIONS_MIN * 2 }, (_, index) => judged(`g${index % 50}`))

/** More wrong would-be hits than any bound allows. */
export const drifted = (): Observation[] => Array.from({ length: 60 }, (_, index) => judged(`g${index}`, false, 50))

/** Runs the cases. `subject` is called inside of them, so that hooks may make what it needs. */
export function semanticRoutesContract(subject: () => SemanticRoutesSubject): void {
  const learn = (place: TenantPlace, observations: Observation[], joined: string | null = null, route = ROUTE) =>
    subject().routes.learn(place, route, MAX_ERROR_RATE, observations, joined)
  const look = (place: TenantPlace, groups: string[] = [], route = ROUTE) =>
    subject().routes.look(place, route, groups, DEADLINE_MS)

  describe('SemanticRoutes', () => {
    it('knows nothing of a route that nothing was learned of', async () => {
      const place = freshIndexPlace()
      expect(await look(place, ['g'])).toEqual({ state: null, groups: {} })
      expect(await subject().routes.views(place)).toEqual([])
    })

    it('adds up what is observed of groups, and who joins them', async () => {
      const place = freshIndexPlace()
      await learn(place, [judged('a'), judged('a', false), judged('b\'"', true, 50)], 'a')
      await learn(place, [judged('a')], 'a')
      await learn(place, [], 'founded')
      expect((await look(place, ['a', 'b\'"', 'founded', 'unknown', '__proto__'])).groups).toEqual({
        a: { members: 2, right: 2, wrong: 1 },
        'b\'"': { members: 0, right: 50, wrong: 0 },
        founded: { members: 1, right: 0, wrong: 0 },
      })
    })

    it('keeps the state of every route, encoder, tenant and generation by itself', async () => {
      const place = freshIndexPlace()
      await learn(place, [judged('a')])
      const { state } = await look(place)
      expect(state).not.toBeNull()
      await learn(place, [judged('a', false)])
      expect((await look(place)).state).not.toBe(state)
      const elsewhere = [
        await look(place, ['a'], { ...ROUTE, route: 'sales' }),
        await look(place, ['a'], { ...ROUTE, encoder: 'other/8' }),
        await look({ ...place, generation: 'f'.repeat(32) }, ['a']),
        await look(freshIndexPlace(), ['a']),
      ]
      for (const facts of elsewhere) expect(facts).toEqual({ state: null, groups: {} })
    })

    it('shows how routes stand', async () => {
      const place = freshIndexPlace()
      const routes = ['sales', 'support', 'legal', 'billing', 'ops']
      for (const route of routes) await learn(place, [judged('a')], 'a', { ...ROUTE, route })
      await learn(place, trusted())
      const views = await subject().routes.views(place)
      expect(views.map(({ route }) => route).sort()).toEqual([...routes].sort())
      const support = views.find(({ route }) => route === 'support')
      expect(support).toMatchObject({ encoder: ROUTE.encoder, observations: OBSERVATIONS_MIN * 2 + 1 })
      expect(support).toMatchObject({ maxErrorRate: MAX_ERROR_RATE, vectors: 1, groups: 51 })
      expect(support?.threshold).not.toBeNull()
      expect(support?.errorBound).toBeLessThanOrEqual(MAX_ERROR_RATE)
      expect(views.find(({ route }) => route === 'sales')).toMatchObject({ observations: 1, threshold: null })
    })

    it('tells the audit log once when a threshold rises for its error', async () => {
      const place = freshIndexPlace()
      await learn(place, trusted())
      expect(await subject().audit(place)).toEqual([])
      await learn(place, drifted())
      await learn(place, [judged('a')])
      const entries = await subject().audit(place)
      expect(entries).toMatchObject([
        {
          actor: 'sluice',
          action: 'cache.threshold',
          subject: `tenants/${place.id}/cache/support`,
          before: { threshold: expect.any(Number) },
          after: { maxErrorRate: MAX_ERROR_RATE, encoder: ROUTE.encoder, errorRate: expect.any(Number) },
        },
      ])
      const before = entries[0]?.before as { threshold: number } | undefined
      const after = entries[0]?.after as { threshold: number | null; errorBound: number } | undefined
      expect(after?.errorBound).toBeGreaterThan(MAX_ERROR_RATE)
      expect(after?.threshold ?? Number.POSITIVE_INFINITY).toBeGreaterThan(before?.threshold ?? 0)
    })

    it('erases what was learned for a tenant, and for nobody else', async () => {
      const place = freshIndexPlace()
      const other = { ...place, generation: 'e'.repeat(32) }
      for (const one of [place, other]) await learn(one, [judged('a')], 'a')
      await subject().routes.erase(place)
      expect([await look(place, ['a']), await subject().routes.views(place)]).toEqual([{ state: null, groups: {} }, []])
      expect((await look(other, ['a'])).groups).toEqual({ a: { members: 1, right: 1, wrong: 0 } })
    })
  })
}
