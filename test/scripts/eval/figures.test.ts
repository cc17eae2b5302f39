/** What became of streams, counted. */
import { expect, it } from 'vitest'
import { countOf, figuresOf, recoveredAfter, sharesOf } from '../../../scripts/eval/figures.ts'

it('counts a stretch', () => {
  expect(countOf('aahwsh')).toEqual({ requests: 6, hits: 3, wrong: 1, shadows: 1 })
  expect(countOf('aahwsh', 3)).toEqual({ requests: 3, hits: 2, wrong: 1, shadows: 1 })
  expect(countOf('aahwsh', 0, 2)).toEqual({ requests: 2, hits: 0, wrong: 0, shadows: 0 })
})

it('tells shares of hits, of wrong ones among them, and among all', () => {
  expect(sharesOf(countOf('aahwsh'))).toEqual({ hits: 0.5, wrong: 1 / 3, wrongOfAll: 1 / 6 })
  expect(sharesOf(countOf(''))).toEqual({ hits: 0, wrong: 0, wrongOfAll: 0 })
})

it('tells the mean of the seeds, the worst of them, and tenths', () => {
  const figures = figuresOf([
    { seed: 1, outcomes: `${'a'.repeat(10)}${'h'.repeat(10)}` },
    { seed: 2, outcomes: `${'a'.repeat(10)}${'hw'.repeat(5)}` },
  ])
  expect(figures.secondHalf).toEqual({ hits: 1, wrong: 0.25, wrongOfAll: 0.25 })
  expect(figures.whole).toEqual({ hits: 0.5, wrong: 0.25, wrongOfAll: 0.125 })
  expect(figures.worstWrong).toBe(0.5)
  expect(figures.seeds[1]?.tenths).toHaveLength(10)
  expect(figures.seeds[1]?.tenths[5]).toEqual({ requests: 2, hits: 2, wrong: 1, shadows: 0 })
})

it('tells when a drift was over: from where on every window keeps the bound', () => {
  const before = 'h'.repeat(4000)
  expect(recoveredAfter(before + 'h'.repeat(4000), 0.02)).toBe(0)
  expect(recoveredAfter(before + 'w'.repeat(500) + 'h'.repeat(3500), 0.02)).toBe(500)
  expect(recoveredAfter(before + 'h'.repeat(3500) + 'w'.repeat(500), 0.02)).toBeNull()
})
