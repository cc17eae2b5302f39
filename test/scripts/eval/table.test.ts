/** Figures as people read them. */
import { expect, it } from 'vitest'
import { figuresOf } from '../../../scripts/eval/figures.ts'
import { meansLines, percent, seedsLines } from '../../../scripts/eval/table.ts'

const row = { name: 'delta 0.02', figures: figuresOf([{ seed: 4, outcomes: `${'a'.repeat(10)}${'h'.repeat(9)}w` }]) }

it('says shares as they are read', () => {
  expect([percent(0.5), percent(0.0123), percent(0)]).toEqual(['50.0 %', '1.23 %', '0.00 %'])
})

it('has the means of both halves, and the worst seed', () => {
  const lines = meansLines([row]).split('\n')
  expect(lines).toHaveLength(3)
  expect(lines[2]).toMatch(/delta 0\.02 +100\.0 % +10\.0 % +10\.0 % +50\.0 % +10\.0 % +5\.00 % +10\.0 %$/)
})

it('has a line for each seed with its tenths', () => {
  const lines = seedsLines(row)
  expect(lines).toContain('tenth 10')
  expect(lines).toMatch(/seed 4( +0\.00 % 0){5}( +100\.0 % 0){4} +100\.0 % 1 +50\.0 % 1$/)
})
