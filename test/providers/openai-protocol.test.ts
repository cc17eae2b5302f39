/** The pass-through: exactly what goes out, and that nothing is done to what comes back. */
import { expect, it } from 'vitest'
import { openaiProtocol } from '../../src/providers/openai-protocol.ts'
import { callOf, fixture, inPieces, json, upstream } from './support.ts'

const body = { messages: [{ role: 'user', content: 'Hi' }], model: 'alias', top_k: 4, stream: false }

it('posts the body with the target model in its place, and nothing else changed', async () => {
  const origin = upstream(() => json({}))
  await openaiProtocol.call(callOf({ outgoing: origin.outgoing, body, baseUrl: 'https://gpu.example.com/v1' }))
  expect(origin.requests[0]?.body).toBe(
    '{"messages":[{"role":"user","content":"Hi"}],"model":"target-model","top_k":4,"stream":false}',
  )
  expect(body.model).toBe('alias')
})

it.each([
  ['chat', 'https://gpu.example.com/v1', 'https://gpu.example.com/v1/chat/completions'],
  ['completions', 'https://gpu.example.com/v1/', 'https://gpu.example.com/v1/completions'],
  ['embeddings', undefined, 'https://api.openai.com/v1/embeddings'],
] as const)('%s under %s goes to %s', async (operation, baseUrl, url) => {
  const origin = upstream(() => json({}))
  await openaiProtocol.call(callOf({ outgoing: origin.outgoing, body, operation, baseUrl }))
  expect(origin.requests[0]).toMatchObject({ url, method: 'POST' })
})

it('sends these headers and no others', async () => {
  const origin = upstream(() => json({}))
  const headers = { traceparent: '00-1-2-01', 'CF-Access-Client-Id': 'id' }
  await openaiProtocol.call(callOf({ outgoing: origin.outgoing, body, headers }))
  expect(origin.requests[0]?.headers).toEqual({
    'content-type': 'application/json',
    accept: 'application/json',
    'user-agent': expect.stringMatching(/^sluice\/\d+\.\d+\.\d+$/),
    authorization: 'Bearer secret-key',
    traceparent: '00-1-2-01',
    'cf-access-client-id': 'id',
  })
})

it('sends no authorization without a credential, and a configured one instead of ours whatever its spelling', async () => {
  const origin = upstream(() => json({}))
  await openaiProtocol.call(callOf({ outgoing: origin.outgoing, body, credential: undefined }))
  await openaiProtocol.call(callOf({ outgoing: origin.outgoing, body, headers: { Authorization: 'Basic eA==' } }))
  expect(origin.requests[0]?.headers).not.toHaveProperty('authorization')
  expect(origin.requests[1]?.headers).toMatchObject({ authorization: 'Basic eA==' })
  expect(origin.requests[1]?.headers).not.toHaveProperty('Authorization')
})

it.each([
  ['nothing', undefined, { include_usage: true }],
  ['null', null, { include_usage: true }],
  ['other options', { include_obfuscation: false }, { include_obfuscation: false, include_usage: true }],
  ['a refusal of usage', { include_usage: false }, { include_usage: true }],
])('asks a stream for usage when the caller says %s', async (_what, given, sent) => {
  const origin = upstream(() => json({}))
  const streaming = { ...body, stream: true, ...(given === undefined ? {} : { stream_options: given }) }
  const reply = await openaiProtocol.call(callOf({ outgoing: origin.outgoing, body: streaming }))
  expect(origin.sent().stream_options).toEqual(sent)
  expect(origin.requests[0]?.headers).toMatchObject({ accept: 'text/event-stream' })
  expect(reply.droppedParams).toEqual([])
})

it('leaves stream_options out, and says so, where the provider rejects them', async () => {
  const origin = upstream(() => json({}))
  const asked = { ...body, stream: true, stream_options: { include_usage: true } }
  const reply = await openaiProtocol.call(callOf({ outgoing: origin.outgoing, body: asked, streamUsage: false }))
  expect(origin.sent()).not.toHaveProperty('stream_options')
  expect(reply.droppedParams).toEqual(['stream_options'])
})

