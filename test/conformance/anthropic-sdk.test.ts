/** `@anthropic-ai/sdk` against a running Sluice, whatever its targets speak: what an app does with Claude works unchanged. */
import Anthropic from '@anthropic-ai/sdk'
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answerMessages, SIGNATURE } from './answering-anthropic.ts'
import { answerChat } from './answering-origin.ts'
import { KINDS, type MessagesSetup, PAGE, PIXEL, setUpMessages } from './messages-setup.ts'

const WEATHER: Anthropic.Tool = {
  name: 'get_weather',
  description: 'Weather of a city',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
}
const TIME: Anthropic.Tool = { ...WEATHER, name: 'get_time' }

let setup: MessagesSetup
let client: Anthropic

beforeAll(async () => {
  setup = await setUpMessages({ chat: 'openai', claude: 'anthropic' })
  setup.origin.on('chat', answerChat).on('claude', answerMessages)
  client = new Anthropic({ baseURL: setup.sluice.url, apiKey: setup.sluice.keyOf('app').key, maxRetries: 0 })
})

afterAll(async () => {
  await setup?.stop()
})

type Turns = Anthropic.MessageParam[]
const user = (content: Anthropic.MessageParam['content']): Turns => [{ role: 'user', content }]
const textOf = ({ content }: Anthropic.Message): string =>
  content.map((block) => (block.type === 'text' ? block.text : '')).join('')
const callsOf = ({ content }: Anthropic.Message) => content.filter((block) => block.type === 'tool_use')
/** The same question, whole or put together from a stream. */
const ask = (form: string, body: Anthropic.MessageCreateParamsNonStreaming): Promise<Anthropic.Message> =>
  form === 'whole' ? client.messages.create(body) : client.messages.stream(body).finalMessage()
const asked = (name: string) => setup.origin.calls(name).at(-1)?.json ?? {}

