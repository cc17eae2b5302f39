/** Learning how fast a replica prefills, whatever the config says. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PrefillRate } from '../../../src/core/pool/prefill-rate.ts'

describe('a rate', () => {
  it('is what the config says until something is learnt', () => {
    const rate = new PrefillRate(10_000)
    expect(rate.tokensPerSecond).toBeCloseTo(10_000)
    expect(rate.expectedMs(1000)).toBeCloseTo(100 + rate.stepMs)
  })

  it('is learnt within twenty prompts, off by half or ten times', () => {
    const lengths = fc.array(fc.integer({ min: 200, max: 20_000 }), { minLength: 20, maxLength: 20 })
    fc.assert(
      fc.property(
        lengths,
        fc.constantFrom(0.1, 0.5, 1, 1.5, 5),
        fc.integer({ min: 0, max: 100 }),
        (all, times, stepMs) => {
          const rate = new PrefillRate(10_000)
          const realMs = (tokens: number): number => stepMs + tokens / (10 * times)
          for (const tokens of all) rate.learn(tokens, realMs(tokens))
          // What matters is how long prompts are taken to need, such as were seen lately.
          const longest = Math.max(...all.slice(-5))
          expect(Math.abs(rate.expectedMs(longest) - realMs(longest))).toBeLessThan(50 + 0.3 * realMs(longest))
        },
      ),
      { numRuns: 300 },
    )
  })

  it('is not thrown off by one prompt whose memory was gone', () => {
    const rate = new PrefillRate(10_000)
    for (let count = 0; count < 10; count += 1) rate.learn(5000, 530)
    rate.learn(100, 3000)
    for (let count = 0; count < 5; count += 1) rate.learn(5000, 530)
    expect(rate.expectedMs(5000)).toBeGreaterThan(450)
    expect(rate.expectedMs(5000)).toBeLessThan(610)
  })

  it('stays within what can be, whatever it is told', () => {
    const took = fc.record({
      tokens: fc.integer({ min: 1, max: 200_000 }),
      ms: fc.double({ min: 0, max: 1e7, noNaN: true }),
    })
    fc.assert(
      fc.property(fc.array(took, { maxLength: 50 }), (all) => {
        const rate = new PrefillRate(10_000)
        for (const { tokens, ms } of all) rate.learn(tokens, ms)
        expect(rate.tokensPerSecond).toBeGreaterThan(0)
        expect(Number.isFinite(rate.expectedMs(1000))).toBe(true)
        expect(rate.stepMs).toBeGreaterThanOrEqual(0)
      }),
    )
  })
})
