/** Many requests and one kept value: who waits for whom, and that nobody waits for a request that is gone. */
import { describe, expect, it } from 'vitest'
import { createRefreshed } from '../../src/lib/refreshed.ts'
import { AGES, kept, NEVER } from '../support/kept-value.ts'
import { manualClock, turn } from '../support/manual-clock.ts'

describe('many at once on a cold isolate', () => {
  it('share one load', async () => {
    const value = kept()
    const all = Array.from({ length: 50 }, () => value.get())
    expect(new Set(await Promise.all(all))).toEqual(new Set(['v1']))
    expect(value.loads).toBe(1)
    expect(value.clock.timers).toBe(0)
  })

  it('answer although the first one was reset: its load and its timers never come back', async () => {
    const clock = manualClock()
    // A reset request's timers do not fire any more.
    let reset = true
    const mortal = { now: clock.now, after: (ms: number, call: () => void) => clock.after(ms, reset ? () => {} : call) }
    let loads = 0
    const value = createRefreshed<string>({
      ...AGES,
      clock: mortal,
      random: () => 0.5,
      background: () => {},
      load: () => (++loads === 1 ? NEVER : Promise.resolve('alive')),
    })
    void value.get()
    reset = false
    const others = Array.from({ length: 50 }, () => value.get())
    await clock.advance(250)
    expect(await Promise.all(others)).toEqual(Array.from({ length: 50 }, () => 'alive'))
    expect(loads).toBe(2)
  })

  it('and when that one comes to after all, whoever took over is still waited for', async () => {
    const value = kept()
    let comeTo = (_: Error) => {}
    value.source = () => new Promise((_, reject) => (comeTo = reject))
    const first = value.get().catch(() => 'failed')
    await value.clock.advance(1)
    let answer = (_: string) => {}
    value.source = () => new Promise((resolve) => (answer = resolve))
    const second = value.get()
    await value.clock.advance(250)
    comeTo(new Error('reset'))
    expect(await first).toBe('failed')
    const third = value.get()
    answer('alive')
    expect(await Promise.all([second, third])).toEqual(['alive', 'alive'])
    expect(value.loads).toBe(2)
  })

  it('answer although whoever took over was reset as well', async () => {
    const value = kept()
    value.source = () => (value.loads <= 2 ? NEVER : Promise.resolve('alive'))
    const others = Array.from({ length: 50 }, () => value.get().catch(() => 'failed'))
    await value.clock.advance(2000)
    await value.clock.advance(2000)
    const answers = await Promise.all(others)
    expect(answers.filter((answer) => answer === 'alive').length).toBeGreaterThanOrEqual(48)
  })
})

it('a refresh whose owner was reset is void after twice its deadline, and another takes its place', async () => {
  const clock = manualClock()
  let loads = 0
  let reset = false
  const value = createRefreshed<string>({
    ...AGES,
    freshMs: 30_000,
    clock: { now: clock.now, after: (ms, call) => clock.after(ms, reset ? () => {} : call) },
    random: () => 0,
    background: () => {},
    load: () => (++loads === 2 ? NEVER : Promise.resolve(`v${loads}`)),
  })
  await value.get()
  await clock.advance(4000)
  reset = true
  value.peek()
  reset = false
  await clock.advance(3999)
  value.peek()
  expect(loads).toBe(2)
  await clock.advance(1)
  value.peek()
  expect(loads).toBe(3)
  await turn()
  expect(value.peek()).toBe('v3')
})
