/** GPU hosts that nobody can dial, against a running Sluice: workers that come, serve, die and are sent away. */
import { randomInt } from 'node:crypto'
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Call, ScriptedOrigin } from '../support/scripted-origin.ts'
import { eventually, setUp, type TestSluice } from '../support/sluice.ts'
import { chat, DONE, finish, role, said, text, usage, whole } from '../support/wire.ts'
import { startWorker, type WorkerProgram } from '../support/worker-program.ts'

const CROWD = 200
const WORKERS = 4
const REVOKED_MS = 10_000
/** Each test has a pool of its own, so that none meets another's workers. */
const POOLS = ['stream', 'queue', 'broken', 'continued', 'revoked', 'crowd']

let origin: ScriptedOrigin
let sluice: TestSluice
let key: string

beforeAll(async () => {
  origin = await ScriptedOrigin.start()
  const pool = { workers: true, maxQueue: 1000, maxWaitMs: 30_000 }
  sluice = await setUp({
    config: {
      providers: Object.fromEntries(
        POOLS.map((name) => {
          const onBreak = name === 'continued' ? ('continue' as const) : ('fail' as const)
          return [name, { protocol: 'openai', pool: { ...pool, onBreak } }] as const
        }),
      ),
      models: Object.fromEntries(
        POOLS.map((name) => [name, { targets: [{ provider: name, model: 'm' }], retries: 5 }] as const),
      ),
    },
    tenants: [{ id: 'acme' }],
  })
  key = sluice.keyOf('acme').key
})

afterAll(async () => {
  await sluice?.stop()
  await origin?.close()
})

/** Workers in a pool, each with an engine of its own name. */
const workersIn = (pool: string, engines: readonly string[], flags: readonly string[] = []): Promise<WorkerProgram[]> =>
  Promise.all(engines.map((engine) => startWorker(sluice, pool, origin.url(engine), ['--models', 'm', ...flags])))
const whatIs = (content: string) => ({ messages: [{ role: 'user', content }] })

test('the official SDK streams through a worker', async () => {
  origin.on('streams', async (call) => {
    await call.head(200, { 'content-type': 'text/event-stream' })
    for (const piece of [role(), text('through '), text('the '), text('wall'), finish(), usage()])
      await call.write(piece)
    await call.end(DONE)
  })
  await workersIn('stream', ['streams'])
  const client = new OpenAI({ baseURL: `${sluice.url}/v1`, apiKey: key, maxRetries: 0 })
  const stream = await client.chat.completions.create({
    ...{ model: 'stream', stream: true, messages: [{ role: 'user', content: 'hello' }] },
  })
  let said = ''
  for await (const chunk of stream) said += chunk.choices[0]?.delta.content ?? ''
  expect(said).toBe('through the wall')
  const shown = JSON.parse((await sluice.admin('GET', '/admin/pools/stream')).body)
  expect(shown).toMatchObject({ workers: [{ state: 'active', models: ['m'] }] })
})

test('kill -9 in the middle of the queue: every unanswered request is answered by another', async () => {
  const held: Call[] = []
  origin.on('dies', (call) => void held.push(call))
  origin.on('lives', (call) => call.reply(200, whole('from the other')))
  const [dying] = await workersIn('queue', ['dies'])
  const asked = Array.from({ length: 8 }, (_, index) =>
    sluice.post(key, '/v1/chat/completions', chat('queue', false, whatIs(`question ${index}`))),
  )
  await eventually('the worker has them', 10_000, async () => (held.length > 0 ? true : undefined))
  await workersIn('queue', ['lives'])
  dying?.process.kill('SIGKILL')
  for (const reply of await Promise.all(asked)) {
    expect(reply.status).toBe(200)
    expect(reply.body).toContain('from the other')
  }
})

test('kill -9 in the middle of a stream: what came, one error frame, and no [DONE]', async () => {
  const begun = Promise.withResolvers<void>()
  origin.on('breaks', async (call) => {
    await call.head(200, { 'content-type': 'text/event-stream' })
    await call.write(role() + text('half of'))
    begun.resolve()
  })
  const [worker] = await workersIn('broken', ['breaks'])
  const exchange = sluice.begin(key, '/v1/chat/completions', chat('broken', true))
  await begun.promise
  await exchange.until('half of')
  worker?.process.kill('SIGKILL')
  const { body } = await exchange.reply
  expect(body).toContain('half of')
  expect(body.match(/"error":/g)).toHaveLength(1)
  expect(body.trimEnd().split('\n\n').at(-1)).toContain('"error":')
  expect(body).not.toContain('[DONE]')
})

