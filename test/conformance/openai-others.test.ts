/** Agents, the AI SDK and LangChain, as they speak to OpenAI, against a running Sluice: on `/v1/responses` and on chat. */
import { createOpenAI } from '@ai-sdk/openai'
import { HumanMessage, ToolMessage } from '@langchain/core/messages'
import { ChatOpenAI } from '@langchain/openai'
import { Agent, tool as agentTool, OpenAIProvider, Runner } from '@openai/agents'
import { generateObject, generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai'
import OpenAI from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ScriptedOrigin } from '../support/scripted-origin.ts'
import { setUp, type TestSluice } from '../support/sluice.ts'
import { answerChat, saying } from './answering-origin.ts'

let origin: ScriptedOrigin
let sluice: TestSluice
let options: { baseURL: string; apiKey: string }

beforeAll(async () => {
  origin = await ScriptedOrigin.start()
  origin.on('chat', answerChat).on('thinks', saying({ reasoning_content: 'Let me see.', content: 'It is 4.' }))
  const names = ['chat', 'thinks']
  sluice = await setUp({
    config: {
      providers: Object.fromEntries(names.map((name) => [name, { protocol: 'openai', baseUrl: origin.url(name) }])),
      models: Object.fromEntries(
        names.map((name) => [name, { targets: [{ provider: name, model: 'm' }], retries: 0 }]),
      ),
    },
    tenants: [{ id: 'app' }],
  })
  options = { baseURL: `${sluice.url}/v1`, apiKey: sluice.keyOf('app').key }
})

afterAll(async () => {
  await sluice?.stop()
  await origin?.close()
})

let before = 0
beforeEach(() => {
  before = origin.calls('chat').length
})
/** The bodies that the chat origin saw in this test. */
const asked = () =>
  origin
    .calls('chat')
    .slice(before)
    .map(({ json }) => json)

