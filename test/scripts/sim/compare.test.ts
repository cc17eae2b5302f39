/** The comparison on a small trace: what the ledger promises holds there, too, and a bound that is missed is told. */
import { describe, expect, it } from 'vitest'
import { seeded } from '../../../scripts/mutants/pick.ts'
import { boundsOf, compare, percent } from '../../../scripts/sim/compare.ts'
import { ASSUMPTIONS } from '../../../scripts/sim/workload.ts'

const outcome = (worst: number, use = 1) => ({ policy: 'any', admitted: 1, refused: 1, worst, use })

describe('bounds', () => {
  const ok = (...outcomes: Parameters<typeof boundsOf>) => boundsOf(...outcomes).map((bound) => bound.ok)

  it('are kept to the last digit', () => {
    expect(ok(outcome(1.3), outcome(1.15, 0.97), outcome(1))).toEqual([true, true, true, true])
  })

  it.each([
    ['a hard limit that is over', outcome(2), outcome(1.1), outcome(1.0001), [false, true, true, true]],
    ['an estimate that is far over', outcome(2), outcome(1.16), outcome(1), [true, false, true, true]],
    ['a limit that is not used', outcome(2), outcome(1.1, 0.96), outcome(1), [true, true, false, true]],
    ['an estimate that is little better than none', outcome(1.15), outcome(1.1), outcome(1), [true, true, true, false]],
    ['an estimate that is over where none is', outcome(0.9), outcome(1.1), outcome(1), [true, true, true, false]],
  ])('tell %s', (_, peers, estimated, hard, expected) => {
    expect(ok(peers, estimated, hard)).toEqual(expected)
  })
})

describe('a comparison', () => {
  const random = seeded(3)
  const arrivals = Array.from({ length: 1500 }, (_, index) => ({
    atMs: 200 * index,
    promptTokens: 50 + Math.floor(random() * 400),
    outputTokens: 20 + Math.floor(random() * 200),
  }))
  const scenario = { oversubscription: 8, copies: 8, assumed: ASSUMPTIONS, seed: 1 }

  it('keeps every bound on a small trace, while post-charging is far over', () => {
    const { outcomes, bounds, tokensPerMinute } = compare(arrivals, scenario)
    expect(bounds.filter(({ ok }) => !ok)).toEqual([])
    expect(outcomes.map(({ policy }) => policy)).toEqual(['post-charging', 'estimated', 'hard'])
    for (const { admitted, refused } of outcomes) expect(admitted + refused).toBe(12_000)
    expect(outcomes[0]?.worst).toBeGreaterThan(1.2)
    const perRequest = arrivals.reduce((sum, one) => sum + one.promptTokens + one.outputTokens, 0) / arrivals.length
    expect(tokensPerMinute / (300 * perRequest)).toBeCloseTo(1, 2)
  })

  it('is the same for the same seed', () => {
    expect(compare(arrivals, { ...scenario, copies: 2 })).toEqual(compare(arrivals, { ...scenario, copies: 2 }))
  })
})

it('writes shares in percent', () => {
  expect([percent(0.9705), percent(1), percent(0)]).toEqual(['97.0 %', '100.0 %', '0.0 %'])
})
