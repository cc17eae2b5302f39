/** What fates come to in figures. */
import { describe, expect, it } from 'vitest'
import { poolFigures, spreadOf } from '../../../scripts/sim/pool-figures.ts'
import type { Fate } from '../../../scripts/sim/pool-simulation.ts'
import { arrivalOf } from '../../support/pool-arrivals.ts'

const fateOf = (firstMs: number | null, other: Partial<Fate> = {}): Fate => ({
  arrival: arrivalOf('1'),
  firstMs,
  cachedTokens: 128,
  busyMs: 100,
  refused: firstMs === null ? { why: 'wait', afterMs: 0, retryAfterMs: 700 } : null,
  ...other,
})

describe('figures', () => {
  it('spread by nearest rank', () => {
    const fates = Array.from({ length: 100 }, (_, index) => fateOf(index + 1))
    expect(spreadOf(fates)).toEqual({ mean: 50.5, p50: 50, p90: 90, p95: 95, p99: 99, max: 100 })
    expect(spreadOf([])).toEqual({ mean: 0, p50: 0, p90: 0, p95: 0, p99: 0, max: 0 })
  })

  it('count hits of the answered, the good of all, and the refused by priority', () => {
    const batch = arrivalOf('2', { priority: 'batch' })
    const last = fateOf(3000, { arrival: arrivalOf('3', { atMs: 10_000 }) })
    const figures = poolFigures('one', [fateOf(100), fateOf(null), fateOf(null, { arrival: batch }), last], 1, 30_000)
    expect(figures).toMatchObject({
      requests: 4,
      refused: 2,
      hitRatio: 0.25,
      goodShare: 0.25,
      jain: null,
      goodput: 0.01,
      refusedShare: { interactive: 1 / 3, batch: 1 },
      refusedAtOnce: 1,
      retryAfterMs: 700,
    })
  })

  it('are fair by Jain where all tenants are served alike, and less where one is not', () => {
    const of = (tenant: string, firstMs: number): Fate => fateOf(firstMs, { arrival: arrivalOf('1', { tenant }) })
    expect(poolFigures('one', [of('a', 100), of('b', 100)], 1, 1000).jain).toBe(1)
    expect(poolFigures('one', [of('a', 100), of('b', 300)], 1, 1000).jain).toBeCloseTo(0.8)
  })
})
