/** Figures as text: aligned, marked, judged. */
import { expect, it } from 'vitest'
import type { WholeRow } from '../../../scripts/bench/report.ts'
import { streamsTable, verdictLines, wholeTable } from '../../../scripts/bench/table.ts'

const spread = { median: 1.5, least: 1, most: 2 }
const row: WholeRow = {
  contender: 'sluice',
  bytes: 200,
  connections: 16,
  requestsPerSecond: { median: 5000.4, least: 4000, most: 6000 },
  p50Ms: spread,
  p99Ms: spread,
  addedP50Ms: spread,
  addedP99Ms: spread,
  cpuMsPerRequest: spread,
  failures: 0,
  atCeiling: true,
  recordedInWindow: 0.987,
  recordedAll: false,
}

it('shows lane 1 by size and connections, with its marks', () => {
  const [, first, second] = wholeTable([{ ...row, bytes: 10_000 }, row]).split('\n')
  expect(first).toMatch(/^200 B +16 +sluice +5000 \(4000–6000\) \^ +1\.500 \(1\.000–2\.000\).* 98\.7 % lost! +0$/)
  expect(second).toMatch(/^10 KB/)
})

it('shows no added time for the direct way', () => {
  expect(wholeTable([{ ...row, contender: 'direct' }]).split('\n')[1]).toMatch(/2\.000\) {2,}1\.500 /)
})

it('shows lane 2', () => {
  const text = streamsTable([
    {
      contender: 'floor',
      streams: 1200,
      cpuMsPerStream: spread,
      addedFirstMs: spread,
      addedGapP50Ms: spread,
      addedGapP99Ms: spread,
      eventsLost: 3,
      failures: 0,
      recordedAll: null,
    },
  ])
  expect(text.split('\n')[1]).toMatch(/^floor +1200 +1\.500 \(1\.000–2\.000\) +1\.50 +1\.50 +1\.50 +3 +0$/)
})

it('says what falls short', () => {
  const lines = verdictLines([
    { name: 'a', value: 0.7, bound: '≥ 0.6', ok: true },
    { name: 'b', value: 4, bound: '≤ 3.3', ok: false },
  ])
  expect(lines.split('\n')).toEqual(['ok     a  0.70  ≥ 0.6', 'SHORT  b  4.00  ≤ 3.3'])
})
