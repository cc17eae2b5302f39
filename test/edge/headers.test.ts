/** What replies say of themselves in headers. */
import { expect, it } from 'vitest'
import type { Limit } from '../../src/core/config.ts'
import { commonHeaders } from '../../src/edge/headers.ts'
import { chat, DONE, finish, providerError, role, text, whole } from '../support/wire.ts'
import { CONFIG, feed, isolate, reading, upstream } from '../support/worker.ts'

const CHAT = '/v1/chat/completions'
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const VENDOR = { 'openai-processing-ms': '123', 'openai-version': '2020-10-01', 'x-request-id': 'req_up' }

it('carries an id of ours, and the caller’s own where it is one', () => {
  const of = (id?: string) => commonHeaders(new Headers(id === undefined ? {} : { 'x-request-id': id }))
  expect(of()).toEqual({ 'x-request-id': expect.stringMatching(UUID) })
  expect(of()['x-request-id']).not.toBe(of()['x-request-id'])
  expect(of('Az09_-')).toEqual({ 'x-request-id': expect.stringMatching(UUID), 'x-client-request-id': 'Az09_-' })
  expect(of('x'.repeat(64))).toHaveProperty('x-client-request-id')
  for (const id of ['', 'x'.repeat(65), 'a b', 'a/b', 'a,b'])
    expect(of(id), id).toEqual({ 'x-request-id': expect.stringMatching(UUID) })
})

it('says of a whole answer who gave it, at what cost, and how long it took', async () => {
  const at = await isolate()
  at.script(async (call, clock) => {
    await at.clock.advance(250)
    return upstream(whole('hi'), { headers: { ...VENDOR, 'set-cookie': 'a=b', server: 'up', 'x-other': '1' } })(
      call,
      clock,
    )
  })
  const { headers, status } = await at.post(CHAT, chat('priced', false), { 'x-request-id': 'mine' })
  expect(status).toBe(200)
  expect(Object.fromEntries(headers)).toEqual({
    'content-type': 'application/json',
    'x-request-id': expect.stringMatching(UUID),
    'x-client-request-id': 'mine',
    'x-sluice-model': 'priced',
    'x-sluice-target': 'up/m',
    'x-sluice-attempts': '1',
    'x-sluice-cache': 'bypass',
    'x-sluice-queue-ms': '0',
    'x-sluice-overhead-ms': '0',
    'x-sluice-cost-usd': '0.000092',
    'server-timing': 'sluice;dur=0, upstream;dur=250',
    'openai-processing-ms': '123',
    'openai-version': '2020-10-01',
    'x-upstream-request-id': 'req_up',
  })
})

it('knows no cost without a price, and drops nothing silently', async () => {
  const at = await isolate()
  at.script(async (call, clock) => ({
    ...(await upstream(whole('hi'))(call, clock)),
    droppedParams: ['logit_bias', 'seed'],
  }))
  const { headers } = await at.post(CHAT, chat('plain', false))
  expect(headers.get('x-sluice-cost-usd')).toBe('null')
  expect(headers.get('x-sluice-dropped-params')).toBe('logit_bias, seed')
  for (const name of ['openai-processing-ms', 'openai-version', 'x-upstream-request-id', 'x-client-request-id'])
    expect(headers.has(name), name).toBe(false)
})

it('says of a stream what is known when it begins; its cost is not', async () => {
  const fed = feed(VENDOR)
  const at = await isolate({ scripts: [fed.script] })
  const pending = at.post(CHAT, chat('priced', true))
  await at.clock.advance(40)
  fed.push(role() + text('a'))
  const reply = await pending
  expect(Object.fromEntries(reply.headers)).toEqual({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
    'x-request-id': expect.any(String),
    'x-sluice-model': 'priced',
    'x-sluice-target': 'up/m',
    'x-sluice-attempts': '1',
    'x-sluice-cache': 'bypass',
    'x-sluice-queue-ms': '0',
    'x-sluice-overhead-ms': '0',
    'server-timing': 'sluice;dur=0, upstream;dur=40',
    'openai-processing-ms': '123',
    'openai-version': '2020-10-01',
    'x-upstream-request-id': 'req_up',
  })
  fed.push(finish() + DONE)
  fed.close()
  await reading(reply).rest()
  await at.settle()
})

it('says of a refusal which target was tried last, and how often', async () => {
  const at = await isolate({ scripts: [upstream(providerError('no'), { status: 429, headers: VENDOR })] })
  const reply = await at.soon(at.post(CHAT, chat('both', false)))
  expect(reply.status).toBe(429)
  const { headers } = reply
  expect(headers.get('x-sluice-attempts')).toBe('2')
  expect(headers.get('x-sluice-target')).toBe('spare/s')
  expect(headers.get('x-sluice-model')).toBe('both')
  expect(headers.get('server-timing')).toBe('sluice;dur=0')
  for (const name of ['x-sluice-cost-usd', 'openai-version', 'x-upstream-request-id'])
    expect(headers.has(name)).toBe(false)
  await at.settle()
})

