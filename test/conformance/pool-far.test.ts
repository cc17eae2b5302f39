/** A pool's object that stalls, is out of reach, or loses its memory: requests go on without it, and it comes back. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type FaultySluice, setUpFaulty } from '../support/faulty-sluice.ts'
import { pick, type Reply } from '../support/http-client.ts'
import { poolOf } from '../support/pool-live.ts'
import { type Call, ScriptedOrigin } from '../support/scripted-origin.ts'
import { eventually } from '../support/sluice.ts'
import { chat, stream, whole } from '../support/wire.ts'

const REPLICAS = ['a', 'b', 'c'] as const
const STALL_MS = 2500
/** Of an object that is known: it is given up sooner than an object may take at most. */
const GIVEN_UP_MS = 2000
const JSON_TYPE = { 'content-type': 'application/json' }

let origin: ScriptedOrigin
let sluice: FaultySluice
let key: string
/** Calls to the replica that answers only when its test wants it to. */
const held: Call[] = []

beforeAll(async () => {
  origin = await ScriptedOrigin.start()
  for (const name of REPLICAS) origin.on(name, (call) => call.reply(200, whole(name), JSON_TYPE))
  origin.on('one', (call) => (call.path.endsWith('/health') ? call.reply(200, '') : void held.push(call)))
  const urls = Object.fromEntries(REPLICAS.map((name) => [name, origin.url(name)]))
  sluice = await setUpFaulty({
    config: {
      log: 'off',
      providers: { gpu: poolOf(urls), one: poolOf({ one: origin.url('one') }, { maxInflightTokens: 1 }) },
      models: {
        gpu: { targets: [{ provider: 'gpu', model: 'm' }], retries: 0 },
        one: { targets: [{ provider: 'one', model: 'm' }], retries: 0 },
      },
    },
    tenants: [{ id: 'acme' }],
  })
  key = (await sluice.makeKey('acme', { debug: true })).key
  await eventually('the pool is asked', 5000, async () => ((await ask()).reason === 'degraded' ? undefined : true))
})

afterEach(async () => {
  await sluice.faultsEverywhere([])
})

afterAll(async () => {
  await sluice?.stop()
  await origin?.close()
})

const told = ({ status, headers }: Reply) => ({ status, reason: headers['x-sluice-pool-reason'] })

async function ask() {
  const headers = { 'x-sluice-debug': '1' }
  const answered = told(await sluice.post(key, '/v1/chat/completions', chat('gpu', false), { headers }))
  expect(answered.status).toBe(200)
  return answered
}

const degradedSeconds = async (): Promise<number> =>
  Number(pick((await sluice.admin('GET', '/admin/status')).json, 'degradedSeconds'))

/** Until the object decides again. */
const recovered = (): Promise<true> =>
  eventually('the object is asked again', 10_000, async () => ((await ask()).reason === 'degraded' ? undefined : true))

test('an object that stalls: requests go on in time, it is counted, and afterwards it decides again', async () => {
  const before = await degradedSeconds()
  const beganAtMs = Date.now()
  await sluice.stallPool('gpu', STALL_MS)
  const first = await ask()
  expect(first.reason).toBe('degraded')
  expect(Date.now() - beganAtMs).toBeLessThan(GIVEN_UP_MS)
  // The next ones do not wait for it at all.
  for (let index = 0; index < 5; index += 1) expect((await ask()).reason).toBe('degraded')
  expect(Date.now() - beganAtMs).toBeLessThan(STALL_MS)
  await recovered()
  expect(Date.now() - beganAtMs).toBeGreaterThanOrEqual(STALL_MS)
  expect(await degradedSeconds()).toBeGreaterThan(before)
})

test('an object out of reach: all replicas are used by what their prompts hash to', async () => {
  await sluice.faultsEverywhere([{ binding: 'POOL', kind: 'reject' }])
  const replicas = new Set<string | undefined>()
  for (let index = 0; index < 30; index += 1) {
    const body = chat('gpu', false, { messages: [{ role: 'user', content: `${index} `.repeat(2000) }] })
    const { status, headers } = await sluice.post(key, '/v1/chat/completions', body, {
      headers: { 'x-sluice-debug': '1' },
    })
    expect(status).toBe(200)
    expect(headers['x-sluice-pool-reason']).toBe('degraded')
    replicas.add(headers['x-sluice-replica'])
  }
  expect([...replicas].sort()).toEqual([...REPLICAS])
  await sluice.faultsEverywhere([])
  await recovered()
})

test('an object thrown out of memory: nobody notices', async () => {
  for (let index = 0; index < 3; index += 1) {
    await sluice.evictPool('gpu')
    await ask()
  }
  await recovered()
})

test('… and it is told what its replicas have to do', async () => {
  const begin = (headers: Readonly<Record<string, string>> = {}) =>
    sluice.begin(key, '/v1/chat/completions', chat('one', true), { headers: { ...headers } })
  const first = begin()
  await eventually('the first call', 5000, async () => held[0])
  await sluice.evictPool('one')
  // Whoever asks next is answered by an object that knows of nothing; its isolate then tells what it holds.
  const second = begin()
  await eventually('the second call', 5000, async () => held[1])
  await eventually('the replica is known to be full', 5000, async () => {
    const view = await sluice.done('GET', '/admin/pools/one')
    return pick(view, 'replicas', 0, 'requests') === 2 ? true : undefined
  })
  const refused = await begin({ 'x-sluice-max-wait-ms': '0' }).reply
  expect(refused.status).toBe(429)
  for (const call of held) await call.reply(200, stream('done'), { 'content-type': 'text/event-stream' })
  for (const { reply } of [first, second]) expect((await reply).status).toBe(200)
})

test('an object thrown out while somebody waits in its queue: whoever waited goes on without it', async () => {
  const from = held.length
  const begin = () => sluice.begin(key, '/v1/chat/completions', chat('one', true))
  const first = begin()
  await eventually('the first call', 5000, async () => held[from])
  const second = begin()
  await eventually('one in the queue', 5000, async () =>
    pick(await sluice.done('GET', '/admin/pools/one'), 'queued', 'interactive') === 1 ? true : undefined,
  )
  await sluice.evictPool('one')
  await eventually('the second call', 5000, async () => held[from + 1])
  for (const call of held.slice(from)) await call.reply(200, stream('done'), { 'content-type': 'text/event-stream' })
  for (const { reply } of [first, second]) expect((await reply).status).toBe(200)
})
