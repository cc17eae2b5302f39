/** The official `openai` package against a running Sluice: what an app does with OpenAI works unchanged. */
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ScriptedOrigin } from '../support/scripted-origin.ts'
import { flow } from '../support/scripts.ts'
import { setUp, type TestSluice } from '../support/sluice.ts'
import { providerError, whole } from '../support/wire.ts'
import { answerChat, answerCompletions, answerEmbeddings, vectorOf } from './answering-origin.ts'

const STATUSES = [400, 413, 422, 429, 500, 503] as const
const ALIASES = ['chat', 'text', 'embed', 'endless', 'flaky', 'slow', ...STATUSES.map((status) => `status-${status}`)]
const TOOLS = ['get_weather', 'get_time'].map((name) => ({
  type: 'function' as const,
  function: { name, parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } },
}))
const PIXEL =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

let origin: ScriptedOrigin
let sluice: TestSluice
let client: OpenAI
let patient: OpenAI
/** `x-stainless-retry-count` of every request that the patient client sent. */
const retryCounts: string[] = []

beforeAll(async () => {
  origin = await ScriptedOrigin.start()
  origin.on('chat', answerChat).on('text', answerCompletions).on('embed', answerEmbeddings)
  origin.on('endless', flow)
  origin.on('flaky', (call) => (call.index === 0 ? call.reply(500, '{}') : call.reply(200, whole('at last'))))
  origin.on('slow', () => {})
  for (const status of STATUSES) {
    origin.on(`status-${status}`, (call) => call.reply(status, providerError('no', { param: 'messages' })))
  }
  sluice = await setUp({
    config: {
      providers: Object.fromEntries(
        ALIASES.map((name) => [name, { protocol: 'openai', baseUrl: origin.url(name) }] as const),
      ),
      models: Object.fromEntries(
        ALIASES.map((name) => {
          const timeouts = name === 'slow' ? { firstTokenMs: 300, totalMs: 300 } : {}
          return [name, { targets: [{ provider: name, model: `real-${name}` }], retries: 0, timeouts }] as const
        }),
      ),
    },
    tenants: [{ id: 'app' }, { id: 'narrow', models: ['chat'] }],
  })
  const options = { baseURL: `${sluice.url}/v1`, apiKey: sluice.keyOf('app').key }
  client = new OpenAI({ ...options, maxRetries: 0 })
  patient = new OpenAI({
    ...options,
    maxRetries: 2,
    fetch: (url, init) => {
      retryCounts.push(new Headers(init?.headers).get('x-stainless-retry-count') ?? '')
      return fetch(url, init)
    },
  })
})

afterAll(async () => {
  await sluice?.stop()
  await origin?.close()
})

const hello = { model: 'chat', messages: [{ role: 'user' as const, content: 'hello' }] }
/** The body of the last call that the origin saw. */
const asked = (name = 'chat') => origin.calls(name).at(-1)?.json ?? {}

