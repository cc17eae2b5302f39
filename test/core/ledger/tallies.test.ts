/** Counts by counter: read from the journal once, kept while somebody stands on them, and shown as headers need them. */
import { describe, expect, it } from 'vitest'
import type { Entry } from '../../../src/core/ledger/count.ts'
import { freeAt, levelOf, Tallies, usedOf } from '../../../src/core/ledger/tallies.ts'
import type { Counter } from '../../../src/core/ledger/types.ts'
import { LEDGER_COUNTS_MAX } from '../../../src/core/limits.ts'
import { counterOf, flightOf, pacedOf } from '../../support/ledger.ts'

/** Tallies over a journal that notes what it was asked for. */
function tallies(stored: readonly Entry[] = []) {
  const loaded: string[] = []
  const load = ({ id }: Counter) => {
    loaded.push(id)
    return stored
  }
  return { loaded, all: new Tallies({ load }) }
}

const numbered = (index: number): Counter => ({ ...counterOf(), id: `${index}` })

describe('a tally', () => {
  it('is read from the journal when it is first asked for', () => {
    const { all, loaded } = tallies([{ slot: 0, units: 4, atMs: 100 }])
    expect(usedOf(all.of(counterOf()), 200)).toBe(4)
    expect(usedOf(all.of(counterOf()), 200)).toBe(4)
    expect(loaded).toEqual(['rpm requests'])
  })

  it('of requests in flight is not: its leases come with the reservations', () => {
    const { all, loaded } = tallies()
    const tally = all.of(flightOf(2))
    expect(tally.count).toBeNull()
    tally.leases.hold('a', 500)
    expect(usedOf(tally, 100)).toBe(1)
    expect(loaded).toEqual([])
  })
})

describe('room', () => {
  it('is made by dropping the older half of what nobody needs', () => {
    const { all, loaded } = tallies()
    for (let index = 0; index < LEDGER_COUNTS_MAX; index += 1) all.of(numbered(index))
    all.of(numbered(1)).uses += 1
    all.makeRoom(1)
    loaded.length = 0
    for (const index of [0, 1, LEDGER_COUNTS_MAX / 2 - 1, LEDGER_COUNTS_MAX / 2]) all.of(numbered(index))
    expect(loaded).toEqual(['0', `${LEDGER_COUNTS_MAX / 2 - 1}`])
  })

  it('is not made while there is some', () => {
    const { all, loaded } = tallies()
    for (let index = 0; index < LEDGER_COUNTS_MAX - 1; index += 1) all.of(numbered(index))
    all.makeRoom(1)
    loaded.length = 0
    all.of(numbered(0))
    expect(loaded).toEqual([])
  })
})

describe('a look', () => {
  it('at any number of counters that nobody uses holds no more than there is room for', () => {
    const { all, loaded } = tallies()
    for (let from = 0; from < 3 * LEDGER_COUNTS_MAX; from += 500) {
      const asked = Array.from({ length: 500 }, (_, index) => numbered(from + index))
      expect(all.view(asked, 0, () => 0)).toEqual([])
    }
    loaded.length = 0
    for (let index = 0; index < 3 * LEDGER_COUNTS_MAX; index += 1) all.of(numbered(index))
    expect(loaded.length).toBeGreaterThanOrEqual(2 * LEDGER_COUNTS_MAX)
  })
})

describe('levels', () => {
  it('are what is left of the amount, whole units, and when all of it is back', () => {
    const tally = tallies().all.of(counterOf({ amount: 10 }))
    tally.count?.charge(2.5, 1000, 10)
    expect(levelOf(tally, 1000)).toEqual({ remaining: 7, resetMs: 60_501 })
    tally.count?.charge(20, 2000, 10)
    expect(levelOf(tally, 2000)).toEqual({ remaining: 0, resetMs: 60_501 })
    expect(levelOf(tally, 70_000)).toEqual({ remaining: 10, resetMs: 0 })
  })

  it('of a paced limit are what may come at once', () => {
    const tally = tallies().all.of(pacedOf(100, 1000, 5))
    tally.count?.charge(3, 0, 100)
    expect(levelOf(tally, 0)).toEqual({ remaining: 2, resetMs: 30 })
  })

  it('of requests in flight are free places, until the next lease runs out', () => {
    const tally = tallies().all.of(flightOf(2))
    expect(levelOf(tally, 0)).toEqual({ remaining: 2, resetMs: 0 })
    tally.leases.hold('a', 700)
    expect(levelOf(tally, 0)).toEqual({ remaining: 1, resetMs: 700 })
  })
})

describe('places in flight', () => {
  it('are free now, when the next lease runs out, or never', () => {
    const tally = tallies().all.of(flightOf(1))
    expect(freeAt(tally, 1, 50)).toBe(50)
    tally.leases.hold('a', 700)
    expect(freeAt(tally, 1, 50)).toBe(700)
    expect(freeAt(tally, 2, 50)).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('a view', () => {
  it('shows the counters it is asked for at the amounts they have now, and others that still count', () => {
    const { all } = tallies()
    const [old, idle] = [counterOf({ limit: 'old', amount: 3 }), counterOf({ limit: 'idle' })]
    all.of(old).count?.charge(3, 1000, 3)
    all.of(idle)
    const rpm = counterOf({ amount: 10 })
    all.of(rpm).count?.charge(10, 1000, 10)
    const shown = all.view([{ ...rpm, amount: 20 }], 2000, (id) => (id === old.id ? 2 : 0))
    expect(shown).toEqual([
      { counter: old, used: 3, level: { remaining: 0, resetMs: 59_501 }, waiting: 2, nextFreeMs: 59_501 },
      {
        counter: { ...rpm, amount: 20 },
        used: 10,
        level: { remaining: 10, resetMs: 59_501 },
        waiting: 0,
        nextFreeMs: 0,
      },
    ])
  })
})
