/** Time as an argument: sleeping on any clock, and the runtime's own. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { sleep, systemClock, withDeadline } from '../../src/lib/clock.ts'
import { manualClock, turn } from '../support/manual-clock.ts'

/** Has the promise settled by now? */
function watched(promise: Promise<void>): { done: boolean } {
  const state = { done: false }
  promise.then(() => {
    state.done = true
  })
  return state
}

describe('sleep', () => {
  it('ends when its time has come, not before', async () => {
    const clock = manualClock()
    const slept = watched(sleep(clock, 100))
    await clock.advance(99)
    expect(slept.done).toBe(false)
    await clock.advance(1)
    expect(slept.done).toBe(true)
  })

  it('ends at once when the signal aborts, and leaves no timer', async () => {
    const clock = manualClock()
    const controller = new AbortController()
    const slept = watched(sleep(clock, 100, controller.signal))
    await turn()
    expect(slept.done).toBe(false)
    controller.abort()
    await turn()
    expect(slept.done).toBe(true)
    expect(clock.timers).toBe(0)
  })

  it('does not begin when the signal has aborted already', async () => {
    const clock = manualClock()
    await sleep(clock, 100, AbortSignal.abort())
    expect(clock.timers).toBe(0)
  })

  it('leaves nothing on a signal that outlives it', async () => {
    const clock = manualClock()
    const { signal } = new AbortController()
    const removed = vi.spyOn(signal, 'removeEventListener')
    const slept = sleep(clock, 5, signal)
    await clock.advance(5)
    await slept
    expect(removed).toHaveBeenCalledWith('abort', expect.any(Function))
  })
})

describe('the system clock', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  it('reads and waits as the runtime does', () => {
    vi.useFakeTimers({ now: 1000 })
    const fired = vi.fn()
    const cancelled = vi.fn()
    systemClock.after(50, fired)
    const cancel = systemClock.after(50, cancelled)
    cancel()
    expect(systemClock.now()).toBe(1000)
    vi.advanceTimersByTime(49)
    expect(fired).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(systemClock.now()).toBe(1050)
    expect(fired).toHaveBeenCalledTimes(1)
    expect(cancelled).not.toHaveBeenCalled()
  })
})

describe('withDeadline', () => {
  const late = () => new Error('late')

  it('gives the work’s own outcome, good or bad, and leaves no timer', async () => {
    const clock = manualClock()
    expect(await withDeadline(clock, 100, Promise.resolve('done'), late)).toBe('done')
    await expect(withDeadline(clock, 100, Promise.reject(new Error('own')), late)).rejects.toThrow('own')
    await turn()
    expect(clock.timers).toBe(0)
  })

  it('rejects when its time is over, not before', async () => {
    const clock = manualClock()
    let said = ''
    withDeadline(clock, 100, new Promise(() => {}), late).catch(({ message }) => {
      said = message
    })
    await clock.advance(99)
    expect(said).toBe('')
    await clock.advance(1)
    expect(said).toBe('late')
  })
})
