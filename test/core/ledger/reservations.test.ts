/** What is written down of a request that goes on, of a slice, and of a request that nobody settled. */
import { describe, expect, it } from 'vitest'
import type { Claim } from '../../../src/core/ledger/queue.ts'
import { reapedRow, reservationOf, sliceOf } from '../../../src/core/ledger/reservations.ts'
import { LEASE_MS } from '../../../src/core/limits.ts'
import { askOf, budgetOf, counterOf, flightOf, needsOf } from '../../support/ledger.ts'

const learned = { outputTokens: 60.5, bytesPerToken: 3 }
const counters = [counterOf(), budgetOf(1000)]
const claimOf = (changes: Partial<Claim> = {}): Claim => ({
  ask: askOf('a', counters, { startedAtMs: 900, lifeMs: 5000 }),
  units: [1, 300],
  learned,
  tallies: [],
  ...changes,
})

describe('a reservation', () => {
  it('counts from now on, until it is settled at what was learned', () => {
    const units = [1, 300]
    const reservation = reservationOf(claimOf({ units }), 1000)
    expect(reservation).toEqual({
      id: 'a',
      isSlice: false,
      isolate: 'one',
      key: 'key00001',
      model: 'chat',
      startedAtMs: 900,
      atMs: 1000,
      untilMs: 6000,
      counters,
      units: [1, 300],
      leaseUntilMs: null,
      promptWeight: 400,
      estimate: { inputTokens: 134, outputTokens: 61, price: { input: 1, output: 1 } },
      isClosed: false,
    })
    expect(reservation.units).not.toBe(units)
  })

  it('is estimated at no more output than it can have', () => {
    const few = claimOf({ ask: askOf('a', counters, { needs: needsOf({ outputTokensMax: 7 }) }) })
    expect(reservationOf(few, 0).estimate.outputTokens).toBe(7)
    const unbounded = claimOf({ ask: askOf('a', counters, { needs: needsOf({ outputTokensMax: null }) }) })
    expect(reservationOf(unbounded, 0).estimate.outputTokens).toBe(61)
  })

  it('has a lease where requests in flight are limited', () => {
    const held = claimOf({ ask: askOf('a', [...counters, flightOf(3)]) })
    expect(reservationOf(held, 1000).leaseUntilMs).toBe(1000 + LEASE_MS)
  })
})

it('of a slice counts as of its last possible use, and waits for the last rows after it', () => {
  const slice = sliceOf('s', claimOf().ask, [50, 15_000], 1000, 6000)
  expect(slice).toMatchObject({
    id: 's',
    isSlice: true,
    startedAtMs: 1000,
    atMs: 6000,
    untilMs: 11_000,
    isClosed: false,
  })
  expect(slice).toMatchObject({ counters, units: [50, 15_000], leaseUntilMs: null, promptWeight: 0 })
})

describe('the row of a request whose end nobody told', () => {
  it('says what it is taken to have used', () => {
    expect(reapedRow(reservationOf(claimOf(), 1000))).toMatchObject({
      requestId: 'a',
      at: '1970-01-01T00:00:00.900Z',
      outcome: 'broken',
      status: 200,
      attempts: 1,
      usage: { inputTokens: 134, outputTokens: 61, source: 'reaped' },
      costMicroUsd: 195,
      totalMs: 5100,
    })
  })

  it('has no cost where no price is known', () => {
    const unpriced = claimOf({ ask: askOf('a', counters, { needs: needsOf({ price: null }) }) })
    expect(reapedRow(reservationOf(unpriced, 1000)).costMicroUsd).toBeNull()
  })
})
