/** Costs in whole micro-dollars: rounded half up once, null where a price is unknown. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { costMicroUsd, formatUsd, type Price } from '../../src/core/money.ts'
import type { Usage } from '../../src/core/usage.ts'

const usage = (tokens: Partial<Usage>): Usage => ({
  inputTokens: 0,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  source: 'provider',
  ...tokens,
})

describe('costMicroUsd', () => {
  it('is null, never 0, for an unknown price or unknown usage', () => {
    expect(costMicroUsd(usage({ inputTokens: 5 }), undefined)).toBeNull()
    expect(costMicroUsd(null, { input: 1, output: 1 })).toBeNull()
    expect(costMicroUsd(usage({}), { input: 1, output: 1 })).toBe(0)
    expect(costMicroUsd(usage({ inputTokens: 5 }), { input: 0, output: 0 })).toBe(0)
  })

  it('charges each bucket its own price; reasoning is inside output', () => {
    const price: Price = { input: 2, output: 3, cachedInput: 5, cacheWrite: 7 }
    const used = usage({
      inputTokens: 1000,
      cachedInputTokens: 100,
      cacheWriteTokens: 10,
      outputTokens: 1,
      reasoningTokens: 1,
    })
    expect(costMicroUsd(used, price)).toBe(2000 + 500 + 70 + 3)
  })

  it('charges cached and written tokens as input where they have no price, even one of 0', () => {
    const used = usage({ cachedInputTokens: 10, cacheWriteTokens: 100 })
    expect(costMicroUsd(used, { input: 2, output: 9 })).toBe(220)
    expect(costMicroUsd(used, { input: 2, output: 9, cachedInput: 0 })).toBe(200)
    expect(costMicroUsd(used, { input: 2, output: 9, cacheWrite: 0 })).toBe(20)
  })

  it.each([
    [1, 0.5, 1],
    [1, 0.499999, 0],
    [3, 0.5, 2],
    [5, 0.1, 1],
    [1005, 0.1, 101],
    [35, 0.3, 11],
    [7, 0.15, 1],
    [1, 1.5, 2],
    [1, 0.000001, 0],
  ])('%i tokens at %f are %i: rounded half up, once', (inputTokens, input, expected) => {
    expect(costMicroUsd(usage({ inputTokens }), { input, output: 0 })).toBe(expected)
  })

  it('rounds as whole numbers do, whatever binary fractions would make of it', () => {
    const tokens = fc.nat({ max: 200_000 })
    const price = fc.nat({ max: 100_000_000 })
    fc.assert(
      fc.property(tokens, tokens, price, price, (inputTokens, outputTokens, input, output) => {
        const exact = BigInt(inputTokens) * BigInt(input) + BigInt(outputTokens) * BigInt(output)
        const expected = Number((exact + 500_000n) / 1_000_000n)
        const used = usage({ inputTokens, outputTokens })
        expect(costMicroUsd(used, { input: input / 1_000_000, output: output / 1_000_000 })).toBe(expected)
      }),
    )
  })
})

it.each([
  [null, 'null'],
  [0, '0.000000'],
  [1, '0.000001'],
  [1_234_567, '1.234567'],
])('formatUsd(%j) is %s', (microUsd, expected) => {
  expect(formatUsd(microUsd)).toBe(expected)
})
