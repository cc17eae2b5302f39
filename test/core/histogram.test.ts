/** The histogram: its error bound, and that merging changes nothing. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { addValue, type Histogram, mergeHistogram, quantile } from '../../src/core/histogram.ts'

const of = (values: readonly number[]): Histogram => {
  const histogram: Histogram = {}
  for (const value of values) addValue(histogram, value)
  return histogram
}

const values = fc.array(fc.double({ min: 0.01, max: 3_600_000, noNaN: true }), { minLength: 1, maxLength: 200 })

it('is within 1 % of the exact quantile by nearest rank', () => {
  fc.assert(
    fc.property(values, fc.constantFrom(0.01, 0.5, 0.95, 0.99, 1), (sample, share) => {
      const sorted = [...sample].sort((left, right) => left - right)
      const exact = sorted[Math.ceil(share * sorted.length) - 1] ?? expect.fail()
      const found = quantile(of(sample), share) ?? expect.fail()
      expect(Math.abs(found - exact)).toBeLessThanOrEqual(exact * 0.010001)
    }),
  )
})

it('merges to what the values together give', () => {
  fc.assert(
    fc.property(values, values, (left, right) => {
      const merged = of(left)
      mergeHistogram(merged, of(right))
      expect(merged).toEqual(of([...left, ...right]))
    }),
  )
})

it('survives JSON', () => {
  const histogram = of([0, 1, 20, 1234.5])
  expect(JSON.parse(JSON.stringify(histogram))).toEqual(histogram)
})

it('knows nothing, zero, and what no clock could measure', () => {
  expect(quantile({}, 0.5)).toBeNull()
  expect(quantile(of([0, 0, 5]), 0.5)).toBe(0)
  expect(quantile(of([-3, Number.NaN]), 1)).toBe(0)
  expect(quantile(of([Number.POSITIVE_INFINITY]), 1)).toBeGreaterThan(8e9)
})
