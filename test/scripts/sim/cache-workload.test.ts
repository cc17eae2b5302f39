/** The made-up look-ups: seeded, skewed, and scanned where they are to be. */
import { expect, it } from 'vitest'
import { seeded } from '../../../scripts/mutants/pick.ts'
import { lookUpsOf, SCANS, ZIPF } from '../../../scripts/sim/cache-workload.ts'

const small = { lookUps: 20_000, keys: 1000 }

it('are the same for the same seed, and others for another', () => {
  const of = (seed: number) => [...lookUpsOf({ ...ZIPF, ...small }, seeded(seed))]
  expect(of(1)).toEqual(of(1))
  expect(of(1)).not.toEqual(of(2))
})

it('follow the Zipf law, with values of many sizes and prices', () => {
  const counts = new Map<string, number>()
  const values = new Map<string, { bytes: number; saved: number }>()
  for (const { key, bytes, saved } of lookUpsOf({ ...ZIPF, ...small }, seeded(3))) {
    counts.set(key, (counts.get(key) ?? 0) + 1)
    expect(values.get(key) ?? { bytes, saved }).toEqual({ bytes, saved })
    values.set(key, { bytes, saved })
  }
  const count = (rank: number) => counts.get(`popular-${rank}`) ?? 0
  expect(count(0) / count(9)).toBeGreaterThan(10 ** 0.9 * 0.8)
  expect(count(0) / count(9)).toBeLessThan(10 ** 0.9 * 1.25)
  const sizes = [...values.values()].map(({ bytes }) => bytes).sort((a, b) => a - b)
  expect(sizes[0]).toBeGreaterThanOrEqual(300)
  expect((sizes.at(-1) ?? 0) / (sizes[0] ?? 1)).toBeGreaterThan(20)
  const prices = new Set([...values.values()].map(({ bytes, saved }) => Math.round(((saved - 1) / bytes) * 100)))
  expect([...prices].sort((a, b) => a - b)).toEqual([5, 50, 300])
})

it('have scans of keys that never come again', () => {
  const keys = [...lookUpsOf({ ...SCANS, ...small, lookUps: 32_000 }, seeded(1))].map(({ key }) => key)
  const scanned = keys.filter((key) => key.startsWith('scanned'))
  expect(scanned).toHaveLength(16_000)
  expect(new Set(scanned).size).toBe(16_000)
  expect(keys.slice(0, 8000).some((key) => key.startsWith('scanned'))).toBe(false)
  expect(keys.slice(8000, 16_000).every((key) => key.startsWith('scanned'))).toBe(true)
})
