/** Which candidates a route serves, by what it has learned. */
import { describe, expect, it } from 'vitest'
import { type Evidence, NO_EVIDENCE, withJudgement } from '../../../src/core/semantic/evidence.ts'
import { isGated, isPassed, lastServed, servedFrom, shareOf } from '../../../src/core/semantic/serving.ts'
import { NEW_STATE } from '../../../src/core/semantic/state.ts'

const proved = (score: number, count: number): Evidence =>
  Array.from({ length: count }).reduce<Evidence>((known) => withJudgement(known, score, true, 1), NO_EVIDENCE)
const known = { ...NEW_STATE, observations: 1000, evidence: proved(3, 500) }

describe('the threshold', () => {
  it('is none before 300 observations', () => {
    expect(servedFrom({ ...known, observations: 299 }, [], 0.02)).toBeNull()
    expect(servedFrom({ ...known, observations: 300 }, [], 0.02)).toBe(3)
  })

  it('is none for a disagreement that was not observed, and its own where it was', () => {
    expect(servedFrom(known, ['number'], 0.02)).toBeNull()
    const learned = { ...known, kinds: { number: proved(4, 500), unit: proved(3, 20) } }
    expect(servedFrom(learned, ['number'], 0.02)).toBe(4)
    expect(servedFrom(learned, ['number', 'unit'], 0.02)).toBeNull()
    expect(isPassed(learned, 'number', 3.5, 0.02)).toBe(false)
    expect(isPassed(learned, 'number', 4.5, 0.02)).toBe(true)
    expect(isPassed(learned, 'unit', 4.5, 0.02)).toBe(false)
  })

  it('stays the last one while nothing is served, and does not rise while a drift is suspected', () => {
    const ended = { ...known, evidence: NO_EVIDENCE, served: 2 }
    expect(lastServed(ended, 0.02)).toBe(2)
    expect(lastServed({ ...known, served: 2 }, 0.02)).toBe(3)
    expect(lastServed({ ...known, served: 2, suspicion: 1 }, 0.02)).toBe(2)
    expect(lastServed({ ...ended, served: null }, 0.02)).toBeNull()
  })
})

describe('a group', () => {
  it('is asked first while it owes right answers', () => {
    expect(isGated({ ...known, debts: new Map([['abcdefgh', 1]]) }, 'abcdefghijk')).toBe(true)
    expect(isGated({ ...known, debts: new Map([['abcdefgh', 1]]) }, 'bcdefghijkl')).toBe(false)
  })

  it('is asked first after a drift until it was right again', () => {
    expect(isGated({ ...known, proved: new Set() }, 'abcdefghijk')).toBe(true)
    expect(isGated({ ...known, proved: new Set(['abcdefgh']) }, 'abcdefghijk')).toBe(false)
  })
})

describe('the share that is asked all the same', () => {
  it('grows with the doubt, and is never less than the least', () => {
    expect(shareOf(known, 8)).toBeGreaterThanOrEqual(0.02)
    expect(shareOf(known, 8)).toBeLessThan(0.03)
    expect(shareOf(known, 2)).toBeGreaterThan(shareOf(known, 4))
  })

  it('is larger while a drift is suspected', () => {
    expect(shareOf({ ...known, suspicion: 1 }, 8)).toBe(0.2)
  })
})
