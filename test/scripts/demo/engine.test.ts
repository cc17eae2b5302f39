/** The engine under a clock of the test's own: speeds, places, the queue, and what an abort frees. */
import { expect, test } from 'vitest'
import { AbortedError, createEngine, type EngineOptions, QueueFullError } from '../../../scripts/demo/engine.ts'

/** Time that passes only by being slept through. */
function sleeper() {
  let now = 0
  return {
    now: () => now,
    sleep: async (ms: number, signal: AbortSignal) => {
      signal.throwIfAborted()
      now += ms
    },
  }
}

const options: EngineOptions = { prefillPerSecond: 0, decodePerSecond: 0, concurrency: 1, queue: 1, kvTokens: 1000 }
const prompt = Array.from({ length: 33 }, (_, index) => `t${index}`)
const open = (): AbortSignal => new AbortController().signal
const done = { value: undefined, finish: 'stop' } as const

test('prefill takes time for what is not cached, decode for each token', async () => {
  const clock = sleeper()
  const engine = createEngine({ ...options, prefillPerSecond: 1000, decodePerSecond: 100 }, clock)
  const one = () =>
    engine.run(prompt, open(), async ({ cachedTokens, decode }) => {
      await decode('a')
      await decode('b')
      return { value: cachedTokens, finish: 'stop' }
    })
  expect(await one()).toBe(0)
  expect(clock.now()).toBeCloseTo(33 + 20)
  expect(await one()).toBe(32)
  expect(clock.now()).toBeCloseTo(33 + 20 + 1 + 20)
  expect(engine.counters).toMatchObject({ promptTokens: 66, generatedTokens: 4, cacheHitTokens: 32, running: 0 })
  expect(engine.counters.finished.stop).toBe(2)
})

test('a request beyond the places waits for its turn, one beyond the queue is refused', async () => {
  const engine = createEngine(options, sleeper())
  const first = Promise.withResolvers<typeof done>()
  const order: string[] = []
  const one = engine.run(prompt, open(), () => first.promise)
  const two = engine.run(prompt, open(), async () => {
    order.push('two')
    return done
  })
  await expect(engine.run(prompt, open(), async () => done)).rejects.toThrow(QueueFullError)
  expect(engine.counters).toMatchObject({ running: 1, waiting: 1 })
  expect(order).toEqual([])
  first.resolve(done)
  await Promise.all([one, two])
  expect(order).toEqual(['two'])
  expect(engine.counters).toMatchObject({ running: 0, waiting: 0 })
})

test('a client that leaves the queue gives its place up', async () => {
  const engine = createEngine(options, sleeper())
  const first = Promise.withResolvers<typeof done>()
  const one = engine.run(prompt, open(), () => first.promise)
  const leaving = new AbortController()
  const two = engine.run(prompt, leaving.signal, async () => done)
  leaving.abort()
  await expect(two).rejects.toMatchObject({ tokens: 0 })
  const three = engine.run(prompt, open(), async () => done)
  first.resolve(done)
  await Promise.all([one, three])
  expect(engine.counters).toMatchObject({ running: 0, waiting: 0 })
})

test('an abort while generating ends it, says how far it was, and frees the place', async () => {
  const engine = createEngine(options, sleeper())
  const leaving = new AbortController()
  const aborted = engine.run(prompt, leaving.signal, async ({ decode }) => {
    await decode('a')
    leaving.abort()
    await decode('b')
    return done
  })
  await expect(aborted).rejects.toThrow(AbortedError)
  await expect(aborted).rejects.toMatchObject({ tokens: 1 })
  expect(engine.counters.finished.abort).toBe(1)
  expect(engine.counters.running).toBe(0)
})
