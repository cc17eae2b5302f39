/** Bounds hold at the bound itself, and never for a figure that is none. */
import { expect, it } from 'vitest'
import { atLeast, atMost, below } from '../../../scripts/bench/verdict.ts'

it.each([
  [atLeast, [1, 1.1], [0.9, Number.NaN]],
  [atMost, [1, 0.9], [1.1, Number.NaN]],
  [below, [0.9], [1, 1.1, Number.NaN]],
] as const)('%o', (bound, good, bad) => {
  for (const value of good) expect(bound('it', value, 1)).toMatchObject({ name: 'it', value, ok: true })
  for (const value of bad) expect(bound('it', value, 1).ok).toBe(false)
})
