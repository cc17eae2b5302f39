/** By meaning, between a vector and a verdict: what is served, what is asked all the same, and what a judgement teaches. */
import { describe, expect, it } from 'vitest'
import { learn } from '../../src/core/semantic/decision.ts'
import type { Neighbour, Observation } from '../../src/core/semantic/types.ts'
import { learnByMeaning, lookByMeaning, type Question } from '../../src/recall/meaning.ts'
import { recalling } from '../support/recalling.ts'

const SPACE = { route: 'model', encoder: 'embed/up/minilm/2', scope: 'all' }
const SELF = { id: 'asked', atMs: 1, expiresAtMs: 60_000, knowledgeVersion: null }

const neighbour = (id: string, group: string, similarity: number): Neighbour => ({
  member: { id, group, traits: {}, atMs: 0, expiresAtMs: 60_000, knowledgeVersion: null },
  similarity,
})
const NEAR = [neighbour('a', 'g', 0.99), neighbour('b', 'g', 0.97)]

/** A world with these neighbours, and chance in the test's hand. */
function world(neighbours: readonly Neighbour[], state: string | null = null, chance = 0.999) {
  const at = recalling()
  const facts = { state, groups: { g: { members: 5, right: 5, wrong: 0 } } }
  at.store.nearest = async () => ({ neighbours, facts })
  const services = { ...at.services, random: () => chance }
  const question: Question = {
    place: at.place,
    space: SPACE,
    vector: new Float32Array(2),
    traits: {},
    maxErrorRate: 0.02,
  }
  return { ...at, services, question, look: () => lookByMeaning(services, question) }
}

/** What a route knows after this many right judgements of such a candidate. */
async function trained(count: number): Promise<string> {
  const { candidate } = await world(NEAR).look()
  if (candidate === null) throw new Error('no candidate')
  const { group, features, disagreements } = candidate
  const observations = Array.from(
    { length: count },
    (_, index): Observation => ({ group, features, disagreements, right: true, weight: 1, atMs: index }),
  )
  return learn(null, observations, 0.02).state
}

describe('a look', () => {
  it('finds nothing to serve where there are no neighbours', async () => {
    expect(await world([]).look()).toMatchObject({ candidate: null, verdict: 'ask', isTelling: false })
  })

  it('asks on a new route, however near the neighbours are, and would learn from the answer', async () => {
    expect(await world(NEAR).look()).toMatchObject({
      candidate: { group: 'g' },
      verdict: 'ask',
      isTelling: true,
      weight: 1,
    })
  })

  it('serves what a route has proved', async () => {
    expect(await world(NEAR, await trained(600)).look()).toMatchObject({
      verdict: 'hit',
      candidate: { similarity: 0.99 },
    })
  })

  it('asks a share of that all the same, and its judgement counts for all the others', async () => {
    const meaning = await world(NEAR, await trained(600), 0).look()
    expect(meaning).toMatchObject({ verdict: 'shadow', isTelling: true })
    expect(meaning.weight).toBeGreaterThan(1)
    expect(meaning.weight).toBeLessThanOrEqual(50)
  })

  it('asks the routes where the index knows nothing of them', async () => {
    const at = world(NEAR)
    const state = await trained(600)
    const looked: string[] = []
    at.store.nearest = async () => ({ neighbours: NEAR })
    const semanticRoutes: typeof at.services.semanticRoutes = {
      ...at.services.semanticRoutes,
      async look(_, route, groups) {
        looked.push(`${route.route} ${groups.join()}`)
        return { state, groups: { g: { members: 5, right: 5, wrong: 0 } } }
      },
    }
    expect(await lookByMeaning({ ...at.services, semanticRoutes }, at.question)).toMatchObject({ verdict: 'hit' })
    expect(looked).toEqual(['model g'])
  })
})

describe('a judgement', () => {
  it.each([
    ['right: the question joins the group', true, {}, 'g', 'true'],
    ['wrong: it founds one of its own', false, {}, 'asked', 'false'],
    ['wrong, and of another group: it joins that', false, { sameAs: 'h' }, 'h', 'false'],
    ['none: it founds one of its own, and nothing is learned', null, {}, 'asked', ''],
  ] as const)('%s', async (_, right, judged, group, learned) => {
    const { services, look, asked } = world(NEAR)
    await learnByMeaning(services, await look(), right, SELF, judged)
    expect(asked.slice(1)).toEqual([`add asked to ${group}`, `learn model ${learned}`])
  })
})