const OPENAI = 'https://api.openai.com/v1'
const OWN = 'http://10.0.0.2:8000/v1'
it.each<[string, string | undefined, string, 'chat' | 'completions' | 'embeddings', object, object]>([
  ['OpenAI by default', undefined, 'gpt-4o', 'chat', {}, { max_completion_tokens: 50 }],
  ['OpenAI in a region', 'https://eu.api.openai.com/v1', 'gpt-4o', 'chat', {}, { max_completion_tokens: 50 }],
  ['Azure', 'https://x.openai.azure.com/openai/v1', 'deployed', 'chat', {}, { max_completion_tokens: 50 }],
  [
    'its newer models wherever',
    'https://proxy.example/v1',
    'openai/gpt-5-mini',
    'chat',
    {},
    { max_completion_tokens: 50 },
  ],
  ['a copy', OWN, 'llama-3.3-70b', 'chat', {}, { max_tokens: 50 }],
  ['a copy of a like name', 'https://openai.com.example/v1', 'gpt-oss-120b', 'chat', {}, { max_tokens: 50 }],
  ['completions', OPENAI, 'gpt-3.5-turbo-instruct', 'completions', {}, { max_tokens: 50 }],
  ['null', OWN, 'm', 'chat', { max_tokens: null }, { max_tokens: 50 }],
  [
    'a bound that a copy may not heed',
    OWN,
    'm',
    'chat',
    { max_completion_tokens: 50 },
    { max_completion_tokens: 50, max_tokens: 50 },
  ],
  ['a bound of the caller', OWN, 'm', 'chat', { max_tokens: 7 }, { max_tokens: 7 }],
  ['either bound of the caller', OPENAI, 'o3', 'chat', { max_tokens: 7 }, { max_tokens: 7 }],
  ['none of completions', OWN, 'm', 'completions', { max_tokens: 0 }, { max_tokens: 0 }],
  ['embeddings', OWN, 'm', 'embeddings', {}, {}],
])(
  'tells a bound that is reserved by the name that is heeded: %s',
  async (_, baseUrl, model, operation, given, sent) => {
    const origin = upstream(() => json({}))
    const asked = { ...body, ...given }
    await openaiProtocol.call(
      callOf({ outgoing: origin.outgoing, body: asked, baseUrl, model, operation, outputCap: 50 }),
    )
    expect(origin.sent()).toEqual({ ...asked, ...sent, model })
  },
)

it('leaves stream_options of a whole request alone', async () => {
  const origin = upstream(() => json({}))
  await openaiProtocol.call(callOf({ outgoing: origin.outgoing, body }))
  expect(origin.sent()).not.toHaveProperty('stream_options')
})

it('keeps the digits of numbers that a double cannot hold', async () => {
  const origin = upstream(() => json({}))
  const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON
  await openaiProtocol.call(callOf({ outgoing: origin.outgoing, body: { seed: rawJson('12345678901234567890') } }))
  expect(origin.requests[0]?.body).toBe('{"seed":12345678901234567890,"model":"target-model"}')
})

it('hands the answer on as it came: status, headers, bytes', async () => {
  const bytes = new TextEncoder().encode(fixture('streams/groq-tool-call.sse'))
  const answer = new Response(inPieces(bytes, [1, 7, 300]), { status: 200, headers: { 'x-request-id': 'req_1' } })
  const reply = await openaiProtocol.call(callOf({ outgoing: upstream(() => answer).outgoing, body }))
  expect(reply.status).toBe(200)
  expect(reply.headers.get('x-request-id')).toBe('req_1')
  expect(new Uint8Array(await new Response(reply.body).arrayBuffer())).toEqual(bytes)
})

it.each([307, 400, 429, 503])('relays a %i as it is', async (status) => {
  const origin = upstream(() => json('{"error":{"message":"no"}}', status, { 'retry-after': '3' }))
  const reply = await openaiProtocol.call(callOf({ outgoing: origin.outgoing, body }))
  expect(reply.status).toBe(status)
  expect(reply.headers.get('retry-after')).toBe('3')
  expect(await new Response(reply.body).text()).toBe('{"error":{"message":"no"}}')
})

