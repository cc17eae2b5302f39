/** Exponential backoff with full jitter. */
import { expect, it } from 'vitest'
import { backoffMs } from '../../src/lib/backoff.ts'

it('doubles its bound from try to try, up to the cap', () => {
  expect([0, 1, 2, 3, 50].map((attempt) => backoffMs(attempt, 100, 500, () => 1))).toEqual([100, 200, 400, 500, 500])
})

it('is anything from nothing to its bound', () => {
  expect([0, 0.25, 0.5].map((share) => backoffMs(1, 100, 500, () => share))).toEqual([0, 50, 100])
})
