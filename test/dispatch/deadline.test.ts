/** One timer for all clocks of an attempt: when it expires, why, and that moving it costs nothing. */
import { expect, it } from 'vitest'
import { Deadline, type Expiry } from '../../src/dispatch/deadline.ts'
import type { Clock } from '../../src/lib/clock.ts'
import { manualClock } from '../support/manual-clock.ts'

/** A deadline with its total in 1000 ms and a timer that wakes every 200 ms at least. */
function armed(totalMs = 1000, wakeMs = 200) {
  const clock = manualClock()
  const startMs = clock.now()
  const expiries: (readonly [Expiry, number])[] = []
  let set = 0
  const counting: Clock = {
    now: () => clock.now(),
    after(ms, callback) {
      set += 1
      return clock.after(ms, callback)
    },
  }
  const deadline = new Deadline(counting, startMs + totalMs, wakeMs, (expiry) =>
    expiries.push([expiry, clock.now() - startMs]),
  )
  return { clock, deadline, expiries, timersSet: () => set }
}

it('expires when the armed moment passes, not before, with the reason it was armed for', async () => {
  for (const ms of [50, 200, 350]) {
    const { clock, deadline, expiries } = armed()
    deadline.arm(ms, 'idle')
    await clock.advance(ms - 1)
    expect(expiries).toEqual([])
    await clock.advance(1)
    expect(expiries).toEqual([['idle', ms]])
    await clock.advance(2000)
    expect(expiries).toEqual([['idle', ms]])
  }
})

it('moves to a later moment without a new timer', async () => {
  const { clock, deadline, expiries, timersSet } = armed(100_000)
  for (let event = 0; event < 100; event += 1) {
    deadline.arm(200, 'idle')
    await clock.advance(1)
  }
  expect(timersSet()).toBe(1)
  await clock.advance(198)
  expect(expiries).toEqual([])
  await clock.advance(1)
  expect(expiries).toEqual([['idle', 299]])
})

it('moves to an earlier moment', async () => {
  const { clock, deadline, expiries } = armed()
  deadline.arm(300, 'headers')
  deadline.arm(20, 'idle')
  await clock.advance(20)
  expect(expiries).toEqual([['idle', 20]])
  expect(clock.timers).toBe(0)
})

it('is capped by the total, which is then the reason', async () => {
  const { clock, deadline, expiries } = armed(100)
  deadline.arm(101, 'idle')
  await clock.advance(99)
  expect(expiries).toEqual([])
  await clock.advance(1)
  expect(expiries).toEqual([['total', 100]])
  const exact = armed(100)
  exact.deadline.arm(100, 'idle')
  await exact.clock.advance(100)
  expect(exact.expiries).toEqual([['idle', 100]])
})

it('expires at once when the total has passed already', async () => {
  const { clock, deadline, expiries } = armed(-5)
  deadline.arm(100, 'headers')
  await clock.advance(0)
  expect(expiries).toEqual([['total', 0]])
})

it('owes only the total while it is paused', async () => {
  const { clock, deadline, expiries } = armed()
  deadline.arm(50, 'idle')
  deadline.pause()
  await clock.advance(999)
  expect(expiries).toEqual([])
  await clock.advance(1)
  expect(expiries).toEqual([['total', 1000]])
})

it('can be armed again after a pause', async () => {
  const { clock, deadline, expiries } = armed()
  deadline.arm(50, 'headers')
  deadline.pause()
  await clock.advance(100)
  deadline.arm(50, 'idle')
  await clock.advance(50)
  expect(expiries).toEqual([['idle', 150]])
})

it('leaves no timer once it is stopped', async () => {
  const { clock, deadline, expiries } = armed()
  deadline.arm(50, 'idle')
  deadline.stop()
  expect(clock.timers).toBe(0)
  await clock.advance(5000)
  expect(expiries).toEqual([])
  deadline.arm(50, 'idle')
  expect(clock.timers).toBe(1)
})
