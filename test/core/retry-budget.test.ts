/** The retry budget: a share of the requests and a trickle besides. */
import { expect, it } from 'vitest'
import { RETRY_BUDGET_PER_SECOND, RETRY_BUDGET_SHARE } from '../../src/core/limits.ts'
import { RetryBudget } from '../../src/core/retry-budget.ts'

const NOW = 1_700_000_000_000

/** How many retries the budget gives at a moment. */
function drained(budget: RetryBudget, nowMs: number): number {
  let taken = 0
  while (taken < 1000 && budget.take(nowMs)) taken += 1
  return taken
}

it('gives the trickle of one second at most, however long nobody asked', () => {
  const budget = new RetryBudget()
  expect(drained(budget, NOW)).toBe(RETRY_BUDGET_PER_SECOND)
  expect(drained(budget, NOW + 3_600_000)).toBe(RETRY_BUDGET_PER_SECOND)
})

it('refills with time', () => {
  const budget = new RetryBudget()
  drained(budget, NOW)
  expect(budget.take(NOW + 999 / RETRY_BUDGET_PER_SECOND)).toBe(false)
  expect(budget.take(NOW + 1000 / RETRY_BUDGET_PER_SECOND + 1)).toBe(true)
  expect(drained(budget, NOW + 1000)).toBe(RETRY_BUDGET_PER_SECOND - 1)
})

it('gives a share of the requests besides', () => {
  const budget = new RetryBudget()
  drained(budget, NOW)
  for (let count = 0; count < 52; count += 1) budget.request()
  expect(drained(budget, NOW)).toBe(Math.floor(52 * RETRY_BUDGET_SHARE))
})

it('keeps no more than 100 retries of its share', () => {
  const budget = new RetryBudget()
  drained(budget, NOW)
  for (let count = 0; count < 10_000; count += 1) budget.request()
  expect(drained(budget, NOW)).toBe(100)
})

it('gives nothing for a clock that steps back', () => {
  const budget = new RetryBudget()
  drained(budget, NOW)
  expect(budget.take(NOW - 60_000)).toBe(false)
})
