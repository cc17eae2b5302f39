/** CONTRACT §4, headers: which pass in either direction, what a reply says of itself, CORS, and the caller's own time limits. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Reply, send } from '../support/http-client.ts'
import type { TestSluice } from '../support/sluice.ts'
import { chat } from '../support/wire.ts'
import { type Edge, expectError, path, startEdge, UUID } from './edge-setup.ts'

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

let edge: Edge
let sluice: TestSluice
let key: string
const post: Edge['post'] = (body, headers) => edge.post(body, headers)

beforeAll(async () => {
  edge = await startEdge()
  sluice = edge.sluice
  key = edge.key
})

afterAll(() => edge?.stop())

describe('the caller’s own time limits', () => {
  test('x-sluice-timeout-ms and x-sluice-first-token-ms shorten the model’s', async () => {
    const startedAtMs = Date.now()
    const replies = await Promise.all([
      post(chat('slow', false), { 'x-sluice-timeout-ms': '300' }),
      post(chat('slow', true), { 'x-sluice-timeout-ms': '300' }),
      post(chat('slow', true), { 'x-sluice-first-token-ms': '300' }),
    ])
    for (const reply of replies) expectError(reply, 504, 'upstream_timeout')
    expect(Date.now() - startedAtMs).toBeLessThan(3000)
  })
})

describe('headers of a reply', () => {
  test('ids', async () => {
    const one = await post(chat('chat', false), { 'x-request-id': 'my_id-1' })
    const two = await post(chat('chat', false), { 'x-request-id': 'not an id!' })
    expect(one.headers['x-request-id']).toMatch(UUID)
    expect(one.headers['x-request-id']).not.toBe(two.headers['x-request-id'])
    expect(one.headers['x-client-request-id']).toBe('my_id-1')
    expect(two.headers['x-client-request-id']).toBeUndefined()
  })

  test.each([
    { model: 'priced', isStream: false, status: 200, cost: '0.000029' },
    { model: 'priced', isStream: true, status: 200, cost: undefined },
    { model: 'chat', isStream: false, status: 200, cost: 'null' },
    { model: 'failing', isStream: false, status: 502, cost: undefined },
    { model: 'failing', isStream: true, status: 502, cost: undefined },
    { model: 'rejecting', isStream: false, status: 400, cost: undefined },
  ])('of an inference: $model, streamed $isStream', async ({ model, isStream, status, cost }) => {
    const reply = await post(chat(model, isStream))
    const { headers } = reply
    expect(reply.status).toBe(status)
    expect(headers).toMatchObject({
      'x-request-id': expect.stringMatching(UUID),
      'x-sluice-model': model,
      'x-sluice-target': `${model}/m`,
      'x-sluice-attempts': '1',
      'x-sluice-cache': 'bypass',
      'x-sluice-queue-ms': expect.stringMatching(/^\d+$/),
      'x-sluice-overhead-ms': expect.stringMatching(/^\d+(\.\d+)?$/),
      'server-timing': expect.any(String),
    })
    // (11 × 1 + 7 × 2.5) micro-dollars, rounded half up.
    expect(headers['x-sluice-cost-usd']).toBe(cost)
  })

  test('the upstream’s own are dropped, but for three', async () => {
    const { headers } = await post(chat('chat', false))
    expect(headers).toMatchObject({
      'openai-processing-ms': '17',
      'openai-version': '2020-10-01',
      'x-upstream-request-id': 'req_upstream',
    })
    for (const name of ['set-cookie', 'server', 'x-ratelimit-limit-requests']) expect(headers[name]).toBeUndefined()
  })

  test('the caller’s own go nowhere, but for traceparent', async () => {
    await post(chat('chat', false), {
      traceparent: TRACEPARENT,
      tracestate: 'vendor=1',
      cookie: 'session=1',
      'user-agent': 'my-app/1',
      'x-api-key': key,
      'x-forwarded-for': '192.0.2.1',
      'x-real-ip': '192.0.2.1',
      forwarded: 'for=192.0.2.1',
      'openai-organization': 'org-1',
      'x-sluice-user': 'someone',
      'idempotency-key': 'abc',
      'accept-language': 'fr',
      'x-literal': 'mine',
    })
    const { host: _, connection: __, ...seen } = edge.origin.calls('chat').at(-1)?.headers ?? {}
    expect(seen).toMatchObject({
      authorization: 'Bearer sk-upstream',
      'content-type': 'application/json',
      traceparent: TRACEPARENT,
      'user-agent': expect.stringMatching(/^sluice\/\d+\.\d+\.\d+/),
      'x-literal': 'literal',
      'x-from-vault': 'extra-value',
    })
    const allowed = ['accept', 'authorization', 'content-length', 'content-type', 'traceparent']
    const ours = ['transfer-encoding', 'user-agent', 'x-from-vault', 'x-literal']
    expect(Object.keys(seen).filter((name) => ![...allowed, ...ours].includes(name))).toEqual([])
    expect(JSON.stringify(seen)).not.toContain(key)
  })

  test('no CORS but for origins that the config names, and never on /admin', async () => {
    const cors = (reply: Reply) => Object.keys(reply.headers).filter((name) => name.startsWith('access-control-'))
    const preflight = (at: string, from: string) =>
      send(`${sluice.url}${at}`, {
        method: 'OPTIONS',
        headers: {
          origin: from,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization,content-type',
        },
      })
    const allowed = await preflight(path, 'https://app.example')
    expect(allowed.status).toBe(204)
    expect(allowed.headers['access-control-allow-origin']).toBe('https://app.example')
    expect(allowed.headers['access-control-allow-methods']).toMatch(/POST/)
    expect(allowed.headers['access-control-allow-headers']).toMatch(/authorization/i)
    const real = await post(chat('chat', false), { origin: 'https://app.example' })
    expect(real.headers['access-control-allow-origin']).toBe('https://app.example')
    const exposed = real.headers['access-control-expose-headers'] ?? ''
    for (const name of ['x-request-id', 'x-sluice-target', 'x-sluice-attempts']) expect(exposed).toContain(name)
    const refused = await send(`${sluice.url}/v1/models`, { headers: { origin: 'https://app.example' } })
    expect(refused.status).toBe(401)
    expect(refused.headers['access-control-allow-origin']).toBe('https://app.example')

    expect(cors(await preflight(path, 'https://evil.example'))).toEqual([])
    expect(cors(await post(chat('chat', false), { origin: 'https://evil.example' }))).toEqual([])
    expect(cors(await post(chat('chat', false)))).toEqual([])
    expect(cors(await preflight('/admin/config', 'https://app.example'))).toEqual([])
    const admin = await send(`${sluice.url}/admin/config`, {
      headers: { authorization: `Bearer ${sluice.adminToken}`, origin: 'https://app.example' },
    })
    expect(cors(admin)).toEqual([])
  })
})
