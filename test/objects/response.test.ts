/** ResponseObject in workerd: what it keeps, for how long, and when it stores nothing at all. */
import { env, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { beforeEach, describe, expect, it } from 'vitest'
import { SEALED_CHUNK_CHARS } from '../../src/core/limits.ts'
import type { ResponseObject } from '../../src/objects/response.ts'

const PARTS = { response: 'c2VhbGVk', input: 'aW5wdXQ=', context: '' }
const HOUR_MS = 3_600_000
/** When the alarm comes, from now. */
const dueInMs = () => inside(async (_, { storage }) => ((await storage.getAlarm()) ?? 0) - Date.now())

let count = 0
let stub: DurableObjectStub<ResponseObject>
beforeEach(() => {
  stub = env.RESPONSE.get(env.RESPONSE.idFromName(`response-${++count}`))
})

const inside = <R>(use: (object: ResponseObject, state: DurableObjectState) => R | Promise<R>): Promise<R> =>
  runInDurableObject(stub, use)
/** Tables, and when the alarm comes. */
const left = () =>
  inside(async (_, { storage }) => [
    ...storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf\\_%' ESCAPE '\\'").toArray(),
    ...[await storage.getAlarm()].filter((atMs) => atMs !== null),
  ])

describe('an object that was told of nothing', () => {
  it('stores nothing, whatever it is asked', async () => {
    await inside(async (object) => {
      expect(object.get(['response'])).toBeNull()
      expect(await object.delete()).toBe(false)
      await object.alarm()
      await object.erase()
    })
    expect(await left()).toEqual([])
  })
})

describe('a record', () => {
  it('is had part by part, over an eviction too', async () => {
    await stub.put(PARTS, HOUR_MS)
    expect(await stub.get(['response', 'context'])).toEqual({ response: PARTS.response, context: '' })
    await evictDurableObject(stub)
    expect(await stub.get(['response', 'input', 'context'])).toEqual(PARTS)
    expect(Math.abs((await dueInMs()) - HOUR_MS)).toBeLessThan(60_000)
  })

  it('may be longer than a stored value', async () => {
    const response = 'x'.repeat(2 * SEALED_CHUNK_CHARS + 1)
    await stub.put({ ...PARTS, response }, HOUR_MS)
    expect(await stub.get(['response', 'input'])).toEqual({ response, input: PARTS.input })
  })

  it('is replaced whole, its time too', async () => {
    await stub.put(PARTS, HOUR_MS)
    await stub.put({ response: 'bmV3' }, 2 * HOUR_MS)
    expect(await stub.get(['response', 'input'])).toEqual({ response: 'bmV3', input: '' })
    expect(Math.abs((await dueInMs()) - 2 * HOUR_MS)).toBeLessThan(60_000)
  })

  it('is deleted, and nothing is left', async () => {
    await stub.put(PARTS, HOUR_MS)
    expect(await inside((object) => object.delete())).toBe(true)
    expect(await left()).toEqual([])
    expect(await inside((object) => object.delete())).toBe(false)
    expect(await stub.get(['response'])).toBeNull()
  })

  it('is gone when its time is over, before the alarm and by it', async () => {
    await stub.put(PARTS, HOUR_MS)
    await inside((_, { storage }) => void storage.sql.exec('UPDATE record SET until_ms = 1'))
    expect(await stub.get(['response'])).toBeNull()
    expect(await runDurableObjectAlarm(stub)).toBe(true)
    expect(await left()).toEqual([])
  })

  it('outlives an alarm that comes early', async () => {
    await stub.put(PARTS, HOUR_MS)
    expect(await runDurableObjectAlarm(stub)).toBe(true)
    expect(await stub.get(['response'])).toEqual({ response: PARTS.response })
    expect(Math.abs((await dueInMs()) - HOUR_MS)).toBeLessThan(60_000)
  })

  it('of a tenant that is erased is not kept again', async () => {
    await stub.put(PARTS, HOUR_MS)
    await inside(async (object) => {
      await object.erase()
      object.put(PARTS, HOUR_MS)
      expect(object.get(['response'])).toBeNull()
    })
    expect(await left()).toEqual([])
  })
})
