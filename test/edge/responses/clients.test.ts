/** Clients of Responses that are not OpenAI's own: what they make of our answers, and what they send next. */
import { createOpenAI } from '@ai-sdk/openai'
import { ChatOpenAI } from '@langchain/openai'
import { Agent, tool as agentTool, OpenAIResponsesModel, run, setTracingDisabled } from '@openai/agents'
import { generateText, streamText, tool } from 'ai'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { responsesRequestSchema } from '../../../src/core/responses/schema.ts'
import { decodeResponses } from '../../../src/edge/responses/decode.ts'
import { ResponsesEncoder } from '../../../src/edge/responses/encode-events.ts'
import { wholeResponse } from '../../../src/edge/responses/response-object.ts'
import { type Answer, chunksOf, completionOf } from '../../support/responses-answers.ts'

type Json = Record<string, unknown>

const details = [{ type: 'reasoning.text', format: 'anthropic', text: 'Hm', signature: 'sig' }]
const asks: Answer = {
  reasoning: 'Hm',
  details,
  text: 'I look.',
  refusal: '',
  calls: [
    { id: 'toolu_1', name: 'weather', text: '{"city":"Rome"}', isCustom: false, signature: null },
    { id: 'toolu_2', name: 'weather', text: '{"city":"Oslo"}', isCustom: false, signature: 'gs' },
  ],
  finish: 'tool_calls',
  usage: { prompt_tokens: 10, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 4 } },
}
const tells: Answer = { ...asks, reasoning: '', details: [], text: 'Sunny.', calls: [], finish: 'stop' }
const streaming = {
  size: 3,
  firstIndex: 0,
  usageOnEvery: false,
  hasBlanks: true,
  reasoningName: 'reasoning_content',
  takesTurns: true,
} as const

/** A server of ours that gives one answer after the other, and keeps what it was asked, decoded. */
function server(given: readonly Answer[]): { fetch: typeof globalThis.fetch; asked: Json[] } {
  const asked: Json[] = []
  return {
    asked,
    async fetch(_, init) {
      const request = JSON.parse(String(init?.body)) as Json
      expect(responsesRequestSchema.safeParse(request).error?.issues).toBeUndefined()
      const decoded = decodeResponses(request)
      if (decoded.kind === 'fault') throw new Error(`${decoded.param}: ${decoded.message}`)
      asked.push(decoded.body)
      const heading = { id: `r${asked.length}`, model: 'alias', createdS: 7 }
      const answer = given[asked.length - 1] as Answer
      if (request.stream !== true) return Response.json(wholeResponse(completionOf(answer), request, heading))
      const encoder = new ResponsesEncoder(heading, request)
      const sse =
        chunksOf(answer, streaming)
          .map((chunk) => encoder.chunk(chunk))
          .join('') + encoder.end()
      return new Response(sse, { headers: { 'content-type': 'text/event-stream' } })
    },
  }
}

/** The second question, as the target is asked it: the first answer is there with all that it carried. */
const continued = [
  { role: 'user', content: 'Weather in Rome and Oslo?' },
  expect.objectContaining({
    role: 'assistant',
    content: 'I look.',
    reasoning_details: details,
    tool_calls: [
      { id: 'toolu_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Rome"}' } },
      {
        id: 'toolu_2',
        type: 'function',
        function: { name: 'weather', arguments: '{"city":"Oslo"}' },
        extra_content: { google: { thought_signature: 'gs' } },
      },
    ],
  }),
  { role: 'tool', tool_call_id: 'toolu_1', content: 'sun in Rome' },
  { role: 'tool', tool_call_id: 'toolu_2', content: 'sun in Oslo' },
]

