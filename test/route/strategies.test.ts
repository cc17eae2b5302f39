/** The order of usable targets by each strategy. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Target } from '../../src/core/snapshot.ts'
import { type Scoring, STRATEGIES } from '../../src/route/strategies.ts'
import { seeded } from '../support/path.ts'

const target = (more: Partial<Target>): Target => ({ weight: 1, price: undefined, ...more }) as Target
const weights = (...all: number[]): Target[] => all.map((weight) => target({ weight }))
const scoring = (more: Partial<Scoring> = {}): Scoring => ({
  bodyBytes: 4000,
  maxOutputTokens: 100,
  latencyMs: () => undefined,
  random: () => 0.5,
  ...more,
})
/** Answers in turn, the last one for ever. */
function chance(...values: number[]): () => number {
  return () => (values.length > 1 ? values.shift() : values[0]) ?? 0
}

it('every strategy answers with every target once', () => {
  const targets = fc.array(
    fc.record({
      weight: fc.nat({ max: 3 }),
      price: fc.option(fc.constant({ input: 1, output: 1 }), { nil: undefined }),
    }),
    { maxLength: 6 },
  )
  fc.assert(
    fc.property(fc.constantFrom(...Object.values(STRATEGIES)), targets, fc.integer(), (order, some, seed) => {
      const latencies = some.map((_, index) => (index % 2 === 0 ? index * 10 : undefined))
      const result = order(some.map(target), scoring({ random: seeded(seed), latencyMs: (index) => latencies[index] }))
      expect(result.toSorted()).toEqual(some.map((_, index) => index))
    }),
  )
})

it('fallback keeps the order of the config', () => {
  expect(STRATEGIES.fallback(weights(0, 5, 1), scoring())).toEqual([0, 1, 2])
})

describe('weighted', () => {
  const share = (targets: Target[], place: number): number[] => {
    const random = seeded(1)
    const counts = targets.map(() => 0)
    for (let round = 0; round < 20_000; round += 1) {
      const index = STRATEGIES.weighted(targets, scoring({ random }))[place] ?? 0
      counts[index] = (counts[index] ?? 0) + 1
    }
    return counts.map((count) => count / 20_000)
  }

  it('puts each target first as often as its weight says', () => {
    const [one = 0, two = 0, three = 0] = share(weights(1, 2, 7), 0)
    expect(one).toBeCloseTo(0.1, 1)
    expect(two).toBeCloseTo(0.2, 1)
    expect(three).toBeCloseTo(0.7, 1)
  })

  it('draws the second by weight among the rest', () => {
    // Third first (7/10), then 1:2 of the rest; second first (2/10), then 1:7; first first (1/10), then 2:7.
    const [one = 0, two = 0] = share(weights(1, 2, 7), 1)
    expect(Math.abs(one - (0.7 / 3 + 0.2 / 8))).toBeLessThan(0.02)
    expect(Math.abs(two - (1.4 / 3 + 0.2 / 9))).toBeLessThan(0.02)
  })

  it('never puts a weightless target before one with weight, and keeps the config order among them', () => {
    const random = seeded(7)
    for (let round = 0; round < 200; round += 1)
      expect(STRATEGIES.weighted(weights(0, 1, 0), scoring({ random }))).toEqual([1, 0, 2])
    expect(STRATEGIES.weighted(weights(0, 0, 0), scoring({ random: () => 0.99 }))).toEqual([0, 1, 2])
  })

  it('takes the first at the bottom of the draw and the last at its top', () => {
    expect(STRATEGIES.weighted(weights(1, 1), scoring({ random: () => 0 }))).toEqual([0, 1])
    expect(STRATEGIES.weighted(weights(1, 1), scoring({ random: () => 0.49 }))).toEqual([0, 1])
    expect(STRATEGIES.weighted(weights(1, 1), scoring({ random: () => 0.5 }))).toEqual([1, 0])
    expect(STRATEGIES.weighted(weights(0.1, 0.2), scoring({ random: () => 1 }))).toEqual([1, 0])
  })
})

describe('cheapest', () => {
  const priced = (input: number, output: number): Target => target({ price: { input, output } })

  it('goes by the price of this request, input and output', () => {
    const targets = [priced(1, 10), priced(2, 5)]
    // 1000 tokens in; 100 out: 2000 against 2500. 1000 out: 11000 against 7000.
    expect(STRATEGIES.cheapest(targets, scoring({ maxOutputTokens: 100 }))).toEqual([0, 1])
    expect(STRATEGIES.cheapest(targets, scoring({ maxOutputTokens: 1000 }))).toEqual([1, 0])
    expect(STRATEGIES.cheapest(targets, scoring({ maxOutputTokens: 1000, bodyBytes: 40_000 }))).toEqual([0, 1])
  })

  it('assumes a typical output where the caller names none', () => {
    expect(STRATEGIES.cheapest([priced(1, 10), priced(2, 5)], scoring({ maxOutputTokens: undefined }))).toEqual([1, 0])
    expect(STRATEGIES.cheapest([priced(1, 4), priced(4, 1)], scoring({ maxOutputTokens: undefined }))).toEqual([0, 1])
  })

  it('puts unknown prices last, and equals in the order of the config', () => {
    const targets = [target({}), priced(5, 5), target({}), priced(1, 1), priced(5, 5)]
    expect(STRATEGIES.cheapest(targets, scoring())).toEqual([3, 1, 4, 0, 2])
  })

  it('takes a price of nothing as a price', () => {
    expect(STRATEGIES.cheapest([target({}), priced(1, 1), priced(0, 0)], scoring())).toEqual([2, 1, 0])
  })
})

describe('fastest', () => {
  const latencyMs = (index: number): number | undefined => [300, undefined, 100, undefined][index]
  const four = weights(1, 1, 1, 1)

  it('puts the untried first, then by recent latency', () => {
    expect(STRATEGIES.fastest(four, scoring({ latencyMs }))).toEqual([1, 3, 2, 0])
  })

  it('puts a random one first in one of twenty requests', () => {
    expect(STRATEGIES.fastest(four, scoring({ latencyMs, random: chance(0.049, 0.99) }))).toEqual([0, 1, 3, 2])
    expect(STRATEGIES.fastest(four, scoring({ latencyMs, random: chance(0.049, 0.5) }))).toEqual([2, 1, 3, 0])
    expect(STRATEGIES.fastest(four, scoring({ latencyMs, random: chance(0.05, 0.99) }))).toEqual([1, 3, 2, 0])
  })

  it('does not roll dice over a single target', () => {
    expect(STRATEGIES.fastest(weights(1), scoring({ random: () => 0 }))).toEqual([0])
    expect(STRATEGIES.fastest([], scoring({ random: () => 0 }))).toEqual([])
  })
})