describe.each(KINDS)('a target that speaks %s', (model) => {
  const base = { model, max_tokens: 512 }

  test('text, whole', async () => {
    const { data, response, request_id } = await client.messages
      .create({ ...base, messages: user('hello') })
      .withResponse()
    expect(data).toMatchObject({
      type: 'message',
      role: 'assistant',
      content: [{ type: 'text', text: 'Hello from the other side.' }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 21, output_tokens: 9 },
    })
    expect(data.id).toMatch(/^msg_/)
    expect(response.headers.get('x-sluice-target')).toMatch(new RegExp(`^${model}/`))
    // 21 × 3 + 9 × 15 micro-dollars.
    expect(response.headers.get('x-sluice-cost-usd')).toBe('0.000198')
    expect(request_id).toBe(response.headers.get('x-request-id'))
  })

  test('text, streamed: the helper’s events', async () => {
    const stream = client.messages.stream({ ...base, messages: user('hello') })
    const heard: string[] = []
    let said = ''
    stream.on('text', (delta, snapshot) => {
      said += delta
      expect(snapshot).toBe(said)
    })
    for (const name of ['connect', 'contentBlock', 'message', 'finalMessage', 'end'] as const)
      stream.on(name, () => heard.push(name))
    expect(await stream.finalText()).toBe('Hello from the other side.')
    expect(said).toBe('Hello from the other side.')
    await stream.done()
    expect(heard).toEqual(['connect', 'contentBlock', 'message', 'finalMessage', 'end'])
    expect(await stream.finalMessage()).toMatchObject({
      stop_reason: 'end_turn',
      usage: { input_tokens: 21, output_tokens: 9 },
    })
    expect(stream.request_id).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('text, streamed: raw events, in Anthropic’s order, and the row', async () => {
    const { data, response } = await client.messages
      .create({ ...base, messages: user('hello'), stream: true })
      .withResponse()
    const types: string[] = []
    for await (const event of data) if (event.type !== types.at(-1)) types.push(event.type)
    expect(types).toEqual([
      ...['message_start', 'content_block_start', 'content_block_delta', 'content_block_stop'],
      ...['message_delta', 'message_stop'],
    ])
    expect(await setup.sluice.row('app', response.headers.get('x-request-id') ?? '')).toMatchObject({
      outcome: 'finished',
      costMicroUsd: 198,
      usage: { inputTokens: 21, outputTokens: 9, source: 'provider' },
    })
  })

  test.each(['whole', 'streamed'])('a tool, %s: call, result, answer', async (form) => {
    const messages = user('What is the weather?')
    const first = await ask(form, { ...base, messages, tools: [WEATHER] })
    expect(first.stop_reason).toBe('tool_use')
    const [call] = callsOf(first)
    expect(call).toMatchObject({ name: 'get_weather', input: { city: 'Paris' } })
    expect(call?.id).toMatch(/^toolu_[A-Za-z0-9_-]+$/)
    messages.push({ role: 'assistant', content: first.content })
    messages.push({ role: 'user', content: [{ type: 'tool_result', tool_use_id: call?.id ?? '', content: 'rain' }] })
    const second = await ask(form, { ...base, messages, tools: [WEATHER] })
    expect(textOf(second)).toBe('It rains in Paris.')
    expect(second.stop_reason).toBe('end_turn')
  })

  test.each([false, true])('the tool runner, streaming: %s, runs tools side by side', async (stream) => {
    const cities: string[] = []
    const get_weather = betaTool({
      name: 'get_weather',
      description: 'Weather of a city',
      inputSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
      run: ({ city }) => {
        cities.push(String(city))
        return `${city}: rain`
      },
    })
    const runner = client.beta.messages.toolRunner({
      ...base,
      messages: [{ role: 'user', content: 'Weather of both cities?' }],
      tools: [get_weather],
      stream,
    })
    const { content } = await runner.runUntilDone()
    expect(content).toMatchObject([{ type: 'text', text: 'Rain here, sun there.' }])
    expect(cities).toEqual(['Paris', 'Rome'])
  })

  test.each([
    ['picture', 'image', 'image/png', PIXEL, 'A single pixel.'],
    ['page', 'document', 'application/pdf', PAGE, 'An empty page.'],
  ])('a %s', async (what, type, media_type, data, answer) => {
    const source = { type: 'base64', media_type, data }
    const content = [
      { type, source },
      { type: 'text', text: `What is on this ${what}?` },
    ] as Anthropic.ContentBlockParam[]
    expect(textOf(await client.messages.create({ ...base, messages: user(content) }))).toBe(answer)
    expect(JSON.stringify(setup.emulator.getLastRequest()?.body)).toContain(`on this ${what}`)
  })

  test.each(['whole', 'streamed'])('thinking, %s, and the turn after it', async (form) => {
    const thinking = { type: 'enabled' as const, budget_tokens: 1024 }
    const messages = user('Please think: 2 + 2?')
    const first = await ask(form, { model, max_tokens: 4096, thinking, messages })
    expect(first.content).toMatchObject([
      { type: 'thinking', thinking: 'Two and two.', signature: expect.stringMatching(/./) },
      { type: 'text', text: 'Four.' },
    ])
    messages.push({ role: 'assistant', content: first.content }, { role: 'user', content: 'hello' })
    expect(textOf(await ask(form, { model, max_tokens: 4096, thinking, messages }))).toBe('Hello from the other side.')
  })

  test.each(['whole', 'streamed'])('an answer cut off by its length says so, %s', async (form) => {
    const { stop_reason } = await ask(form, { ...base, max_tokens: 3, messages: user('Answer at length.') })
    expect(stop_reason).toBe('max_tokens')
  })

  test('its rate limit is told in our words', async () => {
    const error = await client.messages
      .create({ ...base, messages: user('limited') })
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Anthropic.RateLimitError)
    expect(error).toMatchObject({ type: 'rate_limit_error', requestID: expect.stringMatching(/^[0-9a-f-]{36}$/) })
  })
})

describe('what an OpenAI-protocol target is asked', () => {
  const base = { model: 'chat', max_tokens: 512 }

  test('system blocks, images, files and the rest in its words; what it has none for is named', async () => {
    // Of older versions of the SDK.
    const sampling = { temperature: 0.5, top_k: 7 }
    const { response } = await client.messages
      .create({
        ...base,
        system: [
          { type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } },
          { type: 'text', text: 'Be kind.' },
        ],
        messages: user([
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } },
          { type: 'document', title: 'a.pdf', source: { type: 'base64', media_type: 'application/pdf', data: PAGE } },
          { type: 'text', text: 'What are these?' },
        ]),
        ...sampling,
        stop_sequences: ['END'],
        metadata: { user_id: 'u-1' },
      })
      .withResponse()
    expect(asked('chat')).toEqual({
      model: 'real-chat',
      messages: [
        {
          role: 'system',
          content: [
            { type: 'text', text: 'Be brief.' },
            { type: 'text', text: 'Be kind.' },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } },
            { type: 'file', file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${PAGE}` } },
            { type: 'text', text: 'What are these?' },
          ],
        },
      ],
      max_tokens: 512,
      temperature: 0.5,
      stop: ['END'],
      user: 'u-1',
    })
    expect(response.headers.get('x-sluice-dropped-params')?.split(', ').sort()).toEqual(['cache_control', 'top_k'])
  })

  test.each(['whole', 'streamed'])('parallel tools, %s: ids of its own make the round trip', async (form) => {
    const messages = user('Both?')
    const first = await ask(form, { ...base, messages, tools: [WEATHER, TIME] })
    const calls = callsOf(first)
    expect(calls.map(({ name, input }) => [name, input])).toEqual([
      ['get_weather', { city: 'Paris' }],
      ['get_time', { city: 'Rome' }],
    ])
    messages.push({ role: 'assistant', content: first.content })
    messages.push({
      role: 'user',
      content: calls.map(({ id }) => ({
        type: 'tool_result' as const,
        tool_use_id: id,
        content: 'sunny',
        is_error: true,
      })),
    })
    expect(textOf(await ask(form, { ...base, messages, tools: [WEATHER, TIME] }))).toBe('The tool said Error: sunny.')
    const [, turn, ...results] = asked('chat').messages as Record<string, unknown>[]
    expect(turn?.tool_calls).toMatchObject([{ id: 'call_0' }, { id: 'call_1' }])
    expect(results.map(({ role, tool_call_id }) => [role, tool_call_id])).toEqual([
      ['tool', 'call_0'],
      ['tool', 'call_1'],
    ])
  })

  test('one tool at a time, and a choice of it', async () => {
    const tool_choice = { type: 'tool' as const, name: 'get_weather', disable_parallel_tool_use: true }
    const reply = await client.messages.create({
      ...base,
      messages: user('Both?'),
      tools: [WEATHER, TIME],
      tool_choice,
    })
    expect(callsOf(reply)).toHaveLength(1)
    expect(asked('chat')).toMatchObject({
      parallel_tool_calls: false,
      tool_choice: { type: 'function', function: { name: 'get_weather' } },
    })
  })
})

describe('an Anthropic target', () => {
  const base = { model: 'claude', max_tokens: 2048 }
  const thinking = { type: 'enabled' as const, budget_tokens: 1024 }

  test.each(['whole', 'streamed'])('signed thinking comes back to it before the result of a call, %s', async (form) => {
    const messages = user('Weather?')
    const first = await ask(form, { ...base, thinking, messages, tools: [WEATHER] })
    expect(first.content[0]).toEqual({ type: 'thinking', thinking: 'Let me see. ', signature: SIGNATURE })
    const content = callsOf(first).map(({ id }) => ({ type: 'tool_result' as const, tool_use_id: id, content: 'rain' }))
    messages.push({ role: 'assistant', content: first.content }, { role: 'user', content })
    expect(textOf(await ask(form, { ...base, thinking, messages, tools: [WEATHER] }))).toBe('The tool said rain.')
    expect(asked('claude')).toMatchObject({ thinking, messages })
  })

  test.each(['whole', 'streamed'])('a stop sequence is told, %s', async (form) => {
    const reply = await ask(form, { ...base, stop_sequences: ['END'], messages: user('hi') })
    expect(reply).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: 'END' })
  })

  test('cached prompts are counted as it counts them', async () => {
    const system = [{ type: 'text' as const, text: 'Be brief.', cache_control: { type: 'ephemeral' as const } }]
    const { usage } = await client.messages.create({ ...base, system, messages: user('hi') })
    expect(usage).toMatchObject({ input_tokens: 21, cache_creation_input_tokens: 3, cache_read_input_tokens: 5 })
    expect(asked('claude')).toMatchObject({ system })
  })
})
