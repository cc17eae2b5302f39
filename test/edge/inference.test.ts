/** The inference endpoints from request to reply: in which order things are looked at, and what is kept of each end. */
import { expect, it } from 'vitest'
import { BODIES_IN_FLIGHT_BYTES_MAX, REQUEST_BODY_BYTES_MAX } from '../../src/core/limits.ts'
import { presentedBy } from '../../src/edge/arrival.ts'
import { chat, DONE, finish, providerError, role, text, usage, whole } from '../support/wire.ts'
import { CONFIG, feed, isolate, reading, type Script, silence, upstream } from '../support/worker.ts'

const CHAT = '/v1/chat/completions'

/** A body that tells whether it was asked for. */
function watched() {
  const seen = { asked: false }
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        seen.asked = true
        controller.enqueue(new TextEncoder().encode('{'))
        controller.close()
      },
    },
    { highWaterMark: 0 },
  )
  return { seen, body }
}

it('answers whole, with the upstream’s own bytes', async () => {
  const body = `{"id":"x", "choices":[ {"a":1.0} ],\n"usage":{"prompt_tokens":1,"completion_tokens":1}}`
  const at = await isolate({ scripts: [upstream(body)] })
  const reply = await at.post(CHAT, chat('priced', false, { odd_field: [1] }), { 'x-sluice-cache': 'off' })
  expect(reply.status).toBe(200)
  expect(reply.headers.get('content-type')).toBe('application/json')
  expect(await reply.text()).toBe(body)
  expect(at.calls).toMatchObject([
    { operation: 'chat', model: 'm', stream: false, baseUrl: 'https://up.test/v1', body: { odd_field: [1] } },
  ])
  expect(await at.rows()).toMatchObject([
    { outcome: 'finished', status: 200, model: 'priced', requestId: reply.headers.get('x-request-id') },
  ])
})

it.each([
  [CHAT, 'chat', chat('priced', false)],
  ['/v1/completions', 'completions', { model: 'priced', prompt: 'hi' }],
  ['/v1/embeddings', 'embeddings', { model: 'priced', input: 'hi' }],
])('%s asks for its own operation', async (path, operation, body) => {
  const reply = operation === 'embeddings' ? '{"data":[]}' : whole('hi')
  const at = await isolate({ scripts: [upstream(reply)] })
  const answered = await at.post(path, body)
  expect(answered.status).toBe(200)
  expect(at.calls.map((call) => call.operation)).toEqual([operation])
})

