/** What survives: a rotation of the master key, and the death of the process under load. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pick, type Reply, send } from '../support/http-client.ts'
import { ScriptedOrigin } from '../support/scripted-origin.ts'
import { testSecrets } from '../support/serve.ts'
import { eventually, type Setup, setUp, type TestSluice } from '../support/sluice.ts'
import { chat, whole } from '../support/wire.ts'

/** An isolate that dies loses at most this much, and here as much again for the machine. */
const LOST_MS = 100 + 400
const SECOND_MASTER_KEY = Buffer.alloc(32, 7).toString('base64')
const WRONG_MASTER_KEY = Buffer.alloc(32, 9).toString('base64')

let origin: ScriptedOrigin
const states: string[] = []
const running = new Set<TestSluice>()

beforeAll(async () => {
  origin = await ScriptedOrigin.start()
  origin.on('plain', (call) => call.reply(200, whole('hello')))
})

afterAll(async () => {
  for (const sluice of running) await sluice.stop()
  await origin?.close()
  for (const state of states) rmSync(state, { recursive: true, force: true })
})

const config = () => ({
  providers: { plain: { protocol: 'openai', baseUrl: origin.url('plain'), credential: 'upstream' } },
  models: { plain: { targets: [{ provider: 'plain', model: 'm' }], retries: 0 } },
})

function newState(): string {
  const state = mkdtempSync(join(tmpdir(), 'sluice-durable-'))
  states.push(state)
  return state
}

async function start(setup: Setup): Promise<TestSluice> {
  const sluice = await setUp(setup)
  running.add(sluice)
  return sluice
}

async function stop(sluice: TestSluice): Promise<void> {
  running.delete(sluice)
  await sluice.stop()
}

const ask = (sluice: TestSluice, key: string): Promise<Reply> =>
  sluice.post(key, '/v1/chat/completions', chat('plain', false))
const lastKey = (): string | undefined => origin.calls('plain').at(-1)?.headers.authorization

test('reseal, then the previous master key removed: every key and credential still works', async () => {
  const state = newState()
  const first = await start({
    state,
    credentials: { upstream: 'sk-operator', spare: 'sk-spare' },
    config: config(),
    tenants: [{ id: 'one' }, { id: 'two' }],
  })
  await first.done('PUT', '/admin/tenants/two/credentials/upstream', { value: 'sk-tenant-two' })
  const keys = { one: first.keyOf('one').key, two: first.keyOf('two').key, more: (await first.makeKey('one')).key }
  await stop(first)

  const both = { SLUICE_MASTER_KEY: SECOND_MASTER_KEY, SLUICE_MASTER_KEY_PREVIOUS: testSecrets.SLUICE_MASTER_KEY }
  const second = await start({ state, env: both })
  for (const key of Object.values(keys)) expect((await ask(second, key)).status).toBe(200)
  let resealed = 0
  await eventually('nothing remaining', 20_000, async () => {
    const reply = await second.done('POST', '/admin/credentials/reseal')
    resealed += Number(pick(reply, 'resealed'))
    return pick(reply, 'remaining') === 0 ? true : undefined
  })
  // Two of the operator's, one of a tenant's, and the pepper under every API key.
  expect(resealed).toBeGreaterThanOrEqual(4)
  expect(pick(await second.done('POST', '/admin/credentials/reseal'), 'resealed')).toBe(0)
  for (const key of Object.values(keys)) expect((await ask(second, key)).status).toBe(200)
  await stop(second)

  const third = await start({ state, env: { SLUICE_MASTER_KEY: SECOND_MASTER_KEY } })
  expect((await ask(third, keys.one)).status).toBe(200)
  expect(lastKey()).toBe('Bearer sk-operator')
  expect((await ask(third, keys.more)).status).toBe(200)
  expect((await ask(third, keys.two)).status).toBe(200)
  expect(lastKey()).toBe('Bearer sk-tenant-two')
  expect((await ask(third, (await third.makeKey('two')).key)).status).toBe(200)
  await stop(third)

  // And it was the master key that opened them: with another one nothing does.
  const calls = origin.calls('plain').length
  const wrong = await start({ state, env: { SLUICE_MASTER_KEY: WRONG_MASTER_KEY } })
  for (const key of Object.values(keys)) expect((await ask(wrong, key)).status).toBeGreaterThanOrEqual(400)
  expect(origin.calls('plain').length).toBe(calls)
  await stop(wrong)
})

/** The workerd processes over this state. */
function workerdOf(state: string): number[] {
  const listing = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' })
  return listing
    .split('\n')
    .filter((line) => line.includes(state) && /workerd\S* serve/.test(line))
    .map((line) => Number.parseInt(line, 10))
}

test('kill -9 under load and a restart: everything acknowledged is there', async () => {
  const state = newState()
  const first = await start({
    state,
    credentials: { upstream: 'sk-operator' },
    config: config(),
    tenants: [{ id: 'load' }, { id: 'admin' }],
  })
  const { key } = first.keyOf('load')
  const answered: { id: string; atMs: number }[] = []
  const made: string[] = []
  const sealed: string[] = []
  let dead = false
  const untilDead = async (turn: (index: number) => Promise<void>): Promise<void> => {
    for (let index = 0; !dead; index += 1) await turn(index).catch(() => {})
  }
  const load = [
    ...Array.from({ length: 8 }, () =>
      untilDead(async () => {
        const reply = await ask(first, key)
        if (reply.status === 200 && reply.complete) {
          answered.push({ id: reply.headers['x-request-id'] ?? '', atMs: Date.now() })
        }
      }),
    ),
    untilDead(async () => void made.push((await first.makeKey('admin')).key)),
    untilDead(async (index) => {
      const reply = await first.admin('PUT', `/admin/credentials/made-${index}`, { value: `sk-made-${index}` })
      if (reply.status === 201) sealed.push(`made-${index}`)
    }),
  ]
  await sleep(2500)
  const listed = (await first.rows('load')).map(({ requestId }) => requestId)
  const pids = workerdOf(state)
  expect(pids).toHaveLength(1)
  const killedAtMs = Date.now()
  for (const pid of pids) process.kill(pid, 'SIGKILL')
  dead = true
  await Promise.all(load)
  await stop(first)
  expect(answered.length).toBeGreaterThan(100)
  expect(made.length).toBeGreaterThan(5)
  expect(sealed.length).toBeGreaterThan(5)

  const second = await start({ state })
  const found = new Set((await second.rows('load')).map(({ requestId }) => requestId))
  expect(listed.filter((id) => !found.has(id))).toEqual([])
  const settled = answered.filter(({ atMs }) => atMs < killedAtMs - LOST_MS)
  expect(settled.length).toBeGreaterThan(50)
  expect(settled.filter(({ id }) => !found.has(id))).toEqual([])
  for (const minted of made) {
    const reply = await send(`${second.url}/v1/models`, { headers: { 'x-api-key': minted } })
    expect(reply.status).toBe(200)
  }
  const names = (pick(await second.done('GET', '/admin/credentials?limit=1000'), 'data') as { name: string }[]).map(
    ({ name }) => name,
  )
  for (const name of sealed) expect(names).toContain(name)
  expect((await ask(second, key)).status).toBe(200)
  expect(lastKey()).toBe('Bearer sk-operator')
  await stop(second)
})
