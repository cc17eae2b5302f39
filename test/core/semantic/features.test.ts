/** The answer group that a question seems to belong to, and what is told of it. */
import { describe, expect, it } from 'vitest'
import { candidateOf, FEATURES } from '../../../src/core/semantic/features.ts'
import { NEW_STATE, writeState } from '../../../src/core/semantic/state.ts'
import type { GroupFacts, Neighbour, Traits } from '../../../src/core/semantic/types.ts'

const near = (group: string, similarity: number, traits: Traits = {}): Neighbour => ({
  member: { id: `${group}${similarity}`, group, traits, atMs: 0, expiresAtMs: 1, knowledgeVersion: null },
  similarity,
})
const facts = (groups: Record<string, Partial<GroupFacts>> = {}, state: string | null = null) => ({
  state,
  groups: Object.fromEntries(
    Object.entries(groups).map(([name, some]) => [name, { members: 1, right: 0, wrong: 0, ...some }]),
  ),
})
const feature = (name: (typeof FEATURES)[number], features: readonly number[] | undefined): number =>
  features?.[FEATURES.indexOf(name)] ?? Number.NaN

describe('the candidate', () => {
  it('is none without neighbours', () => expect(candidateOf([], {}, facts())).toBeNull())

  it('is the group of most votes, which need not have the nearest member', () => {
    const found = candidateOf([near('a', 0.9), near('b', 0.89), near('b', 0.88), near('c', 0.4)], {}, facts())
    expect(found).toMatchObject({ group: 'b', similarity: 0.89, others: ['a', 'c'] })
  })

  it('is the nearest where the others are far', () => {
    expect(candidateOf([near('a', 0.9), near('b', 0.6), near('b', 0.6)], {}, facts())).toMatchObject({ group: 'a' })
  })

  it('is not one that was mostly wrong', () => {
    const known = facts({ a: { right: 1, wrong: 9 }, b: { right: 5 } })
    expect(candidateOf([near('a', 0.9), near('b', 0.87)], {}, known)).toMatchObject({ group: 'b' })
  })

  it('is rather not one that is in debt', () => {
    const neighbours = [near('a', 0.9), near('b', 0.87)]
    const state = writeState({ ...NEW_STATE, debts: new Map([['a', 2]]) })
    expect(candidateOf(neighbours, {}, facts())).toMatchObject({ group: 'a' })
    expect(candidateOf(neighbours, {}, facts({}, state))).toMatchObject({ group: 'b' })
  })
})

describe('features', () => {
  const alone = candidateOf([near('a', 0.9)], {}, facts())
  const backed = candidateOf(
    [near('a', 0.9), near('a', 0.88), near('a', 0.86)],
    {},
    facts({ a: { members: 9, right: 20 } }),
  )
  const contested = candidateOf([near('a', 0.9), near('b', 0.89), near('a', 0.88)], {}, facts({ a: { members: 9 } }))

  it('are one for each name, and numbers', () => {
    for (const found of [alone, backed, contested]) {
      expect(found?.features).toHaveLength(FEATURES.length)
      expect(found?.features.every(Number.isFinite)).toBe(true)
    }
  })

  it.each(['margin over the nearest other group', 'log-odds of the vote', 'share of the neighbours'] as const)(
    '%s falls where another group is near',
    (name) => expect(feature(name, backed?.features)).toBeGreaterThan(feature(name, contested?.features)),
  )

  it('tell of the group: its size, and how often it was right', () => {
    expect(feature('log of the size', backed?.features)).toBeGreaterThan(feature('log of the size', alone?.features))
    expect(feature('log-odds of being right so far', backed?.features)).toBeGreaterThan(
      feature('log-odds of being right so far', alone?.features),
    )
    expect(feature('neighbours alone in their group', alone?.features)).toBe(2)
    expect(feature('neighbours alone in their group', backed?.features)).toBe(0)
  })
})

describe('disagreements', () => {
  it('are those with the neighbour that disagrees least', () => {
    const neighbours = [near('a', 0.9, { number: ['17'] }), near('a', 0.8, { number: ['18'] })]
    expect(candidateOf(neighbours, { number: ['18'] }, facts())?.disagreements).toEqual([])
    expect(candidateOf(neighbours, { number: ['19'] }, facts())?.disagreements).toEqual(['number'])
  })

  it('are not those with another group', () => {
    const neighbours = [near('a', 0.95), near('b', 0.7, { number: ['18'] })]
    expect(candidateOf(neighbours, {}, facts())?.disagreements).toEqual([])
  })
})
