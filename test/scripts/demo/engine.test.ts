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
const asked = { prompt, salt: '' }
const open = (): AbortSignal => new AbortController().signal
const done = { value: undefined, finish: 'stop' } as const

test('prefill takes time for what is not cached, decode for each token', async () => {
  const clock = sleeper()
  const engine = createEngine({ ...options, prefillPerSecond: 1000, decodePerSecond: 100 }, clock)
  const one = () =>
    engine.run(asked, open(), async ({ cachedTokens, decode }) => {
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
  const one = engine.run(asked, open(), () => first.promise)
  const two = engine.run(asked, open(), async () => {
    order.push('two')
    return done
  })
  await expect(engine.run(asked, open(), async () => done)).rejects.toThrow(QueueFullError)
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
  const one = engine.run(asked, open(), () => first.promise)
  const leaving = new AbortController()
  const two = engine.run(asked, leaving.signal, async () => done)
  leaving.abort()
  await expect(two).rejects.toMatchObject({ tokens: 0 })
  const three = engine.run(asked, open(), async () => done)
  first.resolve(done)
  await Promise.all([one, three])
  expect(engine.counters).toMatchObject({ running: 0, waiting: 0 })
})

test('an abort while generating ends it, says how far it was, and frees the place', async () => {
  const engine = createEngine(options, sleeper())
  const leaving = new AbortController()
  const aborted = engine.run(asked, leaving.signal, async ({ decode }) => {
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

test('one salt has nothing of another’s in the cache, and a prompt is there as soon as it is prefilled', async () => {
  const engine = createEngine({ ...options, concurrency: 3 }, sleeper())
  const cached = (salt: string) =>
    engine.run({ prompt, salt }, open(), async ({ cachedTokens }) => ({ ...done, value: cachedTokens }))
  await engine.run(asked, open(), async () => {
    expect(await cached('')).toBe(32)
    return done
  })
  expect(await cached('one')).toBe(0)
  expect(await cached('one')).toBe(32)
  expect(await cached('two')).toBe(0)
})

test('where prefill is serial, a long prompt blocks those behind it, and who leaves is passed by', async () => {
  const slept: { ms: number; wake: () => void }[] = []
  const clock = { now: () => 0, sleep: (ms: number) => new Promise<void>((wake) => slept.push({ ms, wake })) }
  const engine = createEngine({ ...options, prefillPerSecond: 1000, concurrency: 3, serialPrefill: true }, clock)
  const order: string[] = []
  const run = (name: string, tokens: number, signal: AbortSignal) =>
    engine.run({ prompt: prompt.slice(0, tokens), salt: name }, signal, async () => {
      order.push(name)
      return done
    })
  const leaving = new AbortController()
  const long = run('long', 30, open())
  const left = run('left', 3, leaving.signal)
  const short = run('short', 2, open())
  leaving.abort()
  await expect(left).rejects.toThrow(AbortedError)
  expect(slept.map(({ ms }) => ms)).toEqual([30])
  slept[0]?.wake()
  await long
  await expect.poll(() => slept.map(({ ms }) => ms)).toEqual([30, 2])
  slept[1]?.wake()
  await short
  expect(order).toEqual(['long', 'short'])
  expect(engine.counters.running).toBe(0)
})

test('speed changes while it runs, of what is under way too', async () => {
  const clock = sleeper()
  const engine = createEngine({ ...options, prefillPerSecond: 1000, decodePerSecond: 100, prefillBaseMs: 7 }, clock)
  await engine.run(asked, open(), async ({ decode }) => {
    expect(clock.now()).toBeCloseTo(40)
    await decode('a')
    engine.setSpeed({ slow: 10 })
    await decode('b')
    engine.setSpeed({ slow: 1, decodePerSecond: 1000 })
    await decode('c')
    return done
  })
  expect(clock.now()).toBeCloseTo(40 + 10 + 100 + 1)
  expect(engine.speed()).toMatchObject({ slow: 1, prefillBaseMs: 7, serialPrefill: false })
})
