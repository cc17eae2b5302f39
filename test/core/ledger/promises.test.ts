/** When refused callers are told to come back: one after the other, as far as that makes sense. */
import { describe, expect, it } from 'vitest'
import { countOf } from '../../../src/core/ledger/counts.ts'
import { Promises } from '../../../src/core/ledger/promises.ts'
import type { Counter } from '../../../src/core/ledger/types.ts'
import { PROMISE_HORIZON_MS, PROMISES_MAX } from '../../../src/core/limits.ts'
import { budgetOf, counterOf, pacedOf } from '../../support/ledger.ts'

const paced = pacedOf(10, 1000)
const window = counterOf({ amount: 3, window: { kind: 'sliding', perMs: 1000 } })

/** A count of that counter, as full as it goes at a moment. */
function full({ window, amount }: Counter, atMs = 0) {
  if (window.kind === 'held') throw new Error('nothing is counted over time')
  const count = countOf(window, [])
  count.charge(window.kind === 'paced' ? window.burst : amount, atMs, amount)
  return count
}

describe('callers of a paced limit', () => {
  it('are told one moment each', () => {
    const [promises, count] = [new Promises(), full(paced)]
    const told = [1, 2, 3].map(() => promises.next(paced, 1, 100, 0, count))
    expect(told).toEqual([100, 200, 300])
  })

  it('are told no moment beyond the horizon because of others', () => {
    const [promises, count] = [new Promises(), full(paced)]
    const told = Array.from({ length: 700 }, () => promises.next(paced, 1, 100, 0, count))
    expect(Math.max(...told)).toBe(100 + PROMISE_HORIZON_MS)
    // At an earlier moment they would take what others were told of.
    expect(told.slice(601)).toEqual(Array.from({ length: 99 }, () => 100 + PROMISE_HORIZON_MS))
  })

  it('of whom so many were told are told the last moment from then on', () => {
    const fast = pacedOf(1000, 1000)
    const [promises, count] = [new Promises(), full(fast)]
    const told = Array.from({ length: PROMISES_MAX + 2 }, () => promises.next(fast, 1, 1, 0, count))
    expect(told.slice(PROMISES_MAX - 1)).toEqual([PROMISES_MAX, PROMISES_MAX, PROMISES_MAX])
  })

  it('whose moment has passed are forgotten', () => {
    const [promises, count] = [new Promises(), full(paced)]
    for (let index = 0; index < 5; index += 1) promises.next(paced, 1, 100, 0, count)
    expect(promises.next(paced, 1, 400, 300, count)).toBe(600)
    // None of them came: half a second later the place of everybody is free.
    expect(promises.next(paced, 1, 1000, 1000, count)).toBe(1000)
  })
})

describe('callers of a sliding window', () => {
  it('are told of as many places as come free at once, and of none beyond its length', () => {
    const [promises, count] = [new Promises(), full(window)]
    const told = [1, 2, 3, 4].map(() => promises.next(window, 1, 1026, 500, count))
    expect(told).toEqual([1026, 1026, 1026, 1026])
    const half = full(window)
    half.charge(3, 300, 3)
    expect([1, 2, 3, 4].map(() => new Promises().next(window, 1, 1026, 500, half))).toEqual([1326, 1326, 1326, 1326])
  })
})

it('tells callers of other limits what they are told anyway', () => {
  const promises = new Promises()
  const budget = budgetOf(10)
  expect([1, 2].map(() => promises.next(budget, 10, 86_400_000, 0, full(budget)))).toEqual([86_400_000, 86_400_000])
})

it('keeps the promises of one limit apart from those of another', () => {
  const [promises, count] = [new Promises(), full(paced)]
  promises.next(paced, 1, 100, 0, count)
  expect(promises.next({ ...paced, id: 'other' }, 1, 100, 0, count)).toBe(100)
})
