/** One question to an object: deadline, and when it is asked again. */
import { describe, expect, it } from 'vitest'
import type { Clock } from '../../../src/lib/clock.ts'
import { callObject, ObjectTimeout } from '../../../src/stores/embedded/object-call.ts'

/** Time that jumps to the next timer as soon as nothing else is going on. */
function jumpingClock(): Clock {
  let nowMs = 0
  let timers: { atMs: number; callback: () => void }[] = []
  const jump = (): void => {
    const [next] = timers.sort((left, right) => left.atMs - right.atMs)
    if (next === undefined) return
    timers = timers.filter((timer) => timer !== next)
    nowMs = next.atMs
    next.callback()
  }
  return {
    now: () => nowMs,
    after(ms, callback) {
      const timer = { atMs: nowMs + ms, callback }
      timers.push(timer)
      setTimeout(jump, 0)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
  }
}

const RULES = { deadlineMs: 1000, repeatable: true }
const failure = (more: object) => Object.assign(new Error('failed'), more)

/** Asks an object that answers with these in turn; errors are thrown. */
async function ask(answers: unknown[], rules: Partial<typeof RULES> = {}, random = 0) {
  const clock = jumpingClock()
  const stubs: object[] = []
  const asked: object[] = []
  const outcome = await callObject(
    { clock, random: () => random },
    { ...RULES, ...rules },
    () => {
      const stub = {}
      stubs.push(stub)
      return stub
    },
    (object) => {
      asked.push(object)
      const answer = answers[asked.length - 1]
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
    },
  ).then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  return { outcome, tries: asked.length, stubs, asked, endMs: clock.now() }
}

describe('callObject', () => {
  it('answers what the object answers', async () => {
    expect(await ask(['fine'])).toMatchObject({ outcome: { value: 'fine' }, tries: 1 })
  })

  it('asks again with a new stub where that can help', async () => {
    const found = await ask([failure({ retryable: true }), 'fine'])
    expect(found).toMatchObject({ outcome: { value: 'fine' }, tries: 2 })
    expect(found.asked).toEqual(found.stubs)
    expect(found.stubs[0]).not.toBe(found.stubs[1])
  })

  it('gives up after three', async () => {
    expect(await ask(Array(5).fill(failure({ retryable: true })))).toMatchObject({ tries: 3 })
  })

  it.each([
    ['that says nothing of retrying', failure({})],
    ['that is overloaded', failure({ retryable: true, overloaded: true })],
  ])('does not ask an object again %s', async (_, error) => {
    expect(await ask([error, 'fine'])).toMatchObject({ outcome: { error }, tries: 1 })
  })

  it('does not ask twice for what may be done once', async () => {
    expect(await ask([failure({ retryable: true }), 'fine'], { repeatable: false })).toMatchObject({ tries: 1 })
  })

  it('does not wait past the deadline for another try', async () => {
    const found = await ask([failure({ retryable: true }), 'fine'], { deadlineMs: 40 }, 0.99)
    expect(found).toMatchObject({ tries: 1, endMs: 0 })
  })

  it('waits no longer than the deadline for an answer', async () => {
    const clock = jumpingClock()
    const silent = callObject(
      { clock, random: () => 0 },
      RULES,
      () => ({}),
      () => new Promise(() => {}),
    )
    await expect(silent).rejects.toBeInstanceOf(ObjectTimeout)
    expect(clock.now()).toBe(1000)
  })

  it('tells of every answer how long it took, of a late one too, and of no failure', async () => {
    const clock = jumpingClock()
    const told: number[] = []
    const call = (ms: number, error?: Error) =>
      callObject(
        { clock, random: () => 0 },
        { ...RULES, repeatable: false, answered: (tookMs) => void told.push(tookMs) },
        () => ({}),
        () =>
          new Promise<string>((resolve, reject) => {
            clock.after(ms, () => (error === undefined ? resolve('fine') : reject(error)))
          }),
      )
    expect(await call(300)).toBe('fine')
    await expect(call(1500)).rejects.toBeInstanceOf(ObjectTimeout)
    await new Promise<void>((resolve) => void clock.after(1000, resolve))
    await expect(call(10, failure({}))).rejects.toThrow('failed')
    expect(told).toEqual([300, 1500])
  })
})
