/** Appointments of those who are refused: one after the other, forgotten as time passes, and never beyond the most. */
import { expect, it } from 'vitest'
import { Appointments } from '../../../src/core/pool/appointments.ts'
import { POOL_RETRY_MS_MAX, POOL_RETRY_MS_MIN } from '../../../src/core/pool/limits.ts'

it('sends those of one moment back one after the other', () => {
  const appointments = new Appointments()
  expect([1, 2, 3].map(() => appointments.next(1000, 200, 0))).toEqual([1000, 1200, 1400])
})

it('forgets what has passed', () => {
  const appointments = new Appointments()
  for (let times = 0; times < 10; times += 1) appointments.next(1000, 200, 0)
  expect(appointments.next(1000, 200, 1500)).toBe(1500)
  expect(appointments.next(1000, 200, 60_000)).toBe(1000)
})

it('keeps to the least and the most that anybody is told', () => {
  const appointments = new Appointments()
  expect(appointments.next(0, 10, 0)).toBe(POOL_RETRY_MS_MIN)
  for (let times = 0; times < 1000; times += 1) appointments.next(0, 500, 0)
  expect(appointments.next(0, 500, 0)).toBe(POOL_RETRY_MS_MAX)
  expect(appointments.next(0, 500, POOL_RETRY_MS_MAX)).toBeLessThanOrEqual(500)
})
