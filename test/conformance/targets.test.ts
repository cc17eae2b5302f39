/** Anthropic and Google targets, behind OpenAI's API, against an emulator of their protocols that is not ours. */
import { LLMock } from '@copilotkit/aimock'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setUp, type TestSluice } from '../support/sluice.ts'

const PIXEL_BASE64 = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const WEATHER = {
  type: 'function' as const,
  function: {
    name: 'get_weather',
    description: 'Weather of a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
}
/** Usage by each protocol's own names; the emulator reports none unless told. */
const USAGE = { input_tokens: 21, output_tokens: 9, promptTokenCount: 21, candidatesTokenCount: 9 }

let mock: LLMock
let sluice: TestSluice
let client: OpenAI

beforeAll(async () => {
  mock = new LLMock({ port: 0, logLevel: 'silent' })
  mock.onMessage('hello', { content: 'Hello from the other side.', usage: USAGE })
  mock.on(
    { userMessage: 'weather', hasToolResult: false },
    { toolCalls: [{ name: 'get_weather', arguments: '{"city":"Paris"}', id: 'toolu_1' }], usage: USAGE },
  )
  mock.on({ userMessage: 'weather', hasToolResult: true }, { content: 'It rains in Paris.', usage: USAGE })
  mock.on(
    { userMessage: 'both cities', hasToolResult: false },
    {
      toolCalls: [
        { name: 'get_weather', arguments: '{"city":"Paris"}', id: 'toolu_a' },
        { name: 'get_weather', arguments: '{"city":"Rome"}', id: 'toolu_b' },
      ],
      usage: USAGE,
    },
  )
  mock.onMessage('picture', { content: 'A single pixel.', usage: USAGE })
  mock.onMessage('at length', { content: 'Cut', finishReason: 'length', usage: USAGE })
  mock.onMessage('limited', { error: { message: 'slow down', type: 'rate_limit_error' }, status: 429 })
  await mock.start()
  sluice = await setUp({
    credentials: { anthropic: 'sk-ant-test', google: 'google-test' },
    config: {
      providers: {
        anthropic: { protocol: 'anthropic', baseUrl: `${mock.url}/v1`, credential: 'anthropic' },
        google: { protocol: 'google', baseUrl: `${mock.url}/v1beta`, credential: 'google' },
      },
      models: {
        anthropic: {
          targets: [
            {
              provider: 'anthropic',
              model: 'claude-sonnet-4-5',
              maxOutputTokens: 1024,
              price: { input: 3, output: 15 },
            },
          ],
          retries: 0,
        },
        google: {
          targets: [{ provider: 'google', model: 'gemini-2.5-flash', price: { input: 3, output: 15 } }],
          retries: 0,
        },
      },
    },
    tenants: [{ id: 'app' }],
  })
  client = new OpenAI({ baseURL: `${sluice.url}/v1`, apiKey: sluice.keyOf('app').key, maxRetries: 0 })
})

afterAll(async () => {
  await sluice?.stop()
  await mock?.stop()
})

type Messages = OpenAI.ChatCompletionMessageParam[]
const user = (content: string): Messages => [{ role: 'user', content }]

describe.each([
  { model: 'anthropic', target: 'anthropic/claude-sonnet-4-5' },
  { model: 'google', target: 'google/gemini-2.5-flash' },
])('$model', ({ model, target }) => {
  test('text, whole', async () => {
    const { data, response } = await client.chat.completions.create({ model, messages: user('hello') }).withResponse()
    expect(data.object).toBe('chat.completion')
    expect(data.choices[0]).toMatchObject({
      message: { role: 'assistant', content: 'Hello from the other side.' },
      finish_reason: 'stop',
    })
    expect(response.headers.get('x-sluice-target')).toBe(target)
    // 21 × 3 + 9 × 15 micro-dollars.
    expect(response.headers.get('x-sluice-cost-usd')).toBe('0.000198')
  })

  test('text, streamed, with usage', async () => {
    const chunks = []
    const body = { model, messages: user('hello'), stream: true as const, stream_options: { include_usage: true } }
    for await (const chunk of await client.chat.completions.create(body)) chunks.push(chunk)
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe('Hello from the other side.')
    expect(chunks.at(-1)).toMatchObject({
      object: 'chat.completion.chunk',
      choices: [],
      usage: { prompt_tokens: 21, completion_tokens: 9, total_tokens: 30 },
    })
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1)
  })

  test('usage reaches the row, without being asked for', async () => {
    const { data: stream, response } = await client.chat.completions
      .create({ model, messages: user('hello'), stream: true })
      .withResponse()
    for await (const chunk of stream) expect(chunk.choices.length).toBeGreaterThan(0)
    const row = await sluice.row('app', response.headers.get('x-request-id') ?? '')
    expect(row).toMatchObject({
      outcome: 'finished',
      target,
      costMicroUsd: 198,
      usage: { inputTokens: 21, outputTokens: 9, source: 'provider' },
    })
  })

  test.each(['whole', 'streamed'])('tools round trip, %s', async (form) => {
    const ask = (messages: Messages): Promise<OpenAI.ChatCompletion> => {
      const body = { model, messages, tools: [WEATHER] }
      return form === 'whole'
        ? client.chat.completions.create(body)
        : client.chat.completions.stream(body).finalChatCompletion()
    }
    const question = user('What is the weather?')
    const first = (await ask(question)).choices[0]
    expect(first?.finish_reason).toBe('tool_calls')
    const call = first?.message.tool_calls?.[0]
    if (call?.type !== 'function') throw new Error('no tool call')
    expect(call.function.name).toBe('get_weather')
    expect(JSON.parse(call.function.arguments)).toEqual({ city: 'Paris' })
    const second = await ask([
      ...question,
      { role: 'assistant', tool_calls: [call] },
      { role: 'tool', tool_call_id: call.id, content: 'rain' },
    ])
    expect(second.choices[0]).toMatchObject({ message: { content: 'It rains in Paris.' }, finish_reason: 'stop' })
  })

  test.each(['whole', 'streamed'])('parallel calls, %s: indexes from 0, ids apart', async (form) => {
    const body = { model, messages: user('Weather of both cities?'), tools: [WEATHER] }
    if (form === 'streamed') {
      const indexes = new Set<number>()
      for await (const chunk of await client.chat.completions.create({ ...body, stream: true })) {
        for (const call of chunk.choices[0]?.delta.tool_calls ?? []) indexes.add(call.index)
      }
      expect([...indexes]).toEqual([0, 1])
    }
    const { choices } =
      form === 'whole'
        ? await client.chat.completions.create(body)
        : await client.chat.completions.stream(body).finalChatCompletion()
    const calls = choices[0]?.message.tool_calls ?? []
    expect(calls.map((call) => call.type === 'function' && JSON.parse(call.function.arguments))).toEqual([
      { city: 'Paris' },
      { city: 'Rome' },
    ])
    expect(new Set(calls.map(({ id }) => id)).size).toBe(2)
  })

  test('an image reaches the target', async () => {
    const content = [
      { type: 'text' as const, text: 'What is in this picture?' },
      { type: 'image_url' as const, image_url: { url: `data:image/png;base64,${PIXEL_BASE64}` } },
    ]
    const { choices } = await client.chat.completions.create({ model, messages: [{ role: 'user', content }] })
    expect(choices[0]?.message.content).toBe('A single pixel.')
  })

  test('an answer cut off by its length says so', async () => {
    const { choices } = await client.chat.completions.create({ model, messages: user('at length'), max_tokens: 3 })
    expect(choices[0]?.finish_reason).toBe('length')
  })

  test('what cannot be said is named', async () => {
    const body = { model, messages: user('hello'), logit_bias: { '1': 5 } }
    const { response } = await client.chat.completions.create(body).withResponse()
    expect(response.headers.get('x-sluice-dropped-params')).toContain('logit_bias')
  })

  test('its refusals are told in our words', async () => {
    await expect(client.chat.completions.create({ model, messages: user('limited') })).rejects.toMatchObject({
      status: 429,
      code: 'upstream_rate_limited',
    })
  })
})
