/** Choosing by seed: the same again, and nothing twice. */
import { expect, it } from 'vitest'
import { pick, seeded } from '../../../scripts/mutants/pick.ts'
import type { Mutant, MutantKind, Target } from '../../../scripts/mutants/sites.ts'

function target(name: string, kinds: readonly MutantKind[]): Target {
  const mutants = kinds.map(
    (kind, start): Mutant => ({ path: 'a', name, line: 1, kind, start, end: start, replacement: '' }),
  )
  return { path: 'a', name, mutants }
}

const targets = Array.from({ length: 50 }, (_, index) =>
  target(`f${index}`, ['emptied body', ...Array<MutantKind>(9).fill('removed condition')]),
)

it('gives the same for a seed, and other for another', () => {
  expect(pick(targets, 20, seeded(7))).toEqual(pick(targets, 20, seeded(7)))
  expect(pick(targets, 20, seeded(7))).not.toEqual(pick(targets, 20, seeded(8)))
})

it('takes each function once, and all when there are too few', () => {
  const names = pick(targets, 80, seeded(1)).map((mutant) => mutant.name)
  expect(names).toHaveLength(50)
  expect(new Set(names).size).toBe(50)
})

it('weighs kinds alike, however many places one has', () => {
  const emptied = pick(targets, 50, seeded(3)).filter((mutant) => mutant.kind === 'emptied body')
  expect(emptied.length).toBeGreaterThan(15)
  expect(emptied.length).toBeLessThan(35)
})

it('spreads over [0, 1)', () => {
  const random = seeded(42)
  const values = Array.from({ length: 10_000 }, random)
  expect(Math.min(...values)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...values)).toBeLessThan(1)
  expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeCloseTo(0.5, 1)
})
