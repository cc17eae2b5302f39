/** The exact sliding window: never over in any closed interval, all of it at once, and a margin for who looks late. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Entry } from '../../../src/core/ledger/count.ts'
import { SlidingWindow } from '../../../src/core/ledger/sliding-window.ts'

const START_MS = 1_790_000_000_000

interface Grant {
  readonly atMs: number
  units: number
}

/** The most units that any closed interval of this length has seen. */
function worst(grants: readonly Grant[], perMs: number): number {
  const sums = grants.map(({ atMs: fromMs }) =>
    grants.reduce((sum, { atMs, units }) => sum + (atMs >= fromMs && atMs <= fromMs + perMs ? units : 0), 0),
  )
  return Math.max(0, ...sums)
}

const perMs = fc.constantFrom(1000, 1001, 7000, 60_000, 3_600_000, 31_536_000_000)
const step = fc.record({
  /** Since the step before, as a share of the window. */
  pause: fc.oneof(
    fc.constant(0),
    fc.double({ min: 0, max: 0.3, noNaN: true }),
    fc.double({ max: 1.2, noNaN: true, min: 0 }),
  ),
  units: fc.integer({ min: 1, max: 12 }),
  /** Waits for its turn, or is refused. */
  waits: fc.boolean(),
  /** Then this grant of before is settled, at this share of its units. */
  settles: fc.option(fc.record({ which: fc.nat(), share: fc.constantFrom(0, 0.3, 0.9) })),
})
const script = fc.record({ perMs, amount: fc.integer({ min: 1, max: 20 }), steps: fc.array(step, { maxLength: 40 }) })

