/** How long an object is waited for follows how long it has taken, within two bounds. */
import { expect, it } from 'vitest'
import { RoundTrips } from '../../../src/core/ledger/round-trips.ts'
import { ADMIT_DEADLINE_MIN_MS, OBJECT_CALL_MS, ROUND_TRIPS_MAX } from '../../../src/core/limits.ts'

it('gives an object it has never heard of the most', () => {
  expect(new RoundTrips().deadlineMs('acme.g1')).toBe(OBJECT_CALL_MS)
})

it.each([
  ['a near object', 1, ADMIT_DEADLINE_MIN_MS],
  ['a far object', 300, 900],
  ['an object too far', 900, OBJECT_CALL_MS],
])('gives %s three times its mean round trip, within bounds', (_, ms, deadlineMs) => {
  const trips = new RoundTrips()
  trips.observe('acme.g1', ms)
  trips.observe('acme.g1', ms)
  expect(trips.deadlineMs('acme.g1')).toBeCloseTo(deadlineMs)
  expect(trips.deadlineMs('other.g1')).toBe(OBJECT_CALL_MS)
})

it('comes to wait long enough for an object that went far away, by what came too late', () => {
  const trips = new RoundTrips()
  for (let count = 0; count < 50; count += 1) trips.observe('acme.g1', 1)
  const inTime = Array.from({ length: 6 }, () => trips.observe('acme.g1', 300))
  expect(inTime[0]).toBe(false)
  expect(inTime.at(-1)).toBe(true)
  expect(trips.deadlineMs('acme.g1')).toBeGreaterThan(300)
})

it('never has one in reach that takes longer than the longest deadline', () => {
  const trips = new RoundTrips()
  const inTime = Array.from({ length: 20 }, () => trips.observe('acme.g1', OBJECT_CALL_MS + 500))
  expect(inTime).not.toContain(true)
})

it('remembers a bounded number of objects', () => {
  const trips = new RoundTrips()
  trips.observe('first', 1)
  for (let count = 0; count < ROUND_TRIPS_MAX; count += 1) trips.observe(`t${count}`, 1)
  expect(trips.deadlineMs('first')).toBe(OBJECT_CALL_MS)
  expect(trips.deadlineMs('t0')).toBe(ADMIT_DEADLINE_MIN_MS)
})
