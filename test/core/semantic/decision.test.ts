/** The decision from outside: nothing before it is proved, hits within the bound, and what a drift does. */
import { describe, expect, it } from 'vitest'
import { seeded } from '../../../scripts/mutants/pick.ts'
import { type Candidate, decide, learn, viewOf } from '../../../src/core/semantic/decision.ts'
import { logitOf, probabilityOf } from '../../../src/core/semantic/logistic.ts'
import { PRIOR } from '../../../src/core/semantic/prior.ts'
import type { GuardKind, Observation } from '../../../src/core/semantic/types.ts'

const GROUPS = 40
const groupAt = (index: number): string => `g${index}`.padEnd(43, 'x')

/** A candidate of any quality between hopeless and certain. */
function candidate(quality: number, group = groupAt(0), disagreements: readonly GuardKind[] = []): Candidate {
  const features = [1, quality, quality, quality, quality, quality, 0, 0.5, 0, 0]
  return { group, similarity: 0.9, features, disagreements, others: [] }
}
const CERTAIN = candidate(1.6)

function observed({ group, features, disagreements }: Candidate, right: boolean, weight = 1): Observation {
  return { group, features, disagreements, right, weight, atMs: 0 }
}

/** A route that has seen so many of these, all right. */
function taught(count: number, of: Candidate = CERTAIN, state: string | null = null): string {
  return learn(
    state,
    Array.from({ length: count }, () => observed(of, true)),
    0.02,
  ).state
}

describe('a new route', () => {
  it('asks whatever it is asked until it has 300 observations', () => {
    expect(decide(CERTAIN, null, 0.5)).toMatchObject({ verdict: 'ask', threshold: null, judge: true })
    expect(decide(CERTAIN, taught(299), 0.5)).toMatchObject({ verdict: 'ask', threshold: null })
    expect(decide(CERTAIN, taught(300), 0.5)).toMatchObject({ verdict: 'hit' })
  })

  it('has a view', () => {
    expect(viewOf(null)).toEqual({ observations: 0, threshold: null, errorRate: null, errorBound: null })
    const { errorRate, errorBound, ...rest } = viewOf(taught(400))
    expect(rest).toMatchObject({ observations: 400, threshold: expect.any(Number) })
    expect(errorRate).toBeLessThan(errorBound ?? 0)
    expect(errorBound).toBeLessThanOrEqual(0.02)
  })
})

describe('a proved route', () => {
  const state = taught(600)

  it('serves what is likely right, and asks the rest', () => {
    expect(decide(CERTAIN, state, 0.02)).toMatchObject({ verdict: 'hit' })
    expect(decide(candidate(-0.2), state, 0.02)).toMatchObject({ verdict: 'ask', judge: true })
    expect(decide(candidate(-2), state, 0.02)).toMatchObject({ verdict: 'ask', judge: false })
  })

  it('serves less under a lower bound', () => {
    expect(decide(CERTAIN, state, 0.001)).toMatchObject({ verdict: 'ask', threshold: null })
  })

  it('never serves over a disagreement that it has not observed, and does once it has proved harmless', () => {
    const different = candidate(1.6, groupAt(0), ['number'])
    expect(decide(different, state, 0.02)).toMatchObject({ verdict: 'ask', threshold: null })
    expect(decide(different, taught(400, different, state), 0.02)).toMatchObject({ verdict: 'hit' })
    const harmful = Array.from({ length: 400 }, (_, index) => observed(different, index % 3 !== 0))
    const warned = learn(state, harmful, 0.02).state
    expect(decide(different, warned, 0.02)).toMatchObject({ verdict: 'ask' })
    expect(decide(CERTAIN, warned, 0.02)).toMatchObject({ verdict: 'hit' })
  })

  it('does not serve a group that was wrong until it was right again', () => {
    const wrong = learn(state, [observed(CERTAIN, false, 40)], 0.02).state
    expect(decide(CERTAIN, wrong, 0.02)).toMatchObject({ verdict: 'ask' })
    const again = learn(wrong, [observed(CERTAIN, true), observed(CERTAIN, true)], 0.02).state
    expect(decide(CERTAIN, again, 0.05)).toMatchObject({ verdict: 'hit' })
  })
})

