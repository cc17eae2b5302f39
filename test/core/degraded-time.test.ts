/** Time out of reach: from a first failure to the next success, and no longer. */
import { expect, test } from 'vitest'
import { DegradedTime } from '../../src/core/degraded-time.ts'
import { manualClock } from '../support/manual-clock.ts'

test('adds up what lies between a failure and the next success', async () => {
  const clock = manualClock()
  const time = new DegradedTime(clock)
  const fail = () => expect(time.watch(Promise.reject(new Error('out of reach')))).rejects.toThrow('out of reach')
  expect(await time.watch(Promise.resolve(7))).toBe(7)
  await fail()
  await clock.advance(3000)
  await fail()
  expect(time.seconds).toBe(3)
  await clock.advance(2000)
  await time.watch(Promise.resolve(0))
  await clock.advance(60_000)
  expect(time.seconds).toBe(5)
})
