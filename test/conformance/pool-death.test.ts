/** kill -9 of replicas under load: clients do not notice before their commit point, and the pool does at once. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Reply } from '../support/http-client.ts'
import { poolOf } from '../support/pool-live.ts'
import { type ReplicaProcess, startReplicaProcess } from '../support/replica-process.ts'
import { ScriptedOrigin } from '../support/scripted-origin.ts'
import { eventually, setUp, type TestSluice } from '../support/sluice.ts'
import { chat, DONE, said, stream } from '../support/wire.ts'

const CLIENTS = 6
/** A dead replica is ejected within so much traffic, and a returned one is back within so long. */
const EJECTED_MS = 2000
const BACK_MS = 10_000
const FLAGS = ['--prefill', '0', '--decode', '200', '--prefill-base', '20']

let replicas: ReplicaProcess[]
let fallback: ScriptedOrigin
let sluice: TestSluice
let key: string

beforeAll(async () => {
  replicas = await Promise.all(['a', 'b', 'c'].map((name) => startReplicaProcess(name, FLAGS)))
  fallback = await ScriptedOrigin.start()
  fallback.on('paid', (call) => call.reply(200, stream('paid for'), { 'content-type': 'text/event-stream' }))
  const urls = Object.fromEntries(replicas.map(({ name, url }) => [name, url]))
  sluice = await setUp({
    config: {
      log: 'off',
      providers: {
        gpu: poolOf(urls, { health: { intervalMs: 500 } }),
        paid: { protocol: 'openai', baseUrl: fallback.url('paid') },
      },
      models: {
        m: {
          targets: [
            { provider: 'gpu', model: 'demo-llm' },
            { provider: 'paid', model: 'm' },
          ],
        },
      },
    },
    tenants: [{ id: 'acme' }],
  })
  key = (await sluice.makeKey('acme', { debug: true })).key
})

afterAll(async () => {
  await sluice?.stop()
  await fallback?.close()
  for (const replica of replicas ?? []) await replica.kill()
})

interface Seen extends Pick<Reply, 'status' | 'headers' | 'body'> {
  readonly atMs: number
}

/** One streamed chat after the other from several clients, until it is stopped; everything that they saw. */
function load() {
  const seen: Seen[] = []
  let isOver = false
  const drive = async (): Promise<void> => {
    while (!isOver) {
      const atMs = Date.now()
      const body = chat('m', true, { max_tokens: 8 })
      const {
        status,
        headers,
        body: text,
      } = await sluice.post(key, '/v1/chat/completions', body, {
        headers: { 'x-sluice-debug': '1' },
      })
      seen.push({ atMs, status, headers, body: text })
    }
  }
  const clients = Promise.all(Array.from({ length: CLIENTS }, drive))
  return {
    seen,
    stop: async () => {
      isOver = true
      await clients
    },
  }
}

/** Whoever was told of an error had its first content before. */
function expectNoEarlyError(seen: readonly Seen[]): void {
  for (const { status, body } of seen) {
    expect(status).toBe(200)
    if (!body.endsWith(DONE)) expect(said(body)).not.toBe('')
  }
}

const firstOf = (): ReplicaProcess => {
  const [first] = replicas
  if (first === undefined) throw new Error('no replicas')
  return first
}

test('one of three: no early error, ejected at once, and back when it returns', async () => {
  const victim = firstOf()
  const { seen, stop } = load()
  const goesTo = (name: string, sinceMs: number) => async () =>
    seen.some(({ atMs, headers }) => atMs > sinceMs && headers['x-sluice-replica'] === name) ? true : undefined
  await eventually('every replica is asked', 5000, async () =>
    new Set(seen.map(({ headers }) => headers['x-sluice-replica'])).size === replicas.length ? true : undefined,
  )
  await victim.kill()
  const killedAtMs = Date.now()
  await sleep(EJECTED_MS + 1000)
  const returnedAtMs = Date.now()
  await victim.restart()
  await eventually('it is asked again', BACK_MS, goesTo(victim.name, returnedAtMs))
  await stop()
  expectNoEarlyError(seen)
  expect(seen.some(({ headers }) => headers['x-sluice-attempts'] === '2')).toBe(true)
  const ejected = seen.filter(({ atMs }) => atMs > killedAtMs + EJECTED_MS && atMs < returnedAtMs)
  expect(ejected.length).toBeGreaterThan(CLIENTS)
  // Nobody tries it any more: the first replica asked is the one that answers.
  expect(new Set(ejected.map(({ headers }) => headers['x-sluice-attempts']))).toEqual(new Set(['1']))
  expect(new Set(seen.map(({ headers }) => headers['x-sluice-target']))).toEqual(new Set(['gpu/demo-llm']))
})

test('all of them: the commercial fallback answers, and they again when they are back', async () => {
  const { seen, stop } = load()
  await eventually('some answers', 5000, async () => (seen.length > CLIENTS ? true : undefined))
  await Promise.all(replicas.map((replica) => replica.kill()))
  const killedAtMs = Date.now()
  const answeredBy = (target: string, sinceMs: number) => async () =>
    seen.filter(({ atMs, headers }) => atMs > sinceMs && headers['x-sluice-target'] === target).length > CLIENTS
      ? true
      : undefined
  await eventually('the fallback answers', 5000, answeredBy('paid/m', killedAtMs))
  await Promise.all(replicas.map((replica) => replica.restart()))
  await eventually('the pool answers', BACK_MS, answeredBy('gpu/demo-llm', Date.now()))
  await stop()
  expectNoEarlyError(seen)
})