it('says of a request that reached nobody that there were no attempts', async () => {
  const at = await isolate()
  const { headers, status } = await at.post(CHAT, chat('ghost', false))
  expect(status).toBe(404)
  expect(headers.get('x-sluice-model')).toBe('ghost')
  expect(headers.get('x-sluice-attempts')).toBe('0')
  expect(headers.get('x-sluice-cache')).toBe('bypass')
  expect(headers.get('x-sluice-overhead-ms')).toBe('0')
  expect(headers.has('x-sluice-target')).toBe(false)
})

it('repeats no model that cannot stand in a header, whatever the caller named', async () => {
  const at = await isolate()
  for (const name of ['a\nb', 'a\r\nx-evil: 1', 'a\u0000', '模型', 'a b']) {
    const reply = await at.post(CHAT, chat(name, false))
    expect(reply.status, JSON.stringify(name)).toBe(404)
    expect(reply.headers.has('x-sluice-model')).toBe(false)
    expect(await reply.json()).toMatchObject({ error: { code: 'model_not_found' } })
    const undecodable = await at.post(CHAT, { model: name })
    expect(undecodable.status).toBe(400)
    expect(undecodable.headers.has('x-sluice-model')).toBe(false)
  }
})

it('says of a request that was refused before it was routed that nothing was asked', async () => {
  const at = await isolate()
  const asked = { 'x-sluice-attempts': '0', 'x-sluice-cache': 'bypass' }
  const bad = await at.post(CHAT, { model: 'priced' })
  expect(bad.status).toBe(400)
  expect(Object.fromEntries(bad.headers)).toMatchObject({ ...asked, 'x-sluice-model': 'priced' })
  for (const headers of [
    { 'content-type': 'text/plain' },
    { 'x-sluice-debug': '2' },
    { authorization: 'Bearer slc_x' },
  ]) {
    const reply = await at.post(CHAT, chat('priced', false), headers)
    expect([400, 401, 415]).toContain(reply.status)
    expect(Object.fromEntries(reply.headers)).toMatchObject(asked)
    expect(reply.headers.has('x-sluice-model')).toBe(false)
  }
})

it('counts as overhead what passed before the first upstream call, and nothing after it', async () => {
  for (const [script, status, timing] of [
    [upstream(whole('hi')), 200, 'sluice;dur=70, upstream;dur=30'],
    [upstream('', { status: 500 }), 502, 'sluice;dur=70'],
  ] as const) {
    const at = await isolate()
    at.script(async (call, clock) => {
      await at.clock.advance(30)
      return script(call, clock)
    })
    const slowly = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await at.clock.advance(70)
        controller.enqueue(new TextEncoder().encode(JSON.stringify(chat('priced', false))))
        controller.close()
      },
    })
    const headers = { authorization: `Bearer ${at.key}`, 'content-type': 'application/json' }
    const reply = await at.fetch(CHAT, { method: 'POST', headers, body: slowly })
    expect(reply.status).toBe(status)
    expect(reply.headers.get('x-sluice-overhead-ms')).toBe('70')
    expect(reply.headers.get('server-timing')).toBe(timing)
  }
})

it('says how limits stand on whole replies, streams, failures and refusals by a limit, and not on those before it', async () => {
  const limits: Limit[] = [
    { name: 'rpm', of: 'requests', amount: 3, perSeconds: 60 },
    { name: 'flight', of: 'concurrency', amount: 2 },
  ]
  const fed = feed()
  const failing = upstream(providerError('no'), { status: 400 })
  const at = await isolate({ config: { ...CONFIG, limits }, scripts: [upstream(whole('hi')), fed.script, failing] })
  const policy = '"rpm";q=3;w=60, "flight";q=2;qu="concurrent-requests"'
  const says = ({ headers }: Response) => ({
    policy: headers.get('ratelimit-policy'),
    limit: headers.get('x-ratelimit-limit-requests'),
    remaining: headers.get('x-ratelimit-remaining-requests'),
    left: headers.get('ratelimit')?.replaceAll(/t=\d+/g, 't=T'),
  })
  const first = await at.post(CHAT, chat('priced', false))
  expect(says(first)).toEqual({ policy, limit: '3', remaining: '2', left: '"rpm";r=2;t=T, "flight";r=1' })
  expect(first.headers.get('x-ratelimit-reset-requests')).toMatch(/^(1m)?\d+(\.\d+)?s$/)
  await at.settle()

  const pending = at.post(CHAT, chat('priced', true))
  fed.push(role() + text('a'))
  const stream = await pending
  expect(says(stream)).toEqual({ policy, limit: '3', remaining: '1', left: '"rpm";r=1;t=T, "flight";r=1' })
  fed.push(finish() + DONE)
  fed.close()
  await reading(stream).rest()

  const failed = await at.post(CHAT, chat('priced', false))
  expect(failed.status).toBe(400)
  expect(says(failed)).toMatchObject({ policy, remaining: '0' })

  const refused = await at.post(CHAT, chat('priced', false))
  expect(refused.status).toBe(429)
  expect(says(refused)).toMatchObject({ policy, remaining: '0' })
  expect(refused.headers.get('x-sluice-limited-by')).toBe('rpm')
  const unknown = await at.post(CHAT, chat('ghost', false))
  expect(unknown.status).toBe(404)
  expect(says(unknown)).toEqual({ policy: null, limit: null, remaining: null, left: undefined })
  await at.settle()
})
