/** Slices: for isolates that ask often, of limits that are large and far from full, never too much of them. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Demand } from '../../../src/core/ledger/demand.ts'
import type { Counter } from '../../../src/core/ledger/types.ts'
import { budgetOf, counterOf, flightOf, pacedOf } from '../../support/ledger.ts'

const rpm = counterOf({ amount: 10_000 })
const SET = 'rpm'

/** Asks of one isolate, evenly spaced; returns when the last one came. */
function asks(demand: Demand, perSecond: number, isolate = 'one', ms = 1000): number {
  let nowMs = 0
  for (let index = 0; nowMs < ms; index += 1) {
    nowMs = Math.round((1000 * index) / perSecond)
    demand.asked(isolate, SET, nowMs)
  }
  return nowMs
}

function sizes(demand: Demand, nowMs: number, counters: readonly Counter[] = [rpm], units = counters.map(() => 1)) {
  return demand.slice(
    'one',
    SET,
    counters,
    units,
    counters.map(() => 0),
    nowMs,
  )
}

describe('an isolate', () => {
  it('that asks up to 20 times a second has no slice, one that asks more often has', () => {
    const [slow, fast] = [new Demand(), new Demand()]
    expect(sizes(slow, asks(slow, 20))).toBeNull()
    expect(sizes(fast, asks(fast, 40))).not.toBeNull()
  })

  it('has one of its own demand only', () => {
    const demand = new Demand()
    const nowMs = asks(demand, 100, 'other')
    expect(sizes(demand, nowMs)).toBeNull()
  })

  it('has at most two seconds of its demand', () => {
    const demand = new Demand()
    const [size = 0] = sizes(demand, asks(demand, 100)) ?? []
    expect(size).toBeGreaterThanOrEqual(195)
    expect(size).toBeLessThanOrEqual(205)
  })

  it('is known by how fast its last slice went', () => {
    const demand = new Demand()
    const nowMs = asks(demand, 50)
    demand.granted('s', { isolate: 'one', set: SET, atMs: nowMs, sizes: [100], units: [1] })
    demand.closed({ id: 's', left: [0], usedMs: 500 }, nowMs + 900)
    expect(sizes(demand, nowMs + 900)).toEqual([400])
    // One that was not used up shows its demand over all of its life.
    demand.granted('t', { isolate: 'one', set: SET, atMs: nowMs, sizes: [400], units: [1] })
    demand.closed({ id: 't', left: [350], usedMs: 500 }, nowMs + 5000)
    expect(sizes(demand, nowMs + 5000)).toBeNull()
  })

  it('loses nothing by a report of a slice that nobody knows any more', () => {
    const demand = new Demand()
    const nowMs = asks(demand, 100)
    demand.closed({ id: 'unknown', left: [0], usedMs: 1 }, nowMs)
    expect(sizes(demand, nowMs)).not.toBeNull()
  })
})

describe('a limit', () => {
  const hot = () => {
    const demand = new Demand()
    return { demand, nowMs: asks(demand, 1000) }
  }

  it('gives at most a twentieth of its amount', () => {
    const { demand, nowMs } = hot()
    expect(sizes(demand, nowMs)).toEqual([500])
    expect(sizes(demand, nowMs, [rpm, budgetOf(1_000_000)], [1, 300])).toEqual([500, 50_000])
  })

  it('gives none of its last tenth', () => {
    const { demand, nowMs } = hot()
    expect(demand.slice('one', SET, [rpm], [1], [8900], nowMs)).toEqual([100])
    expect(demand.slice('one', SET, [rpm], [1], [8999], nowMs)).toBeNull()
  })

  it.each([
    ['of requests in flight', flightOf(100_000)],
    ['that is evenly spaced', pacedOf(100_000, 1000, 10_000)],
  ])('%s gives none, nor do those beside it', (_, counter) => {
    const { demand, nowMs } = hot()
    expect(sizes(demand, nowMs, [rpm, counter])).toBeNull()
  })

  it('for less than 20 requests an isolate gives none', () => {
    const { demand, nowMs } = hot()
    const small = counterOf({ amount: 1000 })
    // With each of ten units a slice of less than four requests is none, either.
    expect(sizes(demand, nowMs, [small], [10])).toEqual([50])
    for (let index = 0; index < 4; index += 1) demand.asked(`isolate ${index}`, SET, nowMs)
    expect(sizes(demand, nowMs, [small], [10])).toEqual([50])
    demand.asked('one more', SET, nowMs)
    expect(sizes(demand, nowMs, [small], [10])).toBeNull()
    // Those that have not asked for a while share nothing any more.
    demand.asked('one', SET, nowMs + 10_001)
    expect(sizes(demand, nowMs + 9000, [small], [10])).toBeNull()
  })

  it('that gives less than four requests gives none', () => {
    const { demand, nowMs } = hot()
    expect(sizes(demand, nowMs, [counterOf({ amount: 80 })])).toEqual([4])
    expect(sizes(demand, nowMs, [counterOf({ amount: 79 })])).toBeNull()
  })

  it('of which a request takes nothing stands in nobody’s way', () => {
    const { demand, nowMs } = hot()
    expect(sizes(demand, nowMs, [rpm, budgetOf(10)], [1, 0])).toEqual([500, 0])
  })
})

it('keeps every rule at once', () => {
  const limit = fc.record({
    amount: fc.integer({ min: 1, max: 100_000 }),
    each: fc.integer({ min: 1, max: 50 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  fc.assert(
    fc.property(
      fc.array(limit, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 500 }),
      fc.integer({ min: 1, max: 8 }),
      (limits, perSecond, isolates) => {
        const demand = new Demand()
        const nowMs = asks(demand, perSecond)
        for (let index = 1; index < isolates; index += 1) demand.asked(`isolate ${index}`, SET, nowMs)
        const counters = limits.map(({ amount }, index) => counterOf({ limit: `${index}`, amount }))
        const levels = limits.map(({ amount, share }) => Math.floor(amount * share))
        const units = limits.map(({ each }) => each)
        const slice = demand.slice('one', SET, counters, units, levels, nowMs)
        if (slice === null) return
        expect(perSecond).toBeGreaterThan(19)
        slice.forEach((size, index) => {
          const { amount = 0, each = 0 } = limits[index] ?? {}
          expect(size).toBeLessThanOrEqual(0.05 * amount)
          expect(size).toBeLessThanOrEqual(2.3 * perSecond * each)
          expect(size + (levels[index] ?? 0)).toBeLessThanOrEqual(0.9 * amount)
          expect(amount).toBeGreaterThanOrEqual(20 * isolates * each)
          expect(size).toBeGreaterThanOrEqual(4 * each)
        })
      },
    ),
    { numRuns: 1000 },
  )
})
