/** The table of `sim:cache`. */
import { expect, it } from 'vitest'
import { isAsGood, outcomeLines } from '../../../scripts/sim/cache-table.ts'

const outcomeOf = (policy: string, hits: number) => ({ policy, lookUps: 100, hits, saved: 5, savable: 10 })

it('says what each policy came to, and that the bound was kept', () => {
  const text = outcomeLines('Zipf', [outcomeOf('S3-FIFO', 50), outcomeOf('LRU', 50)])
  expect(text).toMatch(/^Zipf\n/)
  expect(text).toMatch(/S3-FIFO +50\.0 % +50\.0 %/)
  expect(text).toContain('kept   S3-FIFO')
})

it('says when the bound was missed', () => {
  const outcomes = [outcomeOf('S3-FIFO', 49), outcomeOf('LRU', 50)]
  expect(isAsGood(outcomes)).toBe(false)
  expect(outcomeLines('Zipf', outcomes)).toContain('MISSED')
})
