/** Wilson's upper bound against its published values. */
import { expect, it } from 'vitest'
import { wilsonUpper } from '../../../src/core/semantic/wilson.ts'

it.each([
  // R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3: two-sided 95 %.
  [81 / 263, 263, 1.96, 0.3662],
  [15 / 148, 148, 1.96, 0.1605],
  [0, 20, 1.96, 0.1611],
  [1 / 29, 29, 1.96, 0.1718],
])('of %d in %d trials', (share, trials, z, upper) => {
  expect(wilsonUpper(share, trials, z)).toBeCloseTo(upper, 4)
})

it('is 1 where nothing was tried, and never more', () => {
  expect(wilsonUpper(0, 0, 1.96)).toBe(1)
  expect(wilsonUpper(1, 3, 1.96)).toBe(1)
})
