/** A pool that has no room: who waits, who does not, in what order they go, and what they are told. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Exchange, pick } from '../support/http-client.ts'
import { poolOf } from '../support/pool-live.ts'
import { type Call, ScriptedOrigin } from '../support/scripted-origin.ts'
import { eventually, setUp, type TestSluice } from '../support/sluice.ts'
import { chat, stream } from '../support/wire.ts'

/** Each has one replica with room for one prompt, whose first content comes when its test likes. */
const POOLS = ['impatient', 'waits', 'leaves', 'priority', 'full'] as const
type Pool = (typeof POOLS)[number]

let origin: ScriptedOrigin
let sluice: TestSluice
const calls = new Map<string, Call[]>()

beforeAll(async () => {
  origin = await ScriptedOrigin.start()
  for (const pool of POOLS) {
    calls.set(pool, [])
    origin.on(pool, (call) => (call.path.endsWith('/health') ? call.reply(200, '') : void calls.get(pool)?.push(call)))
  }
  sluice = await setUp({
    config: {
      providers: Object.fromEntries(
        POOLS.map((pool) => [
          pool,
          poolOf({ a: origin.url(pool) }, { maxInflightTokens: 1, maxQueue: pool === 'full' ? 1 : 100 }),
        ]),
      ),
      models: Object.fromEntries(
        POOLS.map((pool) => [pool, { targets: [{ provider: pool, model: 'm' }], retries: 0 }]),
      ),
    },
    tenants: [{ id: 'acme' }],
  })
})

afterAll(async () => {
  await sluice?.stop()
  await origin?.close()
})

const ask = (pool: Pool, name: string, headers: Readonly<Record<string, string>> = {}): Exchange =>
  sluice.begin(sluice.keyOf('acme').key, '/v1/chat/completions', chat(pool, true, { user: name }), {
    headers: { ...headers },
  })

/** The calls to a pool's replica, once there are so many. */
const called = (pool: Pool, count: number): Promise<Call> =>
  eventually(`call ${count} of ${pool}`, 5000, async () => calls.get(pool)?.[count - 1])

const names = (pool: Pool): unknown[] => (calls.get(pool) ?? []).map(({ json }) => json.user)

/** Waits until so many wait there. */
const queued = (pool: Pool, count: number): Promise<true> =>
  eventually(`${count} in the queue of ${pool}`, 5000, async () => {
    const view = await sluice.done('GET', `/admin/pools/${pool}`)
    const waiting = Number(pick(view, 'queued', 'interactive')) + Number(pick(view, 'queued', 'batch'))
    return waiting === count ? true : undefined
  })

const answer = (call: Call): Promise<void> => call.reply(200, stream('done'), { 'content-type': 'text/event-stream' })

test('x-sluice-max-wait-ms: 0 does not wait: 429 queue_timeout with when to come again', async () => {
  const first = ask('impatient', 'first')
  const call = await called('impatient', 1)
  const refused = await ask('impatient', 'second', { 'x-sluice-max-wait-ms': '0' }).reply
  expect(refused.status).toBe(429)
  expect(pick(refused.json, 'error')).toMatchObject({ code: 'queue_timeout', type: 'rate_limit_error' })
  expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1)
  expect(Number(refused.headers['retry-after-ms'])).toBeGreaterThan(0)
  expect(refused.headers['x-sluice-attempts']).toBe('0')
  await answer(call)
  const done = await first.reply
  expect(done.status).toBe(200)
  expect(done.headers['x-sluice-queue-ms']).toBe('0')
  expect(names('impatient')).toEqual(['first'])
})

test("a wait ends at the request's own bound", async () => {
  const first = ask('waits', 'first')
  const call = await called('waits', 1)
  const beganAtMs = Date.now()
  const refused = await ask('waits', 'second', { 'x-sluice-max-wait-ms': '300' }).reply
  expect(refused.status).toBe(429)
  expect(pick(refused.json, 'error', 'code')).toBe('queue_timeout')
  expect(Date.now() - beganAtMs).toBeLessThan(5000)
  await answer(call)
  expect((await first.reply).status).toBe(200)
})

test('whoever waits goes when there is room, and is told how long it waited', async () => {
  const before = calls.get('waits')?.length ?? 0
  const first = ask('waits', 'first')
  const call = await called('waits', before + 1)
  const second = ask('waits', 'second')
  await queued('waits', 1)
  const queuedAtMs = Date.now()
  await eventually('a moment in the queue', 5000, async () => (Date.now() - queuedAtMs > 100 ? true : undefined))
  await answer(call)
  await answer(await called('waits', before + 2))
  await first.reply
  const { status, headers } = await second.reply
  expect(status).toBe(200)
  expect(Number(headers['x-sluice-queue-ms'])).toBeGreaterThanOrEqual(100)
  expect(headers['server-timing']).toContain('queue;dur=')
  // The wait is no work of the gateway's.
  expect(Number(headers['x-sluice-overhead-ms'])).toBeLessThan(Number(headers['x-sluice-queue-ms']) + 1000)
})

test('a client that leaves while it waits frees its place', async () => {
  const first = ask('leaves', 'first')
  const call = await called('leaves', 1)
  const leaver = ask('leaves', 'leaver')
  await queued('leaves', 1)
  await leaver.reset()
  await queued('leaves', 0)
  const third = ask('leaves', 'third')
  await queued('leaves', 1)
  await answer(call)
  await answer(await called('leaves', 2))
  await Promise.all([first.reply, third.reply])
  expect(names('leaves')).toEqual(['first', 'third'])
})

test('a full queue takes nobody more, and one place is enough again when somebody has left', async () => {
  const first = ask('full', 'first')
  const call = await called('full', 1)
  const leaver = ask('full', 'leaver')
  await queued('full', 1)
  const refused = await ask('full', 'one too many').reply
  expect(refused.status).toBe(429)
  expect(pick(refused.json, 'error', 'code')).toBe('queue_timeout')
  expect(refused.headers['retry-after']).toBeDefined()
  await leaver.reset()
  await queued('full', 0)
  const third = ask('full', 'third')
  await queued('full', 1)
  await answer(call)
  await answer(await called('full', 2))
  await Promise.all([first.reply, third.reply])
  expect(names('full')).toEqual(['first', 'third'])
})

test('batch waits behind interactive, whoever came first', async () => {
  const first = ask('priority', 'first')
  const call = await called('priority', 1)
  const batch = ask('priority', 'batch', { 'x-sluice-priority': 'batch' })
  await queued('priority', 1)
  const interactive = ask('priority', 'interactive')
  await queued('priority', 2)
  await answer(call)
  await answer(await called('priority', 2))
  await answer(await called('priority', 3))
  for (const { status } of await Promise.all([first, batch, interactive].map(({ reply }) => reply)))
    expect(status).toBe(200)
  expect(names('priority')).toEqual(['first', 'interactive', 'batch'])
})
