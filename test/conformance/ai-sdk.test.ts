/** The AI SDK with `@ai-sdk/openai-compatible` against a running Sluice. */
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { embedMany, generateObject, generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ScriptedOrigin } from '../support/scripted-origin.ts'
import { setUp, type TestSluice } from '../support/sluice.ts'
import { answerChat, answerEmbeddings, vectorOf } from './answering-origin.ts'

let origin: ScriptedOrigin
let sluice: TestSluice
let provider: ReturnType<typeof createOpenAICompatible>

const get_weather = tool({
  description: 'Weather of a city',
  inputSchema: jsonSchema<{ city: string }>({ type: 'object', properties: { city: { type: 'string' } } }),
  execute: async ({ city }) => `rain in ${city}`,
})

beforeAll(async () => {
  origin = await ScriptedOrigin.start()
  origin.on('chat', answerChat).on('embed', answerEmbeddings)
  sluice = await setUp({
    config: {
      providers: {
        chat: { protocol: 'openai', baseUrl: origin.url('chat') },
        embed: { protocol: 'openai', baseUrl: origin.url('embed') },
      },
      models: {
        chat: { targets: [{ provider: 'chat', model: 'm' }] },
        embed: { targets: [{ provider: 'embed', model: 'm' }] },
      },
    },
    tenants: [{ id: 'app' }],
  })
  provider = createOpenAICompatible({
    name: 'sluice',
    baseURL: `${sluice.url}/v1`,
    apiKey: sluice.keyOf('app').key,
    includeUsage: true,
    supportsStructuredOutputs: true,
  })
})

afterAll(async () => {
  await sluice?.stop()
  await origin?.close()
})

test('generateText', async () => {
  const result = await generateText({ model: provider('chat'), prompt: 'hello' })
  expect(result.text).toBe('You said: hello')
  expect(result.finishReason).toBe('stop')
  expect(result.usage).toMatchObject({ inputTokens: 11, outputTokens: 7 })
})

test('streamText', async () => {
  const result = streamText({ model: provider('chat'), prompt: 'hello' })
  let said = ''
  for await (const piece of result.textStream) said += piece
  expect(said).toBe('You said: hello')
  expect(await result.usage).toMatchObject({ inputTokens: 11, outputTokens: 7 })
})

test('generateObject', async () => {
  const schema = jsonSchema<{ city: string; people: number }>({
    type: 'object',
    properties: { city: { type: 'string' }, people: { type: 'integer' } },
    required: ['city', 'people'],
    additionalProperties: false,
  })
  const { object } = await generateObject({ model: provider('chat'), schema, prompt: 'Biggest city of France?' })
  expect(object).toEqual({ city: 'Paris', people: 2_100_000 })
  expect(origin.calls('chat').at(-1)?.json).toMatchObject({ response_format: { type: 'json_schema' } })
})

test.each(['whole', 'streamed'])('tools, %s: call, result, answer', async (form) => {
  const settings = { model: provider('chat'), tools: { get_weather }, stopWhen: stepCountIs(3), prompt: 'Weather?' }
  const result = form === 'whole' ? await generateText(settings) : streamText(settings)
  const steps = await result.steps
  expect(steps[0]?.toolCalls).toMatchObject([{ toolName: 'get_weather', input: { city: 'Paris' } }])
  expect(await result.text).toBe('The tool said rain in Paris.')
})

test('embedMany', async () => {
  const values = ['one', 'three', 'a longer one']
  const { embeddings, usage } = await embedMany({ model: provider.embeddingModel('embed'), values })
  expect(embeddings).toEqual(values.map(vectorOf))
  expect(usage.tokens).toBe(values.join('').length)
})