describe('chat completions', () => {
  test('whole', async () => {
    const { data, response } = await client.chat.completions.create(hello).withResponse()
    expect(data.choices[0]?.message.content).toBe('You said: hello')
    expect(data.usage).toMatchObject({ prompt_tokens: 11, completion_tokens: 7 })
    expect((data as { _request_id?: string | null })._request_id).toBe(response.headers.get('x-request-id'))
    expect(asked()).toMatchObject({ model: 'real-chat', messages: hello.messages })
    expect(asked()).not.toHaveProperty('stream_options')
  })

  test('streamed', async () => {
    const chunks = []
    for await (const chunk of await client.chat.completions.create({ ...hello, stream: true })) chunks.push(chunk)
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe('You said: hello')
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop')
    // Asked of the upstream all the same, and kept from the client.
    expect(chunks.every((chunk) => chunk.choices.length > 0)).toBe(true)
    expect(asked()).toMatchObject({ stream: true, stream_options: { include_usage: true } })
  })

  test('streamed with usage', async () => {
    const chunks = []
    const body = { ...hello, stream: true as const, stream_options: { include_usage: true } }
    for await (const chunk of await client.chat.completions.create(body)) chunks.push(chunk)
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 11, completion_tokens: 7 } })
  })

  test('through the helper that puts a stream together', async () => {
    const stream = client.chat.completions.stream(hello)
    const final = await stream.finalChatCompletion()
    expect(final.choices[0]?.message.content).toBe('You said: hello')
  })

  test('unknown and vendor fields go to the target unchanged', async () => {
    const more = { top_k: 7, chat_template_kwargs: { enable_thinking: false }, stream_options: undefined }
    await client.chat.completions.create({ ...hello, ...more, seed: 2 ** 40, user: 'ü' } as typeof hello)
    expect(asked()).toMatchObject({
      top_k: 7,
      chat_template_kwargs: { enable_thinking: false },
      seed: 2 ** 40,
      user: 'ü',
    })
  })

  test('a tool', async () => {
    const { choices } = await client.chat.completions.create({ ...hello, tools: TOOLS, parallel_tool_calls: false })
    const message = choices[0]?.message
    expect(choices[0]?.finish_reason).toBe('tool_calls')
    expect(message?.tool_calls).toHaveLength(1)
    const { choices: after } = await client.chat.completions.create({
      ...hello,
      tools: TOOLS,
      messages: [
        ...hello.messages,
        { role: 'assistant', tool_calls: message?.tool_calls ?? [] },
        { role: 'tool', tool_call_id: 'call_0', content: 'sunny' },
      ],
    })
    expect(after[0]?.message.content).toBe('The tool said sunny.')
  })

  test('parallel tools, streamed', async () => {
    const stream = client.chat.completions.stream({ ...hello, tools: TOOLS })
    const { choices } = await stream.finalChatCompletion()
    const calls = choices[0]?.message.tool_calls ?? []
    expect(calls.map((call) => [call.id, call.type === 'function' && call.function.name])).toEqual([
      ['call_0', 'get_weather'],
      ['call_1', 'get_time'],
    ])
    expect(calls.map((call) => call.type === 'function' && JSON.parse(call.function.arguments))).toEqual([
      { city: 'Paris' },
      { city: 'Rome' },
    ])
  })

  test('a JSON schema', async () => {
    const schema = { type: 'object', properties: { city: { type: 'string' }, people: { type: 'integer' } } }
    const { choices } = await client.chat.completions.parse({
      ...hello,
      response_format: { type: 'json_schema', json_schema: { name: 'city', strict: true, schema } },
    })
    expect(JSON.parse(choices[0]?.message.content ?? '')).toEqual({ city: 'Paris', people: 2_100_000 })
    expect(asked()).toMatchObject({ response_format: { json_schema: { schema } } })
  })

  test('an image', async () => {
    const content = [
      { type: 'text' as const, text: 'What is this?' },
      { type: 'image_url' as const, image_url: { url: PIXEL, detail: 'low' as const } },
    ]
    const { choices } = await client.chat.completions.create({ ...hello, messages: [{ role: 'user', content }] })
    expect(choices[0]?.message.content).toBe('You sent text and image_url.')
    expect(asked()).toMatchObject({ messages: [{ content }] })
  })

  test('n choices, whole and streamed', async () => {
    const { choices } = await client.chat.completions.create({ ...hello, n: 3 })
    expect(choices.map(({ index }) => index)).toEqual([0, 1, 2])
    const final = await client.chat.completions.stream({ ...hello, n: 2 }).finalChatCompletion()
    expect(final.choices.map(({ message }) => message.content)).toEqual(['You said: hello', 'You said: hello'])
  })

  test('logprobs', async () => {
    const { choices } = await client.chat.completions.create({ ...hello, logprobs: true, top_logprobs: 0 })
    expect(choices[0]?.logprobs?.content?.[0]).toMatchObject({ token: 'Hi', logprob: -0.25, bytes: [72, 105] })
    const final = await client.chat.completions.stream({ ...hello, logprobs: true }).finalChatCompletion()
    expect(final.choices[0]?.logprobs?.content?.length).toBeGreaterThan(0)
  })

  test('abort stops the upstream', async () => {
    const arriving = origin.next('endless')
    const stream = await client.chat.completions.create({ ...hello, model: 'endless', stream: true })
    const call = await arriving
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content === 'more ') break
    stream.controller.abort()
    expect((await call.ended).answered).toBe(false)
  })
})

