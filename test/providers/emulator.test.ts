/** The bridge over real HTTP against an emulator of the vendors' protocols that nobody here wrote. */
import { LLMock } from '@copilotkit/aimock'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { usageOfOpenai } from '../../src/core/usage.ts'
import { outgoingThrough } from '../../src/lib/outgoing.ts'
import { accumulated, callOf, eventsOf, jsonOf, provider } from './support.ts'

const emulator = new LLMock({ port: 0 })
const usage = { input_tokens: 21, output_tokens: 8, promptTokenCount: 21, candidatesTokenCount: 8 }
const weather = {
  type: 'function',
  function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
}

beforeAll(async () => {
  await emulator.start()
})
afterAll(async () => {
  await emulator.stop()
})
beforeEach(() => {
  emulator.resetMatchCounts()
  emulator.clearRequests()
})

emulator
  .on({ userMessage: 'hello', hasToolResult: false }, { content: 'Hi there, how are you?', usage })
  .on({ userMessage: 'think', hasToolResult: false }, { content: 'Four.', reasoning: 'Two and two.', usage })
  .on(
    { userMessage: 'weather', hasToolResult: false },
    {
      toolCalls: [
        { name: 'weather', arguments: '{"city":"Rome"}', id: 'toolu_a' },
        { name: 'weather', arguments: '{"city":"Oslo"}', id: 'toolu_b' },
      ],
      usage,
    },
  )
  .on({ userMessage: 'weather', hasToolResult: true }, { content: 'Blue in Rome, grey in Oslo.', usage })
  .on({ userMessage: 'describe', hasToolResult: false }, { content: 'A single pixel.', usage })
  .on({ userMessage: 'short', hasToolResult: false }, { content: 'Cut of', finishReason: 'length', usage })

const targets = [
  ['anthropic', '/v1', 'claude-sonnet-4-5'],
  ['google', '/v1beta', 'gemini-2.5-flash'],
] as const

describe.each(targets)('%s', (name, path, model) => {
  const call = (body: Record<string, unknown>) =>
    provider(name).call(callOf({ outgoing: outgoingThrough(), baseUrl: emulator.url + path, model, body }))
  const user = (content: unknown) => [{ role: 'user', content }]

  it('answers whole, with usage', async () => {
    const reply = await call({ messages: user('hello') })
    const completion = await jsonOf(reply)
    expect(reply.status).toBe(200)
    expect(completion).toMatchObject({
      object: 'chat.completion',
      choices: [{ message: { role: 'assistant', content: 'Hi there, how are you?' }, finish_reason: 'stop' }],
    })
    expect(usageOfOpenai(completion.usage)).toMatchObject({ inputTokens: 21, outputTokens: 8, source: 'provider' })
  })

  it('streams, with usage at the end', async () => {
    const reply = await call({ messages: user('hello'), stream: true })
    expect(reply.headers.get('content-type')).toBe('text/event-stream')
    const { chunks, isDone } = await eventsOf(reply)
    const answer = accumulated(chunks)
    expect(isDone).toBe(true)
    expect(answer).toMatchObject({ content: 'Hi there, how are you?', finish: 'stop' })
    expect(usageOfOpenai(answer.usage)).toMatchObject({ inputTokens: 21, outputTokens: 8 })
  })

  it('shows reasoning, whole and streamed', async () => {
    expect(await jsonOf(await call({ messages: user('think') }))).toMatchObject({
      choices: [{ message: { content: 'Four.', reasoning_content: 'Two and two.' } }],
    })
    const { chunks } = await eventsOf(await call({ messages: user('think'), stream: true }))
    expect(accumulated(chunks)).toMatchObject({ content: 'Four.', reasoning: 'Two and two.' })
  })

  it.each([false, true])('goes round with parallel tool calls (stream: %s)', async (stream) => {
    const messages: unknown[] = user('weather')
    const first = await call({ messages, tools: [weather], stream })
    let calls: { id: string; function: { name: string; arguments: string } }[]
    if (stream) {
      const answer = accumulated((await eventsOf(first)).chunks)
      expect(answer.finish).toBe('tool_calls')
      calls = answer.calls.map((made) => ({
        id: String(made.id),
        function: { name: String(made.name), arguments: made.arguments },
      }))
    } else {
      const [choice] = (await jsonOf(first)).choices as {
        message: { tool_calls: typeof calls }
        finish_reason: string
      }[]
      expect(choice?.finish_reason).toBe('tool_calls')
      calls = choice?.message.tool_calls ?? []
    }
    expect(calls.map((made) => JSON.parse(made.function.arguments))).toEqual([{ city: 'Rome' }, { city: 'Oslo' }])
    expect(new Set(calls.map((made) => made.id)).size).toBe(2)

    messages.push({ role: 'assistant', content: null, tool_calls: calls })
    for (const made of calls) messages.push({ role: 'tool', tool_call_id: made.id, content: '{"sky":"blue"}' })
    expect(await jsonOf(await call({ messages, tools: [weather] }))).toMatchObject({
      choices: [{ message: { content: 'Blue in Rome, grey in Oslo.' }, finish_reason: 'stop' }],
    })
  })

  it('takes images', async () => {
    const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
    const content = [
      { type: 'text', text: 'describe' },
      { type: 'image_url', image_url: { url: `data:image/png;base64,${pixel}` } },
    ]
    expect(await jsonOf(await call({ messages: user(content) }))).toMatchObject({
      choices: [{ message: { content: 'A single pixel.' } }],
    })
  })

  it('says that an answer was cut short', async () => {
    const { chunks, isDone } = await eventsOf(await call({ messages: user('short'), stream: true, max_tokens: 3 }))
    expect(isDone).toBe(true)
    expect(accumulated(chunks).finish).toBe('length')
  })

  it.each([
    [429, 'rate_limit_error'],
    [401, 'authentication_error'],
    [500, 'api_error'],
  ])('tells a %i as what it is', async (status, type) => {
    emulator.nextRequestError(status, { message: 'Not now.' })
    const reply = await call({ messages: user('hello'), stream: true })
    expect(reply.status).toBe(status)
    expect(await jsonOf(reply)).toMatchObject({ error: { message: 'Not now.', type } })
  })
})
