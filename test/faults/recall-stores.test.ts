/** Stores of recall that are Upstash's: shared by isolates, readable by nobody, and never a reason to answer anybody worse. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from 'redis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { asking, cacheOf, configOf, RECALLABLE_MS } from '../conformance/recall-setup.ts'
import { type Gate, startGate } from '../support/gate.ts'
import { pick } from '../support/http-client.ts'
import { type RedisServer, startValkey } from '../support/redis-server.ts'
import { ScriptedOrigin } from '../support/scripted-origin.ts'
import { eventually, type MadeKey, setUp, type TestSluice } from '../support/sluice.ts'
import { startUpstashRest, type UpstashRest } from '../support/upstash-rest.ts'
import { startUpstashVector, type UpstashVector } from '../support/upstash-vector.ts'
import { whole } from '../support/wire.ts'

const PROMPT = 'canarysaid'
const ANSWER = 'canaryanswered'
/** A request may take so long while a store says nothing: the look-up's deadline, and what a busy machine adds. */
const DELAY_MS_MAX = 1500
const BACK_MS = 5000

let redis: RedisServer
let rest: UpstashRest
let vector: UpstashVector
let redisGate: Gate
let vectorGate: Gate
let origin: ScriptedOrigin
let sluice: TestSluice
const ask = asking(() => sluice)
const acme = (): MadeKey => sluice.keyOf('acme')

beforeAll(async () => {
  redis = await startValkey()
  rest = await startUpstashRest(redis.port)
  vector = await startUpstashVector(2)
  redisGate = await startGate(rest.url)
  vectorGate = await startGate(vector.url)
  origin = await ScriptedOrigin.start()
  origin.on('chat', (call) => call.reply(200, whole(ANSWER)))
  origin.on('embed', (call) => call.reply(200, JSON.stringify({ data: [{ index: 0, embedding: [3, 4] }] })))
  const config = configOf(origin, {
    exact: ['chat', { exact: true }],
    meant: ['chat', { exact: true, semantic: { enabled: true } }],
    embed: ['embed', undefined],
  })
  sluice = await setUp({
    isolates: 2,
    env: {
      UPSTASH_REDIS_REST_URL: redisGate.url,
      UPSTASH_REDIS_REST_TOKEN: rest.token,
      UPSTASH_VECTOR_REST_URL: vectorGate.url,
      UPSTASH_VECTOR_REST_TOKEN: vector.token,
    },
    config: { ...config, embedder: { model: 'embed' } },
    tenants: [{ id: 'acme' }],
  })
})

afterAll(async () => {
  await sluice?.stop()
  for (const part of [redisGate, vectorGate, rest, vector, origin]) await part?.close()
  await redis?.stop()
})

/** Everything that Redis has, by key. */
async function dump(): Promise<Map<string, string>> {
  const client = createClient({ socket: { host: '127.0.0.1', port: redis.port } })
  await client.connect()
  const found = new Map<string, string>()
  for (const key of await client.keys('*')) {
    const type = await client.type(key)
    const value =
      type === 'string'
        ? await client.get(key)
        : type === 'hash'
          ? JSON.stringify(await client.hGetAll(key))
          : JSON.stringify(await client.zRangeWithScores(key, 0, -1).catch(() => client.sMembers(key)))
    found.set(key, value ?? '')
  }
  client.destroy()
  return found
}

test('isolates share what is in Redis, and Redis has no word of it', async () => {
  expect(cacheOf(await ask(acme(), 'exact', PROMPT))).toBe('200 miss')
  await sleep(RECALLABLE_MS)
  expect(cacheOf(await ask(acme(), 'exact', PROMPT, { isolate: 1 }))).toBe('200 hit')
  const kept = [...(await dump())]
  expect(kept.some(([key]) => key.startsWith('sluice:cache:'))).toBe(true)
  for (const [key, value] of kept) {
    for (const word of [PROMPT, ANSWER, Buffer.from(ANSWER).toString('base64').slice(0, 16)])
      expect([key, `${key} ${value}`.includes(word)]).toEqual([key, false])
  }
})

test('questions are in the index as vectors and hashes, and no word of them', async () => {
  expect(cacheOf(await ask(acme(), 'meant', `${PROMPT} paris without`))).toBe('200 miss')
  await eventually('a vector', 3000, async () =>
    [...vector.namespaces.values()].some((inside) => inside.size > 0) ? true : undefined,
  )
  const kept = JSON.stringify([...vector.namespaces].map(([name, inside]) => [name, [...inside.values()]]))
  for (const word of [PROMPT, ANSWER, 'paris', 'without']) expect(kept).not.toContain(word)
})

test('a damaged value is a miss, goes, and is counted', async () => {
  expect(cacheOf(await ask(acme(), 'exact', 'to be damaged'))).toBe('200 miss')
  await sleep(RECALLABLE_MS)
  const client = createClient({ socket: { host: '127.0.0.1', port: redis.port } })
  await client.connect()
  for (const key of await client.keys('*')) {
    const value = (await client.type(key)) === 'string' ? ((await client.get(key)) ?? '') : ''
    // Sealed values are long runs of base64; what else is in Redis is short.
    const damaged = value.replaceAll(/[A-Za-z0-9+/]{200,}/g, (sealed) => sealed.replaceAll(/[A-Z]/g, 'A'))
    if (damaged !== value) await client.set(key, damaged, { KEEPTTL: true })
  }
  client.destroy()
  const before = origin.calls('chat').length
  expect(cacheOf(await ask(acme(), 'exact', 'to be damaged', { isolate: 1 }))).toBe('200 miss')
  expect(origin.calls('chat').length).toBe(before + 1)
  await eventually('it is counted', 3000, async () =>
    Number(pick(await sluice.done('GET', '/admin/tenants/acme/cache'), 'corrupt')) > 0 ? true : undefined,
  )
  await sleep(RECALLABLE_MS)
  expect(cacheOf(await ask(acme(), 'exact', 'to be damaged', { isolate: 0 }))).toBe('200 hit')
})

test.each(['shut', 'silence'] as const)('Redis %s: misses in time, and hits again when it is back', async (way) => {
  expect(cacheOf(await ask(acme(), 'exact', `before ${way}`))).toBe('200 miss')
  await sleep(RECALLABLE_MS)
  await redisGate[way]()
  for (let asked = 0; asked < 8; asked += 1) {
    const begun = Date.now()
    expect(cacheOf(await ask(acme(), 'exact', `${way} ${asked}`, { isolate: asked % 2 }))).toBe('200 miss')
    expect(Date.now() - begun).toBeLessThan(DELAY_MS_MAX)
  }
  await redisGate.open()
  await eventually('a hit again', BACK_MS, async () =>
    cacheOf(await ask(acme(), 'exact', `before ${way}`, { isolate: 1, headers: { 'x-sluice-cache': 'no-store' } })) ===
    '200 hit'
      ? true
      : undefined,
  )
})

test('the index gone: exact hits alone, and nobody waits for it', async () => {
  await vectorGate.shut()
  const begun = Date.now()
  expect(cacheOf(await ask(acme(), 'meant', 'while it is gone'))).toBe('200 miss')
  expect(Date.now() - begun).toBeLessThan(DELAY_MS_MAX)
  await sleep(RECALLABLE_MS)
  expect(cacheOf(await ask(acme(), 'meant', 'while it is gone', { isolate: 1 }))).toBe('200 hit')
  await vectorGate.open()
})