/** A stream in which a candidate is right as often as the prior foresees, but for what has changed. */
function streamed(count: number, maxErrorRate: number, seed: number, changedFrom = Number.POSITIVE_INFINITY) {
  const random = seeded(seed)
  let state: string | null = null
  let longest = 0
  const hits: { at: number; right: boolean }[] = []
  const raised: number[] = []
  for (let at = 0; at < count; at++) {
    const group = Math.floor(random() * GROUPS)
    const asked = candidate(random() * 1.8 - 0.2, groupAt(group))
    const isChanged = at >= changedFrom && group % 5 === 0
    const right = random() < probabilityOf(logitOf(PRIOR.weights, asked.features)) && !isChanged
    const { verdict, shadowShare } = decide(asked, state, maxErrorRate)
    const isShadow = verdict === 'hit' && random() < shadowShare
    if (verdict === 'hit' && !isShadow) {
      hits.push({ at, right })
      continue
    }
    const learned = learn(state, [observed(asked, right, isShadow ? 1 / shadowShare : 1)], maxErrorRate)
    state = learned.state
    longest = Math.max(longest, state.length)
    if (learned.raised !== null) raised.push(at)
  }
  const wrongIn = (from: number, to: number): number => {
    const some = hits.filter((hit) => hit.at >= from && hit.at < to)
    return some.filter(({ right }) => !right).length / Math.max(1, some.length)
  }
  return { hits, raised, wrongIn, longest }
}

describe('a stream', () => {
  it.each([0.02, 0.05])('keeps the error among its hits under %d, with hits', (maxErrorRate) => {
    for (const seed of [1, 2, 3]) {
      const { hits, wrongIn, longest } = streamed(6000, maxErrorRate, seed)
      expect(wrongIn(0, 6000)).toBeLessThanOrEqual(maxErrorRate)
      expect(hits.length).toBeGreaterThan(6000 * 0.25)
      expect(longest).toBeLessThan(64 * 1024)
    }
  })

  it('whose answers change for a fifth of the groups is under its bound again within 2,000 requests, and says so', () => {
    for (const seed of [1, 2, 3]) {
      const { raised, wrongIn, hits } = streamed(9000, 0.02, seed, 4500)
      expect(raised.some((at) => at >= 4500 && at < 6500)).toBe(true)
      expect(wrongIn(6500, 9000)).toBeLessThanOrEqual(0.02)
      expect(hits.filter(({ at }) => at >= 6500).length).toBeGreaterThan(300)
    }
  })
})

it('tells which threshold was raised, to what, and for which error', () => {
  const state = taught(300)
  const { raised } = learn(
    state,
    Array.from({ length: 6 }, (_, at) => observed({ ...CERTAIN, group: groupAt(at) }, false, 30)),
    0.02,
  )
  expect(raised).toMatchObject({ from: expect.any(Number), to: null })
  expect(raised?.errorBound).toBeGreaterThan(0.02)
  expect(learn(state, [observed(CERTAIN, true)], 0.02).raised).toBeNull()
})

it('learns the cut of the judge with the observations', () => {
  const cosines = Array.from({ length: 400 }, (_, index) => ({
    ...observed(CERTAIN, index % 2 === 0),
    answerCosine: index % 2 === 0 ? 0.94 : 0.8,
  }))
  const { state } = learn(null, cosines, 0.02)
  expect(decide(CERTAIN, null, 0.02).answerCut).toBe(0.97)
  expect(decide(CERTAIN, state, 0.02).answerCut).toBeLessThan(0.95)
})
