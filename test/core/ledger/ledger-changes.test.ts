/** Limits that change while they count, and those that no wait can satisfy. */
import { expect, it } from 'vitest'
import { askOf, budgetOf, ClockedLedger, needsOf, pacedOf, rowOf } from '../../support/ledger.ts'

const NOON_MS = Date.UTC(2026, 10, 20, 12)

it('gives a paced limit another burst without a fresh start', () => {
  const at = new ClockedLedger(NOON_MS)
  const before = pacedOf(20, 60_000, 2)
  expect(['a', 'b', 'c'].map((id) => at.ask(askOf(id, [before])).kind)).toEqual(['granted', 'granted', 'refused'])
  const after = pacedOf(30, 60_000, 3)
  // Two of the three are taken.
  expect(['d', 'e'].map((id) => at.ask(askOf(id, [after])).kind)).toEqual(['granted', 'refused'])
  at.pass(2000)
  expect(['f', 'g'].map((id) => at.ask(askOf(id, [after])).kind)).toEqual(['granted', 'refused'])
})

it('tells a request that alone is more than a budget of the end of its period, used or not', () => {
  const at = new ClockedLedger(NOON_MS)
  const ask = askOf('a', [budgetOf(100)], { needs: needsOf({ worstMicroUsd: 101 }) })
  expect(at.ask(ask)).toMatchObject({ kind: 'refused', isFutile: true, retryAfterMs: 12 * 3_600_000 })
})

it('does not learn from a failure how long an answer is', () => {
  const at = new ClockedLedger(NOON_MS)
  const budget = budgetOf(1_000_000)
  at.ask(askOf('a', [budget]))
  at.settle([rowOf('a', 10, 5000, { outcome: 'failed', status: 502, costMicroUsd: 7 })])
  expect(at.used(budget)).toEqual([7])
  expect(at.ledger.ask(askOf('b', [budget]), NOON_MS)).toMatchObject({ learned: { outputTokens: 256 } })
})
