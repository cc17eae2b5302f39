/** Waiting for what takes long: whatever comes first, and nothing that is left behind. */
import { expect, test } from 'vitest'
import { LEFT, orLeft, within } from '../../src/lib/waiting.ts'
import { pending } from '../support/admitting.ts'
import { manualClock } from '../support/manual-clock.ts'

test("a client that leaves ends the wait, and what fails later is nobody's", async () => {
  const [client, work] = [new AbortController(), pending<number>()]
  const outcome = orLeft(work.promise, client.signal)
  client.abort()
  expect(await outcome).toBe(LEFT)
  work.reject(new Error('nobody listens'))
  expect(await orLeft(pending<number>().promise, AbortSignal.abort())).toBe(LEFT)
})

test('a client that stays gets what comes, also a failure', async () => {
  const { signal } = new AbortController()
  expect(await orLeft(Promise.resolve(7), signal)).toBe(7)
  await expect(orLeft(Promise.reject(new Error('failed')), signal)).rejects.toThrow('failed')
})

test('what is not there within the time may still come at the next look', async () => {
  const [clock, work] = [manualClock(), pending<number>()]
  const first = within(clock, 100, work.promise)
  await clock.advance(100)
  expect(await first).toBeUndefined()
  const second = within(clock, 100, work.promise)
  work.resolve(7)
  expect(await second).toBe(7)
  await clock.advance(0)
  expect(clock.timers).toBe(0)
})

test('a failure within the time is told, one after it is not', async () => {
  const [clock, work] = [manualClock(), pending<number>()]
  const first = within(clock, 100, work.promise)
  await clock.advance(100)
  await first
  const second = within(clock, 100, work.promise)
  work.reject(new Error('failed'))
  await expect(second).rejects.toThrow('failed')
})
