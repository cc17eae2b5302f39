/** A comparison of routers as it is printed. */
import { expect, it } from 'vitest'
import type { PoolFigures } from '../../../scripts/sim/pool-figures.ts'
import { poolOutcomeLines } from '../../../scripts/sim/pool-table.ts'

const FIGURES: PoolFigures = {
  router: 'sluice',
  requests: 10,
  refused: 1,
  hitRatio: 0.3,
  ttftMs: { mean: 640, p50: 400, p90: 1400, p95: 2000, p99: 4200, max: 10_000 },
  goodShare: 0.95,
  jain: 0.987,
  goodput: 0.74,
  refusedShare: { interactive: 0.1, batch: 0 },
  refusedAtOnce: 1,
  retryAfterMs: 1500,
}

it('stands in columns, with what was kept and what was not', () => {
  const bounds = [
    { text: 'this', ok: true },
    { text: 'that', ok: false },
  ]
  expect(poolOutcomeLines({ figures: [FIGURES], others: [], bounds }).split('\n')).toEqual([
    '  router    hits     mean      p50      p90      p99       max   ≤ 2 s  refused  goodput  Jain (TTFT)',
    '  sluice  30.0 %  0.640 s  0.400 s  1.400 s  4.200 s  10.000 s  95.0 %        1   74.0 %        0.987',
    '  sluice refused 10.0 % of interactive, 0.0 % of batch; 100.0 % of them at once; median retry-after 1.500 s',
    '  kept   this',
    '  MISSED that',
  ])
})