describe('completions and embeddings', () => {
  test('a completion, whole and streamed', async () => {
    const body = { model: 'text', prompt: 'Tell' }
    expect((await client.completions.create(body)).choices[0]?.text).toBe('Once upon')
    let said = ''
    for await (const chunk of await client.completions.create({ ...body, stream: true })) said += chunk.choices[0]?.text
    expect(said).toBe('Once upon')
  })

  test.each([undefined, 'float', 'base64'] as const)('embeddings, encoding_format %s', async (encoding_format) => {
    const input = ['one', 'three']
    const reply = await client.embeddings.create({
      model: 'embed',
      input,
      ...(encoding_format === undefined ? {} : { encoding_format }),
    })
    expect(reply.usage.prompt_tokens).toBe(8)
    for (const [index, { embedding }] of reply.data.entries()) {
      const vector =
        typeof embedding === 'string'
          ? [...new Float32Array(new Uint8Array(Buffer.from(embedding, 'base64')).buffer)]
          : embedding
      expect(vector).toEqual(vectorOf(input[index] ?? ''))
    }
  })
})

describe('models', () => {
  test('are listed and retrieved', async () => {
    const listed = []
    for await (const model of client.models.list()) listed.push(model)
    expect(listed.map(({ id }) => id).sort()).toEqual([...ALIASES].sort())
    expect(new Set(listed.map(({ owned_by }) => owned_by))).toEqual(new Set(['sluice']))
    expect(await client.models.retrieve('chat')).toMatchObject({ id: 'chat', object: 'model', owned_by: 'sluice' })
  })

  test('of others are not there', async () => {
    const narrow = new OpenAI({ baseURL: `${sluice.url}/v1`, apiKey: sluice.keyOf('narrow').key, maxRetries: 0 })
    expect((await narrow.models.list()).data.map(({ id }) => id)).toEqual(['chat'])
    await expect(narrow.models.retrieve('embed')).rejects.toBeInstanceOf(OpenAI.NotFoundError)
    await expect(narrow.chat.completions.create({ ...hello, model: 'text' })).rejects.toMatchObject({
      status: 403,
      code: 'model_not_allowed',
    })
  })
})

describe('errors have their class', () => {
  const stranger = () => new OpenAI({ baseURL: `${sluice.url}/v1`, apiKey: 'slc_app_nonsense', maxRetries: 0 })
  const ask = (from: OpenAI, body: object) => from.chat.completions.create({ ...hello, ...body } as typeof hello)

  test.each([
    ['unknown key', () => ask(stranger(), {}), OpenAI.AuthenticationError, 'invalid_api_key'],
    ['unknown model', () => ask(client, { model: 'none' }), OpenAI.NotFoundError, 'model_not_found'],
    ['bad field', () => ask(client, { messages: 'x' }), OpenAI.BadRequestError, 'invalid_request'],
    ['upstream 400', () => ask(client, { model: 'status-400' }), OpenAI.BadRequestError, 'upstream_rejected'],
    ['upstream 413', () => ask(client, { model: 'status-413' }), OpenAI.APIError, 'upstream_rejected'],
    ['upstream 422', () => ask(client, { model: 'status-422' }), OpenAI.UnprocessableEntityError, 'upstream_rejected'],
    ['upstream 429', () => ask(client, { model: 'status-429' }), OpenAI.RateLimitError, 'upstream_rate_limited'],
    ['upstream 500', () => ask(client, { model: 'status-500' }), OpenAI.InternalServerError, 'upstream_failed'],
    ['upstream 503', () => ask(client, { model: 'status-503' }), OpenAI.InternalServerError, 'upstream_failed'],
    ['upstream slow', () => ask(client, { model: 'slow' }), OpenAI.InternalServerError, 'upstream_timeout'],
  ])('%s', async (_name, attempt, expected, code) => {
    const error = await attempt().then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(expected)
    expect(error).toMatchObject({ code, requestID: expect.stringMatching(/^[0-9a-f-]{36}$/) })
  })

  test('a retry of the client’s own is seen, and stays between the two', async () => {
    const { choices } = await patient.chat.completions.create({ ...hello, model: 'flaky' })
    expect(choices[0]?.message.content).toBe('at last')
    expect(retryCounts).toEqual(['0', '1'])
    const names = origin.calls('flaky').flatMap(({ headers }) => Object.keys(headers))
    expect(names.filter((name) => name.startsWith('x-stainless'))).toEqual([])
  })
})