describe('the AI SDK', () => {
  const options = (fetch: typeof globalThis.fetch) => ({
    model: createOpenAI({ apiKey: 'key', baseURL: 'https://sluice.test/v1', fetch }).responses('alias'),
    prompt: 'Weather in Rome and Oslo?',
    maxRetries: 0,
    // Without it the client refers to items by id, as if they were kept.
    providerOptions: { openai: { store: false } },
    tools: {
      weather: tool({
        inputSchema: z.object({ city: z.string() }),
        execute: async ({ city }) => `sun in ${city}`,
      }),
    },
    stopWhen: ({ steps }: { steps: readonly unknown[] }) => steps.length === 2,
  })

  it('goes through a turn of tools, whole', async () => {
    const { fetch, asked } = server([asks, tells])
    const result = await generateText(options(fetch))
    expect(result.text).toBe('Sunny.')
    expect(result.steps[0]).toMatchObject({ text: 'I look.', finishReason: 'tool-calls' })
    expect(result.steps[0]?.usage).toMatchObject({ inputTokens: 10, outputTokens: 5 })
    expect(asked[1]?.messages).toEqual(continued)
  })

  it('goes through a turn of tools, streamed', async () => {
    const { fetch, asked } = server([asks, tells])
    const result = streamText(options(fetch))
    expect(await result.text).toBe('Sunny.')
    const [first] = await result.steps
    expect(first).toMatchObject({ text: 'I look.', finishReason: 'tool-calls' })
    expect(asked[1]?.messages).toEqual(continued)
  })

  it.each(['whole', 'streamed'])('reads reasoning that it asked for, and gives it back: %s', async (form) => {
    const { fetch, asked } = server([asks, tells])
    // What it takes for no model that reasons it asks for no summary.
    const openai = { store: false, forceReasoning: true, reasoningSummary: 'auto' }
    const settings = { ...options(fetch), providerOptions: { openai } }
    const result = form === 'whole' ? await generateText(settings) : streamText(settings)
    const [first] = await result.steps
    expect(first?.reasoningText).toBe('Hm')
    expect(first?.reasoning[0]).toMatchObject({ text: 'Hm' })
    expect(asked[1]?.messages).toEqual(continued)
    expect(asked[1]?.messages).toMatchObject([{}, { reasoning_content: 'Hm' }, {}, {}])
  })
})

describe('LangChain', () => {
  it.each(['whole', 'streamed'])('reads reasoning that it asked for: %s', async (form) => {
    const { fetch } = server([{ ...tells, reasoning: 'Hm.' }])
    const model = new ChatOpenAI({
      // Of no other does it take it that they reason, and then it asks for no summary.
      model: 'o3',
      apiKey: 'key',
      configuration: { baseURL: 'https://sluice.test/v1', fetch },
      useResponsesApi: true,
      reasoning: { summary: 'auto' },
      maxRetries: 0,
    })
    const pieces = []
    if (form === 'streamed') for await (const piece of await model.stream('Hello')) pieces.push(piece)
    const answer = form === 'whole' ? await model.invoke('Hello') : pieces.reduce((sum, piece) => sum.concat(piece))
    expect(answer.contentBlocks).toMatchObject([
      { type: 'reasoning', reasoning: 'Hm.' },
      { type: 'text', text: 'Sunny.' },
    ])
    expect(answer.text).toBe('Sunny.')
  })
})

describe('the Agents SDK', () => {
  it.each([false, true])('goes through a turn of tools (streamed: %s)', async (isStreamed) => {
    setTracingDisabled(true)
    const { fetch, asked } = server([asks, tells])
    const client = new OpenAI({ apiKey: 'key', baseURL: 'https://sluice.test/v1', fetch, maxRetries: 0 })
    const agent = new Agent({
      name: 'Forecaster',
      model: new OpenAIResponsesModel(client, 'alias'),
      tools: [
        agentTool({
          name: 'weather',
          description: 'The weather of a city.',
          parameters: z.object({ city: z.string() }),
          execute: async ({ city }) => `sun in ${city}`,
        }),
      ],
    })
    const question = 'Weather in Rome and Oslo?'
    if (isStreamed) {
      const result = await run(agent, question, { stream: true })
      await result.completed
      expect(result.finalOutput).toBe('Sunny.')
    } else expect((await run(agent, question)).finalOutput).toBe('Sunny.')
    expect(asked[1]?.messages).toEqual(continued)
  })
})
