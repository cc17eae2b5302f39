/** Routers side by side on a small load, and what must be of the pool's own. */
import { describe, expect, it } from 'vitest'
import { comparePools, type PoolComparison, seconds } from '../../../scripts/sim/pool-compare.ts'
import { ENGINE } from '../../../scripts/sim/pool-engine.ts'
import { poolAssumptionLines, poolOutcomeLines } from '../../../scripts/sim/pool-table.ts'
import { conversations } from '../../support/pool-arrivals.ts'

const COMPARISON: PoolComparison = {
  trace: conversations(40, 5),
  load: { speedup: 1, tenants: 1, flood: 1, copies: 1, batch: 0 },
  scenario: { replicas: 4, rttMs: 5, engine: { ...ENGINE, kvTokens: 200_000 } },
  prefillError: 0,
  maxWaitMs: 30_000,
  maxQueue: 1000,
  saturatedMs: 2000,
  seed: 1,
}
const load = COMPARISON.load

describe('conversations of several turns', () => {
  it('are answered sooner than by the others, with more hits than round-robin has', () => {
    const { figures, bounds } = comparePools(COMPARISON)
    const of = (name: string) => figures.find(({ router }) => router.startsWith(name))
    expect(figures).toHaveLength(5)
    expect(of('sluice')?.hitRatio).toBeGreaterThan(1.3 * (of('round-robin')?.hitRatio ?? 1))
    expect(bounds.map(({ ok }) => ok)).toEqual([true])
    expect(comparePools(COMPARISON)).toEqual({ figures, bounds, others: [] })
  })

  it('are so as well when the rate that it is told is off by half', () => {
    const mean = (prefillError: number): number =>
      comparePools({ ...COMPARISON, prefillError }).figures.at(-1)?.ttftMs.mean ?? 0
    // Of 200 requests a good part comes before the rate is learnt.
    expect(mean(0.5)).toBeLessThan(1.3 * mean(0))
    expect(mean(-0.5)).toBeLessThan(1.3 * mean(0))
  })
})

it('an overload is kept within the bound, interactive before batch', () => {
  const trace = conversations(150, 5)
  const comparison = { ...COMPARISON, trace, maxWaitMs: 3000, load: { ...load, speedup: 4, copies: 4, batch: 0.5 } }
  const outcome = comparePools(comparison)
  expect(outcome.bounds.map(({ text, ok }) => (ok ? '' : text))).toEqual(['', '', '', ''])
  expect(poolAssumptionLines(comparison)).toContain('laid over itself 4 times, 50.0 % of conversations batch')
  expect(poolOutcomeLines(outcome)).toMatch(/sluice refused [\d.]+ % of interactive, [\d.]+ % of batch/)
})

it('a flood is told of by what the others notice', () => {
  const outcome = comparePools({ ...COMPARISON, load: { ...load, tenants: 4, flood: 4 } })
  expect(outcome.others.map(({ router }) => router)).toEqual(outcome.figures.map(({ router }) => router))
  expect(outcome.bounds).toHaveLength(2)
  expect(poolOutcomeLines(outcome)).toContain('the other tenants’ p95 with sluice')
  expect(seconds(1234.5)).toBe('1.234 s')
})
