/** Slices as the ledger grants them: to whom asks often, charged at once, and closed with what was left of them. */
import { describe, expect, it } from 'vitest'
import type { Counter, Slice } from '../../../src/core/ledger/types.ts'
import { SLICE_LIFE_MS } from '../../../src/core/limits.ts'
import { askOf, budgetOf, ClockedLedger, counterOf, flightOf, needsOf, pacedOf, rowOf } from '../../support/ledger.ts'

const rpm = counterOf({ amount: 1000 })
const EVENING_MS = Date.UTC(2026, 10, 20, 23, 59, 57)

/** Asks a hundred times a second until a slice comes, at most for a second. */
function hot(ledger: ClockedLedger, counters: readonly Counter[], maxWaitMs = 0): Slice | null {
  for (let index = 0; index < 100; index += 1) {
    const reply = ledger.ask(askOf(`${ledger.nowMs} ${index}`, counters, { maxWaitMs }))
    if (reply.kind === 'granted' && reply.slice !== null) return reply.slice
    ledger.pass(10)
  }
  return null
}

describe('a slice', () => {
  it('is granted with a request, once its isolate asks often, and charged at once', () => {
    const ledger = new ClockedLedger(EVENING_MS - 10_000)
    const slice = hot(ledger, [rpm])
    expect(slice).toEqual({ id: 'slice-1', units: [50], lifeMs: SLICE_LIFE_MS })
    const requests = ledger.journal.reservations().filter(({ isSlice }) => !isSlice).length
    expect(ledger.used(rpm)).toEqual([requests + 50])
    expect(ledger.ledger.view([], ledger.nowMs)).toMatchObject({ reservations: requests, slices: 1 })
  })

  it('lasts no longer than the day of a budget beside it', () => {
    const ledger = new ClockedLedger(EVENING_MS)
    const slice = hot(ledger, [rpm, budgetOf(10_000_000)])
    expect(slice?.lifeMs).toBe(Date.UTC(2026, 10, 21) - 1 - ledger.nowMs)
  })

  it.each([
    ['requests in flight', flightOf(100_000)],
    ['an evenly spaced limit', pacedOf(1_000_000, 1000, 100_000)],
    ['a small limit', counterOf({ limit: 'small', amount: 79 })],
  ])('is not granted beside %s', (_, counter) => {
    expect(hot(new ClockedLedger(), [rpm, counter])).toBeNull()
  })

  it('is not granted of the last tenth of a limit', () => {
    const ledger = new ClockedLedger()
    for (let index = 0; index < 900; index += 1) ledger.ask(askOf(`${index}`, [rpm], { isolate: 'other' }))
    expect(hot(ledger, [rpm])).toBeNull()
    expect(ledger.used(rpm)).toEqual([1000])
  })

  it('is not granted while somebody waits for the same limit, nor to who has waited', () => {
    const ledger = new ClockedLedger()
    const full = counterOf({ limit: 'full', amount: 1, window: { kind: 'sliding', perMs: 600_000 } })
    ledger.ask(askOf('first', [full]))
    ledger.ask(askOf('waits', [rpm, full], { maxWaitMs: 700_000, isolate: 'other' }))
    expect(hot(ledger, [rpm])).toBeNull()
    ledger.withdraw('waits')
    expect(hot(ledger, [rpm])).not.toBeNull()
  })

  it('that comes back gives its rest to who waits', () => {
    const ledger = new ClockedLedger()
    const slice = hot(ledger, [rpm])
    const [used = 0] = ledger.used(rpm)
    for (let index = used; index < 1000; index += 1) ledger.ask(askOf(`fill ${index}`, [rpm], { isolate: 'other' }))
    expect(ledger.ask(askOf('waits', [rpm], { maxWaitMs: 70_000, isolate: 'other' })).kind).toBe('queued')
    ledger.settle([], {}, [{ id: slice?.id ?? '', left: [30], usedMs: 100 }])
    expect(ledger.turns.get('waits')).toMatchObject({ atMs: ledger.nowMs, verdict: { kind: 'granted' } })
    expect(ledger.used(rpm)).toEqual([971])
  })

  it('comes back with the next ask, too, and that is granted out of it', () => {
    const ledger = new ClockedLedger()
    const slice = hot(ledger, [rpm])
    const [used = 0] = ledger.used(rpm)
    const slices = [{ id: slice?.id ?? '', left: [50], usedMs: 0 }]
    expect(ledger.ask(askOf('next', [rpm], { slices, isolate: 'other' })).kind).toBe('granted')
    expect(ledger.used(rpm)).toEqual([used - 49])
  })

  it('outlives the ledger that granted it, and its rows settle out of it', () => {
    const tpm = counterOf({ limit: 'tpm', of: 'tokens', amount: 1_000_000 })
    const ledger = new ClockedLedger()
    const slice = hot(ledger, [rpm, tpm])
    if (slice === null) throw new Error('there is a slice')
    const before = ledger.used(rpm, tpm)
    ledger.restart()
    expect(ledger.used(rpm, tpm)).toEqual(before)
    const taken = { slice: slice.id, units: [1, 200] }
    ledger.settle([rowOf('x', 90, 60), rowOf('y', 90, 10)], { x: taken, y: taken })
    ledger.settle([], {}, [
      { id: slice.id, left: slice.units.map((units, index) => units - (index === 0 ? 2 : 400)), usedMs: 5 },
    ])
    expect(ledger.used(rpm, tpm)).toEqual([
      (before[0] ?? 0) - (slice.units[0] ?? 0) + 2,
      (before[1] ?? 0) - (slice.units[1] ?? 0) + 250,
    ])
    expect(ledger.ledger.view([], ledger.nowMs).slices).toBe(0)
  })

  it('of which nothing is heard is settled whole after its last request’s time, without a row', () => {
    const ledger = new ClockedLedger()
    const budget = budgetOf(10_000_000)
    const slice = hot(ledger, [budget])
    const before = ledger.used(budget)
    ledger.pass(SLICE_LIFE_MS + 660_000)
    const rows = ledger.reap()
    expect(rows.map(({ requestId }) => requestId)).not.toContain(slice?.id)
    expect(ledger.ledger.view([], ledger.nowMs)).toMatchObject({ reservations: 0, slices: 0 })
    // The requests themselves at 200 each instead of 300.
    expect(ledger.used(budget)).toEqual([(before[0] ?? 0) - 100 * rows.length])
  })
})

it('is shared by few requests that need much, or many that need little', () => {
  const budget = budgetOf(1_000_000)
  const ledger = new ClockedLedger()
  const slice = hot(ledger, [budget])
  expect(slice?.units[0]).toBeLessThanOrEqual(50_000)
  const dear = new ClockedLedger()
  const needs = needsOf({ worstMicroUsd: 20_000 })
  for (let index = 0; index < 40; index += 1) {
    expect(dear.ask(askOf(`${index}`, [budget], { needs }))).toMatchObject({ slice: null })
    dear.pass(10)
  }
})
