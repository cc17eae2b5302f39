/** Webhooks that arrive: each end told once, signed as OpenAI's and any receiver verify it, again where it was not taken. */
import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WEBHOOK_JITTER_SHARE, WEBHOOK_WAITS_MS } from '../../src/core/webhook-limits.ts'
import { pick, send } from '../support/http-client.ts'
import { closedPort, ScriptedOrigin } from '../support/scripted-origin.ts'
import { eventually, setUp, type TestSluice } from '../support/sluice.ts'
import { chat, DONE, finish, providerError, role, text, usage } from '../support/wire.ts'

/** The first wait with its jitter, and as much again for a busy machine. */
const RETRIED_MS = 2 * (WEBHOOK_WAITS_MS[0] ?? 0) * (1 + WEBHOOK_JITTER_SHARE)
const NAMES = ['chat', 'long', 'refusing', 'held']

interface Received {
  readonly method: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly status: number
}

/** A receiver that answers each path with the statuses in it, one after the other, and redirects to `/elsewhere`. */
class Receiver {
  readonly received = new Map<string, Received[]>()
  readonly #server = createServer(async (request, reply) => {
    let body = ''
    for await (const piece of request) body += piece
    const path = request.url ?? ''
    const before = this.received.get(path) ?? []
    const statuses = path.match(/\d{3}/g)?.map(Number) ?? [404]
    const status = statuses[Math.min(before.length, statuses.length - 1)] ?? 404
    this.received.set(path, [...before, { method: request.method ?? '', headers: request.headers, body, status }])
    reply.writeHead(status, status === 302 ? { location: `${this.url}/elsewhere` } : {}).end('thanks')
  })

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  at(path: string): readonly Received[] {
    return this.received.get(path) ?? []
  }

  start = () => new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
  close = () => new Promise((resolve) => this.#server.close(resolve))
}

const receiver = new Receiver()
let origin: ScriptedOrigin
let sluice: TestSluice
let secret: string
let key: string

const answer = (reason?: string): string => role() + text('hello') + finish(reason) + usage() + DONE
const SSE = { 'content-type': 'text/event-stream' }

beforeAll(async () => {
  await receiver.start()
  origin = await ScriptedOrigin.start()
  origin.on('chat', (call) => call.reply(200, answer(), SSE))
  origin.on('long', (call) => call.reply(200, answer('length'), SSE))
  origin.on('refusing', (call) => call.reply(400, providerError('No such thing.')))
  origin.on('held', async (call) => {
    await call.head(200)
    await call.write(role() + text('before '))
    await call.ended
  })
  sluice = await setUp({
    env: { SLUICE_WEBHOOKS_PRIVATE: '1' },
    config: {
      providers: Object.fromEntries(NAMES.map((name) => [name, { protocol: 'openai', baseUrl: origin.url(name) }])),
      models: Object.fromEntries(
        NAMES.map((name) => [name, { targets: [{ provider: name, model: 'm' }], retries: 0 }]),
      ),
    },
    tenants: [{ id: 'app' }],
  })
  secret = String(
    pick(await sluice.done('PUT', '/admin/tenants/app/webhook', { url: `${receiver.url}/default/204` }), 'secret'),
  )
  // Nobody has looked at this one yet: with it the webhook is in force at once.
  key = (await sluice.makeKey('app')).key
})

afterAll(async () => {
  await sluice?.stop()
  await origin?.close()
  await receiver.close()
})

const PATHS = { response: '/v1/responses', stream: '/v1/chat/completions' } as const
const KINDS = ['response', 'stream'] as const

function ask(model: string, path: string, hook: string | null, headers: Record<string, string> = {}) {
  const body =
    path === PATHS.response ? { model, input: 'hello', background: true } : chat(model, true, { max_tokens: 9 })
  const webhook = hook === null ? {} : { 'x-sluice-webhook': hook.startsWith('http') ? hook : receiver.url + hook }
  return sluice.post(key, path, body, { headers: { ...webhook, ...headers } })
}

const authorization = () => ({ authorization: `Bearer ${key}` })
const stateOf = async (id: string) =>
  (await send(`${sluice.url}/v1/streams/${id}`, { headers: { ...authorization(), accept: 'application/json' } })).json
/** What its log says, once that is as far as `isThere` says. */
const logOf = (id: string, isThere: (log: unknown) => boolean): Promise<unknown> =>
  eventually(`the log of ${id}`, RETRIED_MS, async () => {
    const log = pick(await stateOf(id), 'webhook', 0)
    return isThere(log) ? log : undefined
  })
const isOver = (log: unknown): boolean => log !== undefined && pick(log, 'state') !== 'pending'

/** As a receiver would that has nothing but the standard. */
function verifyByHand({ headers, body }: Received, whsec: string): boolean {
  const bytes = Buffer.from(whsec.replace('whsec_', ''), 'base64')
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
  const expected = `v1,${createHmac('sha256', bytes).update(signed).digest('base64')}`
  return String(headers['webhook-signature']).split(' ').includes(expected)
}

const unwrap = ({ headers, body }: Received, webhookSecret = secret) =>
  new OpenAI({ apiKey: 'none', webhookSecret }).webhooks.unwrap(body, headers as Record<string, string>)