it('rejects when nothing comes back', async () => {
  const origin = upstream(() => Promise.reject(new TypeError('fetch failed')))
  await expect(openaiProtocol.call(callOf({ outgoing: origin.outgoing, body }))).rejects.toThrow('fetch failed')
})

it('tries a credential by listing models', async () => {
  const origin = upstream(() => json({ object: 'list', data: [{ id: 'm' }] }))
  const reply = await openaiProtocol.check(
    callOf({ outgoing: origin.outgoing, body: {}, baseUrl: 'https://x.test/v1' }),
  )
  expect(origin.requests[0]).toMatchObject({ url: 'https://x.test/v1/models', method: 'GET' })
  expect(origin.requests[0]?.headers).toMatchObject({ authorization: 'Bearer secret-key' })
  expect(await new Response(reply.body).json()).toEqual({ object: 'list', data: [{ id: 'm' }] })
})

it('sends a caller of Responses on to a target that has them, in their own words', async () => {
  const origin = upstream(() => json({ object: 'response' }))
  const asked = { model: 'alias', input: 'Hi', reasoning: { effort: 'low' }, vendor: 1 }
  const native = { form: 'responses', body: asked, headers: {}, dropped: [] } as const
  const reply = await openaiProtocol.call(callOf({ outgoing: origin.outgoing, body: {}, native, outputCap: 9 }))
  expect(origin.requests[0]?.url).toBe('https://api.openai.com/v1/responses')
  expect(origin.sent()).toEqual({ ...asked, store: false, model: 'target-model', max_output_tokens: 9 })
  expect(reply.form).toBe('responses')
  const failing = upstream(() => json({ error: { message: 'No.' } }, 400))
  expect((await openaiProtocol.call(callOf({ outgoing: failing.outgoing, body: {}, native }))).form).toBe('openai')
})

it('takes out of a request that a skin has written what the protocol does not know', async () => {
  const origin = upstream(() => json({}))
  const asked = {
    messages: [{ role: 'user', content: 'Hi', cache_control: { type: 'ephemeral' } }],
    model: 'a',
    top_k: 4,
  }
  const other = await openaiProtocol.call(callOf({ outgoing: origin.outgoing, body: asked, translated: 'other' }))
  expect(origin.sent()).toEqual({ messages: [{ role: 'user', content: 'Hi' }], model: 'target-model' })
  expect(other.droppedParams).toEqual(['top_k', 'cache_control'])
  await openaiProtocol.call(callOf({ outgoing: origin.outgoing, body: asked, translated: 'pool' }))
  expect(origin.sent().top_k).toBe(4)
})

it('passes another endpoint’s JSON on with the target’s model in it, and any type back', async () => {
  const origin = upstream(() => json({ id: 1 }))
  const relay = { path: '/audio/speech' }
  const asked = { input: 'Hi', model: 'alias', stream: true }
  await openaiProtocol.call(
    callOf({
      outgoing: origin.outgoing,
      body: asked,
      operation: 'relay',
      relay,
      baseUrl: 'https://gpu.example.com/v1',
    }),
  )
  expect(origin.requests[0]).toMatchObject({
    url: 'https://gpu.example.com/v1/audio/speech',
    headers: { 'content-type': 'application/json', accept: '*/*', authorization: 'Bearer secret-key' },
    body: '{"input":"Hi","model":"target-model","stream":true}',
  })
})

it('passes a form on as it comes, with its own type', async () => {
  const origin = upstream(() => json({}))
  const body = new Blob(['form']).stream()
  const { signal } = new AbortController()
  const names: string[] = []
  const take = (model: string) => {
    names.push(model)
    return body
  }
  const upload = { contentType: 'multipart/form-data; boundary=b', isTaken: false, fault: null, broken: signal, take }
  const relay = { path: '/images/edits', upload }
  await openaiProtocol.call(callOf({ outgoing: origin.outgoing, body: {}, operation: 'relay', relay }))
  expect(origin.requests[0]).toMatchObject({ headers: { 'content-type': upload.contentType } })
  expect(origin.requests[0]?.body).toBe(body)
  expect(names).toEqual(['target-model'])
})
