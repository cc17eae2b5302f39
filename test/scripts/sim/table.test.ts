/** A comparison as people read it. */
import { expect, it } from 'vitest'
import { assumptionLines, comparisonLines } from '../../../scripts/sim/table.ts'
import { ASSUMPTIONS } from '../../../scripts/sim/workload.ts'

it('has a row for every policy, and says what was kept and what was not', () => {
  const lines = comparisonLines({
    oversubscription: 11,
    copies: 11,
    tokensPerMinute: 450_000,
    outcomes: [
      { policy: 'post-charging', admitted: 12_345, refused: 7, worst: 2.2, use: 1.5 },
      { policy: 'hard', admitted: 3, refused: 20_000, worst: 0.98765, use: 0.9 },
    ],
    bounds: [
      { text: 'hard: fine', ok: true },
      { text: 'estimated: not', ok: false },
    ],
  })
  expect(lines.split('\n')).toEqual([
    '11 × oversubscribed: 11 × the trace offered to a limit of 450000 tokens a minute',
    '  policy         worst 60 s  mean use  admitted  refused',
    '  post-charging     2.200 ×   150.0 %     12345        7',
    '  hard              0.988 ×    90.0 %         3    20000',
    '  kept   hard: fine',
    '  MISSED estimated: not',
  ])
})

it('says what was assumed', () => {
  const lines = assumptionLines({ ...ASSUMPTIONS, tokenMs: 33 }, 7)
  for (const part of ['seed 7', '33 ms a token', '1000 tokens', 'does not come again']) expect(lines).toContain(part)
})