it('streams where it was asked to, with the usage event only for who asked for it', async () => {
  for (const asked of [false, true]) {
    const fed = feed()
    const at = await isolate({ scripts: [fed.script] })
    const pending = at.post(CHAT, chat('priced', true, asked ? { stream_options: { include_usage: true } } : {}))
    fed.push(role() + text('hi') + finish() + usage() + DONE)
    fed.close()
    const reply = await pending
    expect(reply.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    const expected = role() + text('hi') + finish() + (asked ? usage() : '') + DONE
    expect(await reading(reply).rest()).toBe(expected)
    expect(await at.rows()).toMatchObject([{ outcome: 'finished', usage: { outputTokens: 7, source: 'provider' } }])
  }
})

it('looks at the key before anything else, and keeps no row of a bad one', async () => {
  const at = await isolate()
  const { seen, body } = watched()
  const headers = { 'x-api-key': `${at.key}x`, 'content-type': 'text/plain', 'x-sluice-debug': 'what' }
  const reply = await at.fetch(CHAT, { method: 'POST', headers, body })
  expect(reply.status).toBe(401)
  expect(await reply.json()).toMatchObject({ error: { code: 'invalid_api_key', type: 'authentication_error' } })
  expect(seen.asked).toBe(false)
  expect(await at.rows()).toEqual([])
})

it('takes a key from either header', async () => {
  const at = await isolate({ scripts: [upstream(whole('hi'))] })
  const init = { method: 'POST', body: JSON.stringify(chat('priced', false)) }
  const json = { 'content-type': 'application/json' }
  for (const headers of [{ 'x-api-key': at.key }, { authorization: `bearer ${at.key}` }])
    expect((await at.fetch(CHAT, { ...init, headers: { ...json, ...headers } })).status).toBe(200)
  const request = new Request('https://sluice.test/', { headers: { authorization: 'a', 'x-api-key': 'b' } })
  expect(presentedBy(request)).toEqual({ authorization: 'a', apiKey: 'b' })
  expect(presentedBy(new Request('https://sluice.test/'))).toEqual({ authorization: null, apiKey: null })
})

it.each(['text/plain', 'application/jsonx', 'text/application/json', 'application/x-www-form-urlencoded', ''])(
  'takes no %s, unread',
  async (type) => {
    const at = await isolate()
    const { seen, body } = watched()
    const headers = { authorization: `Bearer ${at.key}`, 'content-type': type, 'x-sluice-debug': 'what' }
    const reply = await at.fetch(CHAT, { method: 'POST', headers, body })
    expect(reply.status).toBe(415)
    expect(await reply.json()).toMatchObject({ error: { code: 'unsupported_media_type', param: 'content-type' } })
    expect(seen.asked).toBe(false)
    expect(await at.rows()).toMatchObject([{ outcome: 'refused', status: 415, model: null }])
  },
)

it('takes no body without a type', async () => {
  const at = await isolate()
  const { body } = watched()
  const reply = await at.fetch(CHAT, { method: 'POST', headers: { authorization: `Bearer ${at.key}` }, body })
  expect(reply.status).toBe(415)
})

it.each(['application/json; charset=utf-8', 'Application/JSON', 'application/json ;charset=utf-8'])(
  'takes %s',
  async (type) => {
    const at = await isolate({ scripts: [upstream(whole('hi'))] })
    expect((await at.post(CHAT, chat('priced', false), { 'content-type': type })).status).toBe(200)
  },
)

it('refuses a malformed header of ours, unread', async () => {
  const at = await isolate()
  const { seen, body } = watched()
  const headers = { authorization: `Bearer ${at.key}`, 'content-type': 'application/json', 'x-sluice-debug': 'what' }
  const reply = await at.fetch(CHAT, { method: 'POST', headers, body })
  expect(reply.status).toBe(400)
  expect(await reply.json()).toMatchObject({ error: { code: 'invalid_request', param: 'x-sluice-debug' } })
  expect(seen.asked).toBe(false)
  expect(await at.rows()).toMatchObject([{ outcome: 'refused', status: 400, model: null }])
})

it('refuses what is too large, and what cannot be understood, and keeps a row of each', async () => {
  const at = await isolate()
  const large = await at.post(CHAT, '{}', { 'content-length': String(REQUEST_BODY_BYTES_MAX + 1) })
  expect(large.status).toBe(413)
  const bad = await at.post(CHAT, { model: 'priced', messages: 'none' })
  expect(bad.status).toBe(400)
  expect(await bad.json()).toMatchObject({ error: { param: 'messages' } })
  expect(at.calls).toEqual([])
  expect(await at.rows()).toMatchObject([
    { outcome: 'refused', status: 413, model: null, requestId: large.headers.get('x-request-id') },
    { outcome: 'refused', status: 400, model: 'priced', requestId: bad.headers.get('x-request-id') },
  ])
})

it('holds the memory of a body until its answer has come, however it came', async () => {
  const at = await isolate()
  /** As large as there may be all at once. */
  const largest = { 'content-length': String(REQUEST_BODY_BYTES_MAX) }
  const rest = { 'content-length': String(BODIES_IN_FLIGHT_BYTES_MAX - 3 * REQUEST_BODY_BYTES_MAX) }
  const one = { 'content-length': '1' }
  const client = new AbortController()
  const isFull = async () => {
    const { status } = await at.post(CHAT, '{', one)
    expect([400, 503]).toContain(status)
    return status === 503
  }
  const cases: [Script, unknown, boolean][] = [
    [upstream(whole('hi')), chat('priced', false), false],
    [upstream(providerError('bad'), { status: 400 }), chat('priced', false), false],
    [upstream('not a stream'), chat('priced', true), false],
    [upstream(whole('too late')), chat('priced', false), true],
  ]
  for (const [script, body, leaves] of cases) {
    const answers: (() => void)[] = []
    at.script(async (call, clock) => {
      await new Promise<void>((resolve) => {
        answers.push(resolve)
        call.signal.addEventListener('abort', () => resolve())
      })
      return script(call, clock)
    })
    const pending = [largest, largest, largest, rest].map((headers) => at.post(CHAT, body, headers, client.signal))
    while (answers.length < 4) await at.clock.advance(0)
    expect(await isFull()).toBe(true)
    if (leaves) client.abort()
    for (const answer of answers) answer()
    await Promise.all(pending)
    await at.settle()
    expect(await isFull()).toBe(false)
  }
})

it('gives back the memory of a body that was refused', async () => {
  const at = await isolate({ scripts: [upstream(whole('hi'))] })
  const largest = { 'content-length': String(REQUEST_BODY_BYTES_MAX) }
  for (let requests = 0; requests < 5; requests += 1) expect((await at.post(CHAT, '{', largest)).status).toBe(400)
  expect((await at.post(CHAT, chat('priced', false), largest)).status).toBe(200)
})

it('sends no whole reply before it is there, however long that takes', async () => {
  const config = { ...CONFIG, models: { slow: { targets: [{ provider: 'up', model: 'm' }], retries: 0 } } }
  const at = await isolate({ config })
  let answer = (): void => {}
  at.script(async (call, clock) => {
    await new Promise<void>((resolve) => {
      answer = resolve
    })
    return upstream(whole('late'))(call, clock)
  })
  let isThere = false
  const pending = at.post(CHAT, chat('slow', false)).finally(() => {
    isThere = true
  })
  await at.clock.advance(60_000)
  expect(isThere).toBe(false)
  answer()
  const reply = await pending
  expect(reply.status).toBe(200)
  expect(reply.headers.has('x-sluice-deferred')).toBe(false)
})

it('takes a client that leaves while sending for one that left, not for a fault of ours', async () => {
  const at = await isolate()
  const body = new ReadableStream({ pull: (controller) => controller.error(new Error('gone')) })
  const headers = { authorization: `Bearer ${at.key}`, 'content-type': 'application/json' }
  expect((await at.fetch(CHAT, { method: 'POST', headers, body })).status).toBe(204)
  expect(at.lines).toEqual([])
  expect(await at.rows()).toMatchObject([{ outcome: 'cancelled', status: 499, attempts: 0, model: null, target: null }])
})

it('cancels the upstream of a client that left, whole and streamed, before the first token', async () => {
  for (const stream of [false, true]) {
    const at = await isolate({ scripts: [silence] })
    const client = new AbortController()
    const pending = at.post(CHAT, chat('priced', stream), {}, client.signal)
    while (at.calls.length === 0) await at.clock.advance(0)
    client.abort()
    expect((await pending).status).toBe(204)
    expect(at.calls[0]?.signal.aborted).toBe(true)
    expect(await at.rows()).toMatchObject([{ outcome: 'cancelled', status: 499, attempts: 1 }])
    expect(at.clock.timers).toBe(0)
  }
})

it('asks nobody for a client that left before its request was understood', async () => {
  for (const stream of [false, true]) {
    const at = await isolate({ scripts: [silence] })
    const client = new AbortController()
    const pending = at.post(CHAT, chat('priced', stream), {}, client.signal)
    client.abort()
    expect((await pending).status).toBe(204)
    expect(at.calls).toEqual([])
    expect(await at.rows()).toMatchObject([{ outcome: 'cancelled', status: 499 }])
  }
})

it('relays the bounds and the trace of the caller', async () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  const at = await isolate({ scripts: [silence] })
  const pending = at.post(CHAT, chat('priced', false), { 'x-sluice-timeout-ms': '750', traceparent, cookie: 'a=b' })
  while (at.calls.length === 0) await at.clock.advance(0)
  expect(at.calls[0]?.headers).toEqual({ traceparent })
  await at.clock.advance(749)
  expect(at.calls[0]?.signal.aborted).toBe(false)
  await at.clock.advance(1)
  expect((await pending).status).toBe(504)
})
