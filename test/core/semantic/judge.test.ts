/** Whether two answers are the same. */
import { describe, expect, it } from 'vitest'
import { cutOf, equalAnswers, withCosine } from '../../../src/core/semantic/judge.ts'

describe('texts', () => {
  it.each([
    ['The refund takes 5 days.', 'the refund takes 5 days'],
    ['It’s “done”!', "It's  \n done"],
    ['Ｆｕｌｌ　ｗｉｄｔｈ', 'full width'],
    ['退款需要五天。', '退款需要五天'],
    ['Total: 1,200.50 EUR', 'total 1,200.50 eur'],
    ['50%', '50 %'],
  ])('%j is %j', (one, other) => expect(equalAnswers(one, other)).toBe(true))

  it.each([
    ['It is -5 degrees', 'It is 5 degrees'],
    ['1.5 litres', '15 litres'],
    ['50 %', '50'],
    ['$5', '€5'],
    ['yes', 'no'],
    ['!', '?'],
    ['👍', '👎'],
  ])('%j is not %j', (one, other) => expect(equalAnswers(one, other)).toBe(false))
})

describe('the cut between cosines', () => {
  const learned = (cosines: readonly number[]): number => cutOf(cosines.reduce<readonly number[]>(withCosine, []))
  const around = (centre: number, count: number): number[] =>
    Array.from({ length: count }, (_, index) => centre + ((index % 9) - 4) / 200)

  it('is strict until enough are known', () => {
    expect(learned([])).toBe(0.97)
    expect(learned([...around(0.95, 40), ...around(0.5, 40)])).toBe(0.97)
  })

  it('lies between what says the same and what does not', () => {
    const cut = learned([...around(0.95, 200), ...around(0.8, 200)])
    expect(cut).toBeGreaterThan(0.82)
    expect(cut).toBeLessThan(0.93)
  })

  it('is the strictest where there are no two kinds of pairs, however spread they are', () => {
    const rising = Array.from({ length: 1000 }, (_, index) => 0.6 + 0.4 * Math.sqrt((index + 0.5) / 1000))
    expect(learned(rising)).toBe(0.97)
    expect(learned(Array.from({ length: 1000 }, (_, index) => 0.5 + index / 2000))).toBe(0.97)
    expect(learned(around(0.9, 500))).toBe(0.97)
  })

  it('is never taken where it would not be safe', () => {
    expect(learned([...around(0.7, 200), ...around(0.1, 200)])).toBe(0.85)
    expect(learned([...around(0.985, 500), ...around(0.5, 500)])).toBeLessThanOrEqual(0.97)
  })

  it('follows a route whose answers change', () => {
    const before = [...around(0.9, 1000), ...around(0.5, 1000)]
    const after = [...around(0.95, 20_000), ...around(0.87, 1000), ...around(0.95, 1000), ...around(0.87, 1000)]
    expect(learned([...before, ...after])).toBeGreaterThan(learned(before))
  })
})