test('kill -9 in the middle of a stream, where another may go on: nothing of it is lost or said twice', async () => {
  const begun = Promise.withResolvers<void>()
  const asked: Call[] = []
  const answer = async (call: Call): Promise<void> => {
    asked.push(call)
    await call.head(200, { 'content-type': 'text/event-stream' })
    if (asked.length > 1) return call.end(role() + text(' three') + text(' four') + finish() + usage() + DONE)
    await call.write(role() + text('one 🦥 ') + text('two '))
    begun.resolve()
  }
  origin.on('one', answer)
  origin.on('other', answer)
  const workers = await workersIn('continued', ['one', 'other'])
  const exchange = sluice.begin(key, '/v1/chat/completions', chat('continued', true))
  await begun.promise
  await exchange.until('two ')
  const { json } = await sluice.admin('GET', '/admin/pools/continued')
  const { workers: connected } = json as { workers: { tokenId: string; requests: number }[] }
  const busy = connected.find(({ requests }) => requests > 0)
  workers.find(({ id }) => id === busy?.tokenId)?.process.kill('SIGKILL')
  const { body } = await exchange.reply
  expect(asked[1]?.json).toMatchObject({ continue_final_message: true, add_generation_prompt: false })
  expect(asked[1]?.body).toContain('{"role":"assistant","content":"one 🦥 two"}')
  expect(body).toContain(': sluice continued target=continued/m attempts=2')
  expect(said(body)).toBe('one 🦥 two three four')
  expect(body.match(/\[DONE\]/g)).toHaveLength(1)
})

test('a revoked token ends its worker within 10 s, which says why', async () => {
  origin.on('revoked', (call) => call.reply(200, whole('still here')))
  const [worker] = await workersIn('revoked', ['revoked'])
  const ask = () => sluice.post(key, '/v1/chat/completions', chat('revoked', false, whatIs(`${randomInt(1e9)}`)))
  expect((await ask()).status).toBe(200)
  expect((await sluice.admin('DELETE', `/admin/pools/revoked/workers/${worker?.id}`)).status).toBe(204)
  await eventually('nobody is connected', REVOKED_MS, async () => {
    const shown = JSON.parse((await sluice.admin('GET', '/admin/pools/revoked')).body)
    return shown.workers.length === 0 ? true : undefined
  })
  expect(await worker?.exited).toBe(3)
  expect(worker?.output()).toContain('revoked')
})

test(`${CROWD} requests over ${WORKERS} workers that are killed at random: none lost, none answered twice`, async () => {
  const engines = Array.from({ length: WORKERS }, (_, index) => `crowd-${index}`)
  for (const engine of engines)
    origin.on(engine, async (call) => {
      const question = JSON.stringify(call.json.messages).match(/question \d+/)?.[0] ?? 'nothing'
      await new Promise((resolve) => setTimeout(resolve, randomInt(20, 80)))
      await call.reply(200, whole(`answer to ${question}.`))
    })
  const workers = await workersIn('crowd', engines, ['--max-concurrency', '8'])
  let answered = 0
  const asked = Array.from({ length: CROWD }, async (_, index) => {
    const reply = await sluice.post(key, '/v1/chat/completions', chat('crowd', false, whatIs(`question ${index}`)))
    answered += 1
    return reply
  })
  // All but the first go down on the way, each at another point, and others come in their place.
  for (const [index, worker] of workers.slice(1).entries()) {
    const after = randomInt(20, 50) * (index + 1)
    await eventually(`${after} are answered`, 30_000, async () => (answered >= after ? true : undefined))
    worker.process.kill('SIGKILL')
    await workersIn('crowd', [engines[index + 1] ?? ''], ['--max-concurrency', '8'])
  }
  const replies = await Promise.all(asked)
  for (const [index, reply] of replies.entries()) {
    expect(reply.status, `question ${index}: ${reply.body}`).toBe(200)
    expect(reply.body).toContain(`answer to question ${index}.`)
  }
  const rows = await eventually('all rows', 10_000, async () => {
    const found = (await sluice.rows('acme')).filter(({ model }) => model === 'crowd')
    return found.length >= CROWD ? found : undefined
  })
  expect(rows).toHaveLength(CROWD)
  expect(new Set(rows.map(({ requestId }) => requestId)).size).toBe(CROWD)
  for (const row of rows) expect(row.outcome).toBe('finished')
})