/** A second request of two calls, answered: as the target is to see it. */
const continued = [
  { role: 'user' },
  {
    role: 'assistant',
    tool_calls: [
      { id: 'call_0', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Paris"}' } },
      { id: 'call_1', type: 'function', function: { name: 'get_time', arguments: '{"city":"Rome"}' } },
    ],
  },
  { role: 'tool', tool_call_id: 'call_0', content: 'rain in Paris' },
  { role: 'tool', tool_call_id: 'call_1', content: 'noon in Rome' },
]
const city = z.object({ city: z.string() })

describe('@openai/agents', () => {
  const runner = () => {
    const openAIClient = new OpenAI({ ...options, maxRetries: 0 })
    return new Runner({
      modelProvider: new OpenAIProvider({ openAIClient, useResponses: true }),
      tracingDisabled: true,
    })
  }
  const agent = () =>
    new Agent({
      name: 'Forecaster',
      instructions: 'Use the tools.',
      model: 'chat',
      tools: [
        agentTool({
          name: 'get_weather',
          description: 'Weather of a city',
          parameters: city,
          execute: async (input) => `rain in ${input.city}`,
        }),
        agentTool({
          name: 'get_time',
          description: 'Time in a city',
          parameters: city,
          execute: async (input) => `noon in ${input.city}`,
        }),
      ],
    })

  test('two tools, whole', async () => {
    const result = await runner().run(agent(), 'Weather in Paris, time in Rome?')
    expect(result.finalOutput).toBe('The tool said noon in Rome.')
    expect(asked()).toHaveLength(2)
    expect(asked()[1]?.messages).toMatchObject([{ role: 'system', content: 'Use the tools.' }, ...continued])
    expect(result.state.usage).toMatchObject({ requests: 2, inputTokens: 22, outputTokens: 14, totalTokens: 36 })
  })

  test('two tools, streamed', async () => {
    const result = await runner().run(agent(), 'Weather in Paris, time in Rome?', { stream: true })
    let said = ''
    for await (const told of result) {
      if (told.type === 'raw_model_stream_event' && told.data.type === 'output_text_delta') said += told.data.delta
    }
    await result.completed
    expect(said).toBe('The tool said noon in Rome.')
    expect(result.finalOutput).toBe(said)
    expect(asked()[1]?.messages).toMatchObject([{ role: 'system' }, ...continued])
  })

  test('a typed output', async () => {
    const outputType = z.object({ city: z.string(), people: z.number() })
    const typed = new Agent({ name: 'Geographer', model: 'chat', outputType })
    const result = await runner().run(typed, 'Biggest city of France?')
    expect(result.finalOutput).toEqual({ city: 'Paris', people: 2_100_000 })
  })

  test('a conversation goes on from its history', async () => {
    const thinker = new Agent({ name: 'Thinker', model: 'thinks' })
    const first = await runner().run(thinker, '2 + 2?')
    expect(first.finalOutput).toBe('It is 4.')
    const second = await runner().run(new Agent({ name: 'Talker', model: 'chat' }), [
      ...first.history,
      { role: 'user', content: 'Sure?' },
    ])
    expect(second.finalOutput).toBe('You said: Sure?')
    expect(asked()[0]?.messages).toMatchObject([
      { role: 'user', content: '2 + 2?' },
      { role: 'assistant', content: 'It is 4.' },
      { role: 'user', content: 'Sure?' },
    ])
  })
})

describe.each(['responses', 'chat'] as const)('@ai-sdk/openai, its %s model', (kind) => {
  const model = (alias = 'chat') => createOpenAI(options)[kind](alias)
  const inputSchema = jsonSchema<{ city: string }>({ type: 'object', properties: { city: { type: 'string' } } })
  const tools = {
    get_weather: tool({ inputSchema, execute: async (input) => `rain in ${input.city}` }),
    get_time: tool({ inputSchema, execute: async (input) => `noon in ${input.city}` }),
  }
  // Without it the client refers to items of earlier answers by their ids, as if they were kept.
  const providerOptions = { openai: { store: false } }

  test('generateText', async () => {
    const result = await generateText({ model: model(), prompt: 'hello', providerOptions, maxRetries: 0 })
    expect(result.text).toBe('You said: hello')
    expect(result.finishReason).toBe('stop')
    expect(result.usage).toMatchObject({ inputTokens: 11, outputTokens: 7 })
  })

  test('streamText', async () => {
    const result = streamText({ model: model(), prompt: 'hello', providerOptions, maxRetries: 0 })
    let said = ''
    for await (const piece of result.textStream) said += piece
    expect(said).toBe('You said: hello')
    expect(await result.finishReason).toBe('stop')
    expect(await result.usage).toMatchObject({ inputTokens: 11, outputTokens: 7 })
  })

  test('generateObject', async () => {
    const schema = z.object({ city: z.string(), people: z.number() })
    const { object } = await generateObject({ model: model(), schema, prompt: 'Biggest?', providerOptions })
    expect(object).toEqual({ city: 'Paris', people: 2_100_000 })
    expect(asked()[0]).toMatchObject({ response_format: { type: 'json_schema', json_schema: { strict: true } } })
  })

  test.each(['whole', 'streamed'])('two tools, %s: calls, results, answer', async (form) => {
    const settings = {
      model: model(),
      tools,
      stopWhen: stepCountIs(3),
      prompt: 'Both?',
      providerOptions,
      maxRetries: 0,
    }
    const result = form === 'whole' ? await generateText(settings) : streamText(settings)
    expect((await result.steps)[0]?.toolCalls).toMatchObject([
      { toolName: 'get_weather', input: { city: 'Paris' } },
      { toolName: 'get_time', input: { city: 'Rome' } },
    ])
    expect(await result.text).toBe('The tool said noon in Rome.')
    expect(asked()[1]?.messages).toMatchObject(continued)
  })

  test('an unknown model', async () => {
    await expect(generateText({ model: model('none'), prompt: 'hello', maxRetries: 0 })).rejects.toMatchObject({
      statusCode: 404,
      message: expect.stringContaining('none'),
    })
  })
})

test.each(['whole', 'streamed'])('@ai-sdk/openai: reasoning that a summary of was asked for, %s', async (form) => {
  const openai = { store: false, forceReasoning: true, reasoningSummary: 'auto' }
  const settings = { model: createOpenAI(options).responses('thinks'), prompt: '2 + 2?', maxRetries: 0 }
  const asking = { ...settings, providerOptions: { openai } }
  const result = form === 'whole' ? await generateText(asking) : streamText(asking)
  expect(await result.reasoningText).toBe('Let me see.')
  expect(await result.text).toBe('It is 4.')
})

test('@ai-sdk/openai: answers are kept, where it counts on that, and what to do where they are not', async () => {
  const responses = createOpenAI(options).responses('chat')
  const { response } = await generateText({ model: responses, prompt: 'hello', maxRetries: 0 })
  const again = { model: responses, messages: [...response.messages, { role: 'user' as const, content: 'again' }] }
  expect((await generateText({ ...again, maxRetries: 0 })).text).toBe('You said: again')
  const { messages } = response
  const unknown = JSON.parse(JSON.stringify(messages).replace(/msg_[0-9a-f]{32}/g, `msg_${'0'.repeat(32)}`))
  await expect(
    generateText({ ...again, messages: [...unknown, ...again.messages.slice(-1)], maxRetries: 0 }),
  ).rejects.toMatchObject({ statusCode: 400, message: expect.stringContaining('store') })
  const answer = await generateText({ ...again, providerOptions: { openai: { store: false } }, maxRetries: 0 })
  expect(answer.text).toBe('You said: again')
})

describe.each([false, true])('@langchain/openai, useResponsesApi: %s', (useResponsesApi) => {
  const model = (alias = 'chat') =>
    new ChatOpenAI({
      model: alias,
      apiKey: options.apiKey,
      configuration: { baseURL: options.baseURL },
      useResponsesApi,
      maxRetries: 0,
    })
  const tools = ['get_weather', 'get_time'].map((name) => ({
    type: 'function' as const,
    function: { name, parameters: { type: 'object', properties: { city: { type: 'string' } } } },
  }))
  const results = [
    new ToolMessage({ tool_call_id: 'call_0', content: 'rain in Paris' }),
    new ToolMessage({ tool_call_id: 'call_1', content: 'noon in Rome' }),
  ]

  test('invoke', async () => {
    const answer = await model().invoke('hello')
    expect(answer.text).toBe('You said: hello')
    expect(answer.usage_metadata).toMatchObject({ input_tokens: 11, output_tokens: 7, total_tokens: 18 })
    expect(origin.calls('chat').at(-1)?.json).toMatchObject({ messages: [{ role: 'user', content: 'hello' }] })
  })

  test('stream', async () => {
    const pieces = []
    for await (const piece of await model().stream('hello')) pieces.push(piece)
    expect(pieces.map(({ text }) => text).join('')).toBe('You said: hello')
    expect(pieces.filter(({ text }) => text !== '')).toHaveLength(4)
    const whole = pieces.reduce((sum, piece) => sum.concat(piece))
    expect(whole.usage_metadata).toMatchObject({ input_tokens: 11, output_tokens: 7, total_tokens: 18 })
  })

  test.each(['whole', 'streamed'])('bindTools, %s: calls, results, answer', async (form) => {
    const bound = model().bindTools(tools)
    const question = new HumanMessage('Both?')
    const ask = async (messages: Parameters<typeof bound.invoke>[0]) => {
      if (form === 'whole') return await bound.invoke(messages)
      const pieces = []
      for await (const piece of await bound.stream(messages)) pieces.push(piece)
      return pieces.reduce((sum, piece) => sum.concat(piece))
    }
    const first = await ask([question])
    expect(first.tool_calls).toMatchObject([
      { id: 'call_0', name: 'get_weather', args: { city: 'Paris' } },
      { id: 'call_1', name: 'get_time', args: { city: 'Rome' } },
    ])
    expect((await ask([question, first, ...results])).text).toBe('The tool said noon in Rome.')
    expect(asked()[1]?.messages).toMatchObject(continued)
  })

  test('withStructuredOutput', async () => {
    const schema = z.object({ city: z.string(), people: z.number() })
    const structured = model().withStructuredOutput(schema, { name: 'city', method: 'jsonSchema' })
    expect(await structured.invoke('Biggest city of France?')).toEqual({ city: 'Paris', people: 2_100_000 })
  })

  test('an unknown model', async () => {
    await expect(model('none').invoke('hello')).rejects.toMatchObject({ status: 404, code: 'model_not_found' })
  })
})
