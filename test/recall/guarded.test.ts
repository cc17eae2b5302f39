/** Stores that are out of reach: no answer, one line in the log, a rest, and a try now and then. */
import { expect, it } from 'vitest'
import { Breaker } from '../../src/core/breaker.ts'
import { guarded } from '../../src/recall/guarded.ts'
import { manualClock } from '../support/manual-clock.ts'

const SECRET = 'a prompt that a store repeats in its message'

function world() {
  const clock = manualClock()
  const lines: Readonly<Record<string, unknown>>[] = []
  const breaker = new Breaker({ failuresMax: 2, restMs: 1000, tellMs: 60_000 })
  const services = { clock, log: (line: Readonly<Record<string, unknown>>) => void lines.push(line) }
  let asked = 0
  const ask = (answer: () => Promise<string>) => {
    const call = () => {
      asked += 1
      return answer()
    }
    return guarded(services, breaker, 'replies', call)
  }
  return { clock, lines, ask, asked: () => asked }
}

const fails = () => Promise.reject(new TypeError(SECRET))

it('hands on what is answered', async () => {
  expect(await world().ask(async () => 'there')).toBe('there')
})

it('is null where it fails, and after some failures in a row nobody is asked for a while', async () => {
  const { ask, asked, clock, lines } = world()
  expect(await ask(fails)).toBeNull()
  expect(await ask(fails)).toBeNull()
  expect(await ask(async () => 'there')).toBeNull()
  expect(asked()).toBe(2)
  await clock.advance(1000)
  expect(await ask(async () => 'there')).toBe('there')
  expect(await ask(async () => 'again')).toBe('again')
  expect(lines).toEqual([{ level: 'warn', event: 'recall-store-failed', store: 'replies', error: 'TypeError' }])
})

it('logs no word of a store', async () => {
  const { ask, lines } = world()
  await ask(fails)
  expect(JSON.stringify(lines)).not.toContain(SECRET)
})