/** Checks that one event about `id` was taken, once, after so many attempts; by everybody who could verify it. */
async function expectTold(hook: string, id: string, type: string, statuses: readonly number[]): Promise<void> {
  const log = await logOf(id, isOver)
  const received = receiver.at(hook)
  expect(received.map(({ status }) => status)).toEqual(statuses)
  expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
  expect(new Set(received.map(({ body }) => body)).size).toBe(1)
  for (const one of received) {
    expect(one).toMatchObject({ method: 'POST', headers: { 'content-type': 'application/json' } })
    expect(verifyByHand(one, secret)).toBe(true)
    expect(await unwrap(one)).toMatchObject({ object: 'event', type, data: { id } })
    await expect(unwrap({ ...one, body: one.body.replace(id, 'resp_other') })).rejects.toThrow()
  }
  expect(log).toMatchObject({
    id: received[0]?.headers['webhook-id'],
    host: new URL(receiver.url).host,
    state: 'delivered',
    nextAt: null,
    attempts: statuses.map((status) => ({ status, failure: null })),
  })
}

const idOf = ({ headers }: Awaited<ReturnType<typeof ask>>): string => headers['x-sluice-stream'] ?? ''
const detach = { 'x-sluice-on-disconnect': 'detach' }

describe.concurrent('side by side: the end', () => {
  test.each(KINDS.flatMap((kind) => [[kind, 'chat', 'completed'] as const, [kind, 'refusing', 'failed'] as const]))(
    'of a %s of %s is told as %s, where the request says',
    async (kind, model, ending) => {
      const hook = `/${kind}/${ending}/204`
      await expectTold(hook, idOf(await ask(model, PATHS[kind], hook, detach)), `${kind}.${ending}`, [204])
    },
  )

  test.each(KINDS)('of a %s that was cut short is told as what it is', async (kind) => {
    const hook = `/${kind}/long/204`
    const type = kind === 'response' ? 'response.incomplete' : 'stream.completed'
    await expectTold(hook, idOf(await ask('long', PATHS[kind], hook, detach)), type, [204])
  })

  test.each(KINDS)('of a %s that was cancelled is told as such', async (kind) => {
    const hook = `/${kind}/cancelled/204`
    const exchange = sluice.begin(
      key,
      PATHS[kind],
      kind === 'response' ? { model: 'held', input: 'hello', background: true } : chat('held', true),
      { headers: { ...detach, 'x-sluice-webhook': receiver.url + hook } },
    )
    const id = (await exchange.head).headers['x-sluice-stream'] ?? ''
    const cancel = kind === 'response' ? `/v1/responses/${id}/cancel` : `/v1/streams/${id}/cancel`
    expect((await sluice.post(key, cancel, {})).json).toMatchObject({ id, status: 'cancelled' })
    await exchange.reply
    await expectTold(hook, id, `${kind}.cancelled`, [204])
  })

  test.each(KINDS.flatMap((kind) => [[kind, 500] as const, [kind, 302] as const]))(
    'of a %s is told again where the receiver answered with %i',
    async (kind, status) => {
      const hook = `/${kind}/${status}/204`
      const beganMs = Date.now()
      const id = idOf(await ask('chat', PATHS[kind], hook, detach))
      const first = await logOf(id, (log) => pick(log, 'attempts', 0, 'status') === status)
      expect(first).toMatchObject({ state: 'pending', attempts: [{ status, failure: null }] })
      expect(Date.parse(String(pick(first, 'nextAt')))).toBeGreaterThanOrEqual(beganMs + (WEBHOOK_WAITS_MS[0] ?? 0))
      await expectTold(hook, id, `${kind}.completed`, [status, 204])
      expect(receiver.at('/elsewhere')).toEqual([])
    },
  )

  test('is told no more to a receiver that is gone for good', async () => {
    const id = idOf(await ask('chat', PATHS.response, '/gone/410'))
    const log = await logOf(id, isOver)
    expect(log).toMatchObject({ state: 'failed', nextAt: null, attempts: [{ status: 410 }] })
    expect(receiver.at('/gone/410')).toHaveLength(1)
  })

  test('is told again where nobody reaches the receiver', async () => {
    const id = idOf(await ask('chat', PATHS.response, `http://127.0.0.1:${await closedPort()}/`))
    const log = await logOf(id, (told) => pick(told, 'attempts', 0, 'failure') === 'unreachable')
    expect(log).toMatchObject({ state: 'pending', nextAt: expect.any(String), attempts: [{ status: null }] })
  })

  test('of what ends behind its caller’s back, and of nothing else, is told where the tenant says', async () => {
    const told = () => receiver.at('/default/204').map(({ body }) => pick(JSON.parse(body), 'data', 'id'))
    const plain = await ask('chat', PATHS.stream, null)
    const ids = [idOf(await ask('chat', PATHS.response, null)), idOf(await ask('chat', PATHS.stream, null, detach))]
    for (const id of ids) await logOf(id, isOver)
    expect(plain.headers['x-sluice-stream']).toBeUndefined()
    expect(told().toSorted()).toEqual(ids.toSorted())
  })
})

test('after a rotation both secrets verify, the new one for longer', async () => {
  const rotated = await sluice.done('POST', '/admin/tenants/app/webhook/rotate')
  const next = String(pick(rotated, 'secret'))
  await logOf(idOf(await ask('chat', PATHS.response, '/rotated/204')), isOver)
  const [received] = receiver.at('/rotated/204')
  if (received === undefined) throw new Error('nothing came')
  for (const one of [secret, next]) {
    expect(verifyByHand(received, one)).toBe(true)
    expect(await unwrap(received, one)).toMatchObject({ type: 'response.completed' })
  }
  await expect(unwrap(received, 'whsec_AAAA')).rejects.toThrow()
})

test('nothing of what was asked or answered is told', () => {
  const bodies = [...receiver.received.values()].flat().map(({ body }) => JSON.parse(body) as object)
  expect(bodies.length).toBeGreaterThan(10)
  for (const body of bodies) expect(Object.keys(body)).toEqual(['id', 'object', 'type', 'created_at', 'data'])
})
