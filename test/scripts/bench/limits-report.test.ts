/** The limits lane's bounds, each on both of its sides. */
import { expect, it } from 'vitest'
import type { ColdRound, HotRound } from '../../../scripts/bench/limits-lane.ts'
import { type LimitsResults, limitsTable, limitsVerdicts } from '../../../scripts/bench/limits-report.ts'

const hot = (limited: boolean, change: Partial<HotRound> = {}): HotRound => ({
  limited,
  round: 0,
  requestsPerSecond: limited ? 900 : 1000,
  sent: 1000,
  failures: 0,
  ledgerCalls: limited ? 50 : 0,
  ...change,
})
const cold = (limited: boolean, change: Partial<ColdRound> = {}): ColdRound => ({
  limited,
  round: 0,
  sent: 50,
  failures: 0,
  p50Ms: limited ? 2 : 1,
  ledgerCalls: limited ? 50 : 0,
  ...change,
})
const exact = {
  amount: 4000,
  perSeconds: 10,
  offeredPerSecond: 800,
  granted: 12_000,
  mostInWindow: 4000,
  sent: 22_000,
  failures: 0,
  ledgerCalls: 900,
}
const good: LimitsResults = { hot: [hot(true), hot(false)], cold: [cold(true), cold(false)], exact }

const broken = (results: LimitsResults): string[] =>
  limitsVerdicts(results)
    .filter(({ ok }) => !ok)
    .map(({ name }) => name)

it('accepts what is just good enough', () => {
  expect(broken(good)).toEqual([])
  expect(limitsVerdicts(good)).toHaveLength(6)
})

it.each<[string, Partial<LimitsResults>]>([
  [
    "requests/s of a hot tenant over the same's without limits",
    { hot: [hot(true, { requestsPerSecond: 899 }), hot(false)] },
  ],
  ['questions to the ledger a request, hot tenant', { hot: [hot(true, { ledgerCalls: 51 }), hot(false)] }],
  ['p50 that limits add, ms, cold tenant', { cold: [cold(true, { p50Ms: 2.01 }), cold(false)] }],
  ['most in any closed interval over the amount', { exact: { ...exact, mostInWindow: 4001 } }],
  ['granted over 3 × the amount', { exact: { ...exact, granted: 11_999 } }],
  ['failures with limits', { hot: [hot(true, { failures: 1 }), hot(false)] }],
])('refuses: %s', (name, change) => {
  expect(broken({ ...good, ...change })).toEqual([name])
})

it('prints every figure', () => {
  const lines = limitsTable(good).split('\n')
  expect(lines).toHaveLength(4)
  expect(lines[1]).toContain('× 0.900')
  expect(lines[1]).toContain('5.0 %')
  expect(lines[2]).toContain('+ 1.000')
  expect(lines[3]).toContain('most 4000 of 4000 in 10 s')
})
