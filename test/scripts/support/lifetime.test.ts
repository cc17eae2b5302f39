/** The end of a script: order, once, one allowance for all, and what brings it about. */
import { afterEach, expect, test, vi } from 'vitest'
import { createLifetime, DRAIN_MS, type LifetimeParts } from '../../../scripts/support/lifetime.ts'

afterEach(() => {
  vi.useRealTimers()
})

function harness(more: Partial<LifetimeParts> = {}) {
  const listeners = new Map<string, () => void>()
  const exits: number[] = []
  const time = { now: 0 }
  const lifetime = createLifetime({
    exit: (code) => exits.push(code),
    on: (event, listener) => listeners.set(event, listener),
    now: () => time.now,
    parent: () => 1,
    watchParent: false,
    ...more,
  })
  return { lifetime, listeners, exits, time }
}

test('the last started is stopped first, and the exit comes last', async () => {
  const { lifetime, exits } = harness()
  const order: string[] = []
  for (const name of ['origin', 'worker']) {
    lifetime.onStop(async () => {
      order.push(`${name} ${exits.length}`)
    })
  }
  await lifetime.stop(0)
  expect(order).toEqual(['worker 0', 'origin 0'])
  expect(exits).toEqual([0])
})

test('what the first takes of the allowance, the next no longer has', async () => {
  const { lifetime, time } = harness()
  const allowed: number[] = []
  for (const takes of [0, 10_000, 1000]) {
    lifetime.onStop(async (drainMs) => {
      allowed.push(drainMs)
      time.now += takes
    })
  }
  await lifetime.stop(0)
  expect(allowed).toEqual([DRAIN_MS, DRAIN_MS - 1000, 200])
})

test('a stop that fails does not keep the others from theirs', async () => {
  const { lifetime, exits } = harness()
  const stopped = vi.fn(async () => {})
  lifetime.onStop(stopped)
  lifetime.onStop(() => Promise.reject(new Error('no')))
  await lifetime.stop(1)
  expect(stopped).toHaveBeenCalledOnce()
  expect(exits).toEqual([1])
})

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'])('%s stops everything, once', async (signal) => {
  const { lifetime, listeners, exits } = harness()
  const stopped = vi.fn(async () => {})
  lifetime.onStop(stopped)
  listeners.get(signal)?.()
  listeners.get(signal)?.()
  expect(lifetime.stopping()).toBe(true)
  await vi.waitFor(() => expect(exits).toEqual([0]))
  expect(stopped).toHaveBeenCalledOnce()
})

test.each([
  [true, [1]],
  [false, []],
])('the death of the parent, watched: %j', async (watchParent, expected) => {
  vi.useFakeTimers()
  let parent = 7
  const { exits } = harness({ watchParent, parent: () => parent })
  await vi.advanceTimersByTimeAsync(1000)
  expect(exits).toEqual([])
  parent = 1
  await vi.advanceTimersByTimeAsync(1000)
  expect(exits).toEqual(expected)
})
