/** Medians, percentiles and spreads. */
import { expect, it } from 'vitest'
import { median, percentile, spread } from '../../../scripts/bench/stats.ts'

it('takes the middle of any order', () => {
  expect(median([9, 1, 5])).toBe(5)
  expect(median([4, 1, 3, 2])).toBe(2.5)
  expect(median([])).toBeNaN()
})

it('takes percentiles of sorted values', () => {
  const values = Float64Array.from({ length: 100 }, (_, index) => index + 1)
  expect([percentile(values, 0.5), percentile(values, 0.99), percentile(values, 1)]).toEqual([51, 100, 100])
  expect(percentile([], 0.5)).toBeNaN()
})

it('keeps the extremes beside the median', () => {
  expect(spread([3, 1, 2])).toEqual({ median: 2, least: 1, most: 3 })
})
