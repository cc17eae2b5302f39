/** Callers of Messages at Anthropic: exactly what goes out, that what comes back is as it came, and what failures become. */
import { expect, it } from 'vitest'
import type { NativeRequest } from '../../src/core/inference.ts'
import { callOf, json, provider, upstream } from './support.ts'

const body = {
  max_tokens: 100,
  model: 'alias',
  system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
  messages: [{ role: 'user', content: 'Hi' }],
  vendor: { a: [1] },
}
const native = (more: Partial<NativeRequest> = {}): NativeRequest => ({
  form: 'messages',
  body,
  headers: {},
  dropped: [],
  ...more,
})
const anthropic = provider('anthropic')
const message = { type: 'message', role: 'assistant', content: [{ type: 'text', text: 'Hello.' }] }

it('sends the body as it came but for the model, and hands the reply on as it is', async () => {
  const origin = upstream(() => json(message, 200, { 'request-id': 'req_1' }))
  const reply = await anthropic.call(
    callOf({ outgoing: origin.outgoing, body: {}, native: native({ dropped: ['x'] }) }),
  )
  expect(origin.requests[0]).toMatchObject({ url: 'https://api.anthropic.com/v1/messages', method: 'POST' })
  expect(origin.requests[0]?.body).toBe(JSON.stringify({ ...body, model: 'target-model' }))
  expect(reply).toMatchObject({ status: 200, form: 'messages', droppedParams: ['x'] })
  expect(reply.headers.get('request-id')).toBe('req_1')
  expect(await reply.text?.()).toBe(JSON.stringify(message))
})

it('sends these headers and no others', async () => {
  const origin = upstream(() => json(message))
  const headers = { traceparent: '00-1-2-01' }
  await anthropic.call(callOf({ outgoing: origin.outgoing, body: {}, native: native(), headers }))
  expect(origin.requests[0]?.headers).toEqual({
    'content-type': 'application/json',
    accept: 'application/json',
    'user-agent': expect.stringMatching(/^sluice\//),
    'anthropic-version': '2023-06-01',
    'x-api-key': 'secret-key',
    traceparent: '00-1-2-01',
  })
})

it.each([
  ['2023-01-01', '2023-01-01'],
  ['latest', '2023-06-01'],
])('the version %s goes out as %s', async (sent, version) => {
  const origin = upstream(() => json(message))
  const asked = native({ headers: { 'anthropic-version': sent } })
  await anthropic.call(callOf({ outgoing: origin.outgoing, body: {}, native: asked }))
  expect(origin.requests[0]?.headers).toMatchObject({ 'anthropic-version': version })
})

it.each<[string, string | undefined, readonly string[] | undefined, Record<string, string>]>([
  ['documented ones', 'interleaved-thinking-2025-05-14', undefined, {}],
  ['the documented of several', 'interleaved-thinking-2025-05-14', undefined, {}],
  ['those that the config lists', 'made-up-2026', ['made-up-*'], {}],
  ['none where the config lists none', undefined, [], {}],
  ['the config’s own first', 'own-1,interleaved-thinking-2025-05-14', undefined, { 'Anthropic-Beta': 'own-1' }],
])('of betas it sends %s', async (_what, expected, betas, headers) => {
  const origin = upstream(() => json(message))
  const asked = native({ headers: { 'anthropic-beta': 'made-up-2026, interleaved-thinking-2025-05-14' } })
  await anthropic.call(callOf({ outgoing: origin.outgoing, body: {}, native: asked, betas, headers }))
  expect(origin.requests[0]?.headers['anthropic-beta']).toBe(expected)
})

it('sends no beta of what is held between requests, nor by which another model answers', async () => {
  const origin = upstream(() => json(message))
  const sent = [
    'message-threads-2026-08-12',
    'server-side-fallback-2026-07-01',
    'mid-conversation-tool-changes-2026-07-01',
  ]
  const asked = native({ headers: { 'anthropic-beta': [...sent, 'task-budgets-2026-03-13'].join(',') } })
  await anthropic.call(callOf({ outgoing: origin.outgoing, body: {}, native: asked }))
  expect(origin.requests[0]?.headers['anthropic-beta']).toBe(
    'mid-conversation-tool-changes-2026-07-01,task-budgets-2026-03-13',
  )
})

it('bounds the output to what is reserved', async () => {
  const origin = upstream(() => json(message))
  await anthropic.call(callOf({ outgoing: origin.outgoing, body: {}, native: native(), outputCap: 50 }))
  expect(origin.sent().max_tokens).toBe(50)
  await anthropic.call(callOf({ outgoing: origin.outgoing, body: {}, native: native(), outputCap: 500 }))
  expect(origin.sent().max_tokens).toBe(100)
})

it('counts tokens at the place for it', async () => {
  const origin = upstream(() => json({ input_tokens: 12 }))
  const call = callOf({ outgoing: origin.outgoing, body: {}, native: native(), operation: 'count_tokens' })
  const reply = await anthropic.call({ ...call, baseUrl: 'https://proxy.example/v1/', outputCap: 5 })
  expect(origin.requests[0]?.url).toBe('https://proxy.example/v1/messages/count_tokens')
  expect(origin.sent().max_tokens).toBe(100)
  expect(await reply.text?.()).toBe('{"input_tokens":12}')
})

it('hands a stream on as bytes', async () => {
  const text = 'event: ping\ndata: {"type": "ping"}\n\n'
  const origin = upstream(() => new Response(text, { headers: { 'content-type': 'text/event-stream' } }))
  const call = callOf({ outgoing: origin.outgoing, body: {}, native: native(), stream: true })
  const reply = await anthropic.call(call)
  expect(origin.requests[0]?.headers).toMatchObject({ accept: 'text/event-stream' })
  expect(await new Response(reply.body).text()).toBe(text)
})

it.each([
  [400, 'max_tokens: must be at least 1', 400, 'max_tokens', null],
  [400, 'prompt is too long: 210000 tokens > 200000 maximum', 400, 'messages', 'context_length_exceeded'],
  [400, 'Your credit balance is too low', 401, null, 'invalid_api_key'],
  [404, 'model: claude-none', 404, 'model', 'model_not_found'],
  [529, 'Overloaded', 503, null, null],
])('a failure %s "%s" is told in OpenAI’s words', async (status, said, told, param, code) => {
  const error = { type: 'error', error: { type: 'some_error', message: said } }
  const origin = upstream(() => json(error, status, { 'retry-after': '7' }))
  const reply = await anthropic.call(callOf({ outgoing: origin.outgoing, body: {}, native: native() }))
  expect(reply.status).toBe(told)
  expect(reply.headers.get('retry-after')).toBe('7')
  expect(await new Response(reply.body).json()).toMatchObject({ error: { param, code } })
})

it('leaves calls in the canonical form to the bridge', async () => {
  const origin = upstream(() => json({ ...message, id: 'msg_1', model: 'x', stop_reason: 'end_turn', usage: {} }))
  const asked = { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 5 }
  await anthropic.call(callOf({ outgoing: origin.outgoing, body: asked }))
  expect(origin.sent()).toMatchObject({ model: 'target-model', max_tokens: 5 })
})
