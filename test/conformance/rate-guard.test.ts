/** The coarse request-rate guard over HTTP: one count over all isolates, and no 5xx when Redis stops in the middle. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pick, type Reply } from '../support/http-client.ts'
import { type RedisServer, startValkey } from '../support/redis-server.ts'
import { ScriptedOrigin } from '../support/scripted-origin.ts'
import { type MadeKey, setUp, type TestSluice } from '../support/sluice.ts'
import { startUpstashRest, type UpstashRest } from '../support/upstash-rest.ts'

const TOKEN = 'canary-of-the-guard-0c11'
/** So long that no window ends while the test runs. */
const GUARD = { requests: 20, perSeconds: 3600 }
const ANSWER = JSON.stringify({
  id: 'x',
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
})

let redis: RedisServer
let rest: UpstashRest
let origin: ScriptedOrigin
let sluice: TestSluice

beforeAll(async () => {
  redis = await startValkey()
  rest = await startUpstashRest(redis.port, TOKEN)
  origin = await ScriptedOrigin.start()
  origin.on('up', (call) => call.reply(200, ANSWER))
  sluice = await setUp({
    isolates: 2,
    env: { UPSTASH_REDIS_REST_URL: rest.url, UPSTASH_REDIS_REST_TOKEN: TOKEN },
    credentials: { main: 'sk-main' },
    config: {
      guard: GUARD,
      providers: { up: { protocol: 'openai', baseUrl: origin.url('up'), credential: 'main' } },
      models: { chat: { targets: [{ provider: 'up', model: 'm' }] } },
    },
    tenants: [{ id: 'eager' }, { id: 'modest' }],
  })
})
afterAll(async () => {
  await sluice?.stop()
  await rest?.close()
  await redis?.stop()
  await origin?.close()
})

const ask = (key: string, isolate = 0): Promise<Reply> =>
  sluice.post(
    key,
    '/v1/chat/completions',
    { model: 'chat', messages: [{ role: 'user', content: 'hi' }] },
    { url: sluice.urls[isolate] ?? '' },
  )

test('a key is held to the rule over both isolates, told when to come back, and its refusals are recorded', async () => {
  const { key } = sluice.keyOf('eager')
  for (let index = 0; index < GUARD.requests; index += 1) expect((await ask(key, index % 2)).status).toBe(200)
  for (const isolate of [0, 1]) {
    const reply = await refused(key, isolate)
    expect(pick(reply.json, 'error', 'code')).toBe('rate_limit_exceeded')
    expect(reply.headers['x-sluice-limited-by']).toBe('guard')
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
    expect(Number(reply.headers['retry-after'])).toBeLessThanOrEqual(GUARD.perSeconds)
    const row = await sluice.row('eager', reply.headers['x-request-id'])
    expect(row).toMatchObject({ outcome: 'refused', status: 429, attempts: 0 })
  }
})

/** The isolate's first refusal. A guard that was late lets pass, so it may take a few; never as many as a count of its own. */
async function refused(key: string, isolate: number): Promise<Reply> {
  for (let tries = 1; tries < GUARD.requests / 2; tries += 1) {
    const reply = await ask(key, isolate)
    if (reply.status === 429) return reply
  }
  throw new Error('it is never refused')
}

test('other keys have their own count, of the same tenant too', async () => {
  const another = await sluice.makeKey('eager')
  expect((await ask(another.key)).status).toBe(200)
  expect((await ask(sluice.keyOf('modest').key)).status).toBe(200)
})

test('when Redis stops in the middle everybody passes, and each isolate says so once', async () => {
  const during = await sluice.makeKey('modest')
  const after = await sluice.makeKey('modest')
  const crowd = ({ key }: MadeKey): Promise<number[]> =>
    Promise.all(Array.from({ length: 40 }, async (_, index) => (await ask(key, index % 2)).status))
  const underway = crowd(during)
  await redis.stop()
  expect((await underway).filter((status) => status !== 200 && status !== 429)).toEqual([])
  for (const gone of [false, true]) {
    if (gone) await rest.close()
    for (let round = 0; round < 2; round += 1) expect(await crowd(after)).toEqual(Array.from({ length: 40 }, () => 200))
  }
  const said = sluice.output().match(/.*rate-guard-open.*/g) ?? []
  expect(said.length).toBeGreaterThanOrEqual(1)
  expect(said.length).toBeLessThanOrEqual(2)
  expect(sluice.output()).not.toContain(TOKEN)
})
