/** Other clients of Anthropic's protocol against a running Sluice: the AI SDK with `@ai-sdk/anthropic`, and LangChain's. */
import { type AnthropicProvider, createAnthropic } from '@ai-sdk/anthropic'
import { ChatAnthropic } from '@langchain/anthropic'
import { type AIMessageChunk, HumanMessage, ToolMessage } from '@langchain/core/messages'
import { tool as langchainTool } from '@langchain/core/tools'
import { generateObject, generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { answerMessages } from './answering-anthropic.ts'
import { answerChat } from './answering-origin.ts'
import { KINDS, type MessagesSetup, PIXEL, setUpMessages } from './messages-setup.ts'

/** Of a model that it does not know the SDK says which bound it takes, unless told. */
const BOUND = { maxOutputTokens: 500 }

let setup: MessagesSetup
let provider: AnthropicProvider

beforeAll(async () => {
  setup = await setUpMessages({ chat: 'openai', claude: 'anthropic' })
  setup.origin.on('chat', answerChat).on('claude', answerMessages)
  provider = createAnthropic({ baseURL: `${setup.sluice.url}/v1`, apiKey: setup.sluice.keyOf('app').key })
})

afterAll(async () => {
  await setup?.stop()
})

describe.each(KINDS)('the AI SDK, at a target that speaks %s', (kind) => {
  const get_weather = tool({
    description: 'Weather of a city',
    inputSchema: jsonSchema<{ city: string }>({
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
    }),
    execute: async ({ city }) => `rain in ${city}`,
  })

  test('generateText', async () => {
    const result = await generateText({ model: provider(kind), prompt: 'hello', ...BOUND })
    expect(result.text).toBe('Hello from the other side.')
    expect(result.finishReason).toBe('stop')
    expect(result.usage).toMatchObject({ inputTokens: 21, outputTokens: 9 })
  })

  test('streamText', async () => {
    const result = streamText({ model: provider(kind), prompt: 'hello', system: 'Be brief.', ...BOUND })
    let said = ''
    for await (const piece of result.textStream) said += piece
    expect(said).toBe('Hello from the other side.')
    expect(await result.finishReason).toBe('stop')
    expect(await result.usage).toMatchObject({ inputTokens: 21, outputTokens: 9 })
  })

  test.each(['whole', 'streamed'])('tools side by side, %s: calls, results, answer', async (form) => {
    const settings = {
      model: provider(kind),
      tools: { get_weather },
      stopWhen: stepCountIs(3),
      ...BOUND,
      prompt: 'Weather of both cities?',
    }
    const result = form === 'whole' ? await generateText(settings) : streamText(settings)
    const [first] = await result.steps
    expect(first?.toolCalls.map(({ input }) => input)).toEqual([{ city: 'Paris' }, { city: 'Rome' }])
    expect(await result.text).toBe('Rain here, sun there.')
  })

  test.each(['whole', 'streamed'])('reasoning, %s', async (form) => {
    const settings = {
      model: provider(kind),
      prompt: 'Please think: 2 + 2?',
      maxOutputTokens: 2048,
      providerOptions: { anthropic: { thinking: { type: 'enabled' as const, budgetTokens: 1024 } } },
    }
    const result = form === 'whole' ? await generateText(settings) : streamText(settings)
    expect(await result.text).toBe('Four.')
    expect(await result.reasoningText).toBe('Two and two.')
  })

  test('an image', async () => {
    const { text } = await generateText({
      model: provider(kind),
      ...BOUND,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is on this picture?' },
            { type: 'file', data: PIXEL, mediaType: 'image/png' },
          ],
        },
      ],
    })
    expect(text).toBe('A single pixel.')
  })

  test('generateObject', async () => {
    const schema = jsonSchema<{ city: string; people: number }>({
      type: 'object',
      properties: { city: { type: 'string' }, people: { type: 'integer' } },
      required: ['city', 'people'],
      additionalProperties: false,
    })
    const { object } = await generateObject({
      model: provider(kind),
      schema,
      ...BOUND,
      prompt: 'The biggest city of France?',
      providerOptions: { anthropic: { structuredOutputMode: 'outputFormat' } },
    })
    expect(object).toEqual({ city: 'Paris', people: 2_100_000 })
  })
})

test.each(['chat', 'claude'])('the AI SDK’s objects by a tool that must be called: %s', async (kind) => {
  const schema = jsonSchema<{ city: string }>({ type: 'object', properties: { city: { type: 'string' } } })
  const { object } = await generateObject({ model: provider(kind), schema, prompt: 'Where?', ...BOUND })
  expect(object).toEqual({ city: 'Paris' })
})

describe.each(KINDS)('LangChain, at a target that speaks %s', (model) => {
  const get_weather = langchainTool(async ({ city }) => `rain in ${city}`, {
    name: 'get_weather',
    description: 'Weather of a city',
    schema: z.object({ city: z.string() }),
  })
  const chat = () =>
    new ChatAnthropic({
      model,
      maxTokens: 100,
      maxRetries: 0,
      apiKey: setup.sluice.keyOf('app').key,
      anthropicApiUrl: setup.sluice.url,
    })

  test('invoke', async () => {
    const message = await chat().invoke('hello')
    expect(message.text).toBe('Hello from the other side.')
    expect(message.usage_metadata).toMatchObject({ input_tokens: 21, output_tokens: 9 })
    expect(message.response_metadata).toMatchObject({ stop_reason: 'end_turn' })
  })

  test('stream', async () => {
    let all: AIMessageChunk | undefined
    let pieces = 0
    for await (const piece of await chat().stream('hello')) {
      pieces += 1
      all = all === undefined ? piece : all.concat(piece)
    }
    expect(pieces).toBeGreaterThan(2)
    expect(all?.text).toBe('Hello from the other side.')
    // It takes input from the first event alone, where only Anthropic knows it, and adds up output over all events.
    expect(all?.usage_metadata).toMatchObject(model === 'anthropic' ? { input_tokens: 21 } : { output_tokens: 9 })
  })

  test.each(['whole', 'streamed'])('bindTools, %s: calls, results, answer', async (form) => {
    const bound = chat().bindTools([get_weather])
    const question = new HumanMessage('Weather of both cities?')
    const ask = async (messages: (HumanMessage | ToolMessage | AIMessageChunk)[]): Promise<AIMessageChunk> => {
      if (form === 'whole') return await bound.invoke(messages)
      let all: AIMessageChunk | undefined
      for await (const piece of await bound.stream(messages)) all = all === undefined ? piece : all.concat(piece)
      if (all === undefined) throw new Error('nothing came')
      return all
    }
    const first = await ask([question])
    expect(first.tool_calls?.map(({ name, args }) => [name, args])).toEqual([
      ['get_weather', { city: 'Paris' }],
      ['get_weather', { city: 'Rome' }],
    ])
    const results = await Promise.all(
      (first.tool_calls ?? []).map(
        async ({ id, args }) =>
          new ToolMessage({ tool_call_id: id ?? '', content: await get_weather.invoke({ city: String(args.city) }) }),
      ),
    )
    expect((await ask([question, first, ...results])).text).toBe('Rain here, sun there.')
  })

  test('an error of ours is one of its own', async () => {
    await expect(chat().invoke('limited')).rejects.toMatchObject({ status: 429 })
  })
})