describe('never over', () => {
  it('in any closed interval, at any time, whether requests wait, are refused or give back', () => {
    fc.assert(
      fc.property(script, ({ perMs, amount, steps }) => {
        const count = new SlidingWindow(perMs)
        const grants: Grant[] = []
        let nowMs = START_MS
        for (const { pause, units, waits, settles } of steps) {
          nowMs += Math.floor(pause * perMs)
          const atMs = count.freeAt(units, nowMs, amount)
          if (atMs === nowMs || (waits && Number.isFinite(atMs))) {
            count.charge(units, atMs)
            grants.push({ atMs, units })
          }
          const settled = settles === null ? undefined : grants[settles.which % grants.length]
          if (settles !== null && settled !== undefined) {
            const used = Math.floor(settled.units * settles.share)
            count.giveBack(settled.units - used, settled.atMs)
            settled.units = used
          }
          const inWindow = grants.reduce((sum, { atMs, units }) => sum + (atMs + perMs >= nowMs ? units : 0), 0)
          expect(count.level(nowMs)).toBeGreaterThanOrEqual(inWindow)
          expect(worst(grants, perMs)).toBeLessThanOrEqual(amount)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it.each([1000, 7000, 60_000])('also as seen by who sees each grant up to %d/40 late, 25 ms at most', (perMs) => {
    const count = new SlidingWindow(perMs)
    const lateMs = Math.min(25, perMs / 40)
    const times: number[] = []
    for (let index = 0; index < 300; index += 1) {
      const atMs = count.freeAt(1, START_MS, 10)
      count.charge(1, atMs)
      times.push(atMs)
    }
    for (let index = 10; index < times.length; index += 1) {
      // The first of eleven seen late, the last seen at once: still not within one window.
      expect((times[index] ?? 0) - ((times[index - 10] ?? 0) + lateMs)).toBeGreaterThan(perMs)
    }
  })
})

describe('an unused limit', () => {
  it('grants all of it at once, at any moment, in any parts', () => {
    const parts = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 50 })
    fc.assert(
      fc.property(perMs, parts, fc.nat({ max: 1_000_000 }), (perMs, parts, offsetMs) => {
        const count = new SlidingWindow(perMs)
        const amount = parts.reduce((sum, units) => sum + units, 0)
        const nowMs = START_MS + offsetMs
        for (const units of parts) {
          expect(count.freeAt(units, nowMs, amount)).toBe(nowMs)
          count.charge(units, nowMs)
        }
        expect(count.freeAt(1, nowMs, amount)).toBeGreaterThan(nowMs + perMs)
      }),
      { numRuns: 1000 },
    )
  })

  it('is unused again when everything is out of the window and its margin', () => {
    const charges = fc.array(fc.record({ atShare: fc.double({ min: 0, max: 3, noNaN: true }), units: fc.nat(9) }))
    fc.assert(
      fc.property(perMs, charges, (perMs, charges) => {
        const count = new SlidingWindow(perMs)
        for (const { atShare, units } of charges) count.charge(units, START_MS + Math.floor(atShare * perMs))
        const lastMs = START_MS + Math.max(0, ...charges.map(({ atShare }) => Math.floor(atShare * perMs)))
        const marginMs = Math.ceil(Math.max(perMs / 120, Math.min(25, perMs / 40)))
        expect(count.isIdle(lastMs + perMs + marginMs + 1)).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })
})

it.each([
  [1000, 1026],
  [2000, 2026],
  [6000, 6051],
  [60_000, 60_501],
  [3_600_000, 3_630_001],
])('a charge leaves a window of %d ms after %d ms', (perMs, afterMs) => {
  const count = new SlidingWindow(perMs)
  count.charge(1, START_MS)
  expect(count.freeAt(1, START_MS, 1)).toBe(START_MS + afterMs)
  expect(count.level(START_MS + afterMs - 1)).toBe(1)
  expect(count.level(START_MS + afterMs)).toBe(0)
})

it('charges of one slot leave with the last of them', () => {
  const count = new SlidingWindow(60_000)
  const slotMs = Math.ceil(START_MS / 500) * 500
  count.charge(1, slotMs)
  count.charge(1, slotMs + 499)
  count.charge(1, slotMs + 500)
  expect(count.freeAt(1, slotMs + 500, 3)).toBe(slotMs + 499 + 60_501)
  expect(count.freeAt(3, slotMs + 500, 3)).toBe(slotMs + 500 + 60_501)
})

describe('stored rows', () => {
  /** As a journal keeps them: units added up by slot, the last time of each. */
  function stored(rows: readonly Entry[]): Entry[] {
    const slots = new Map<number, Entry>()
    for (const row of rows) {
      const held = slots.get(row.slot)
      const units = row.units + (held?.units ?? 0)
      slots.set(row.slot, { slot: row.slot, units, atMs: Math.max(row.atMs, held?.atMs ?? 0) })
    }
    return [...slots.values()]
  }

  it('make a count that is never more permissive, rows that may go left out', () => {
    const charges = fc.array(
      fc.record({ atShare: fc.double({ min: 0, max: 2, noNaN: true }), units: fc.integer({ min: 1, max: 9 }) }),
      { minLength: 1 },
    )
    const later = fc.double({ min: 0, max: 3.2, noNaN: true })
    fc.assert(
      fc.property(perMs, charges, later, (perMs, charges, later) => {
        const count = new SlidingWindow(perMs)
        const times = charges.map(({ atShare, units }) => ({ units, atMs: START_MS + Math.floor(atShare * perMs) }))
        for (const { units, atMs } of times) count.charge(units, atMs)
        const nowMs = START_MS + Math.floor(later * perMs)
        const rows = times.map(({ units, atMs }) => count.row(units, atMs))
        const kept = rows.filter(({ untilMs }) => untilMs > nowMs).map(({ entry }) => entry)
        const reloaded = new SlidingWindow(perMs, stored(kept))
        expect(reloaded.level(nowMs)).toBe(count.clone().level(nowMs))
        const amount = charges.reduce((sum, { units }) => sum + units, 0)
        expect(reloaded.freeAt(amount, nowMs, amount)).toBe(count.freeAt(amount, nowMs, amount))
      }),
      { numRuns: 1000 },
    )
  })

  it('keep their place when slots were cut otherwise as they were written', () => {
    const count = new SlidingWindow(60_000, [{ slot: 17, units: 5, atMs: START_MS }])
    expect(count.level(START_MS)).toBe(5)
    count.giveBack(2, START_MS)
    expect(count.level(START_MS + 60_500)).toBe(3)
    expect(count.level(START_MS + 60_501)).toBe(0)
  })
})

it('holds a bounded number of slots, however many charges there are', () => {
  const count = new SlidingWindow(1000)
  let charged = 0
  for (let atMs = START_MS; atMs < START_MS + 20_000; atMs += 1) {
    for (let turn = 0; turn < 10; turn += 1) {
      if (count.freeAt(1, atMs, 5000) > atMs) break
      count.charge(1, atMs)
      charged += 1
    }
    expect(count.level(atMs)).toBeLessThanOrEqual(5000)
  }
  // Of each window of 1026 ms and a slot the whole amount was granted.
  expect(charged).toBeGreaterThanOrEqual(5000 * Math.floor(20_000 / (1026 + 9)))
})
