/** The official `openai` package on `/v1/responses`, before a target that speaks chat only: whole, streamed, with tools. */
import OpenAI from 'openai'
import { ResponsesToolRunner } from 'openai/helpers/responses-tool-runner'
import { zodTextFormat } from 'openai/helpers/zod'
import { toResponseInputItems } from 'openai/lib/responses/ResponseInputItems'
import type { ResponseCreateParamsNonStreaming, ResponseStreamEvent } from 'openai/resources/responses/responses'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ScriptedOrigin } from '../support/scripted-origin.ts'
import { flow } from '../support/scripts.ts'
import { setUp, type TestSluice } from '../support/sluice.ts'
import { answerChat, saying } from './answering-origin.ts'

const TOOLS = ['get_weather', 'get_time'].map((name) => ({
  type: 'function' as const,
  name,
  description: null,
  strict: false,
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
}))
const PIXEL =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
let origin: ScriptedOrigin
let sluice: TestSluice
let client: OpenAI

beforeAll(async () => {
  origin = await ScriptedOrigin.start()
  origin.on('chat', answerChat).on('endless', flow)
  origin.on('thinks', saying({ reasoning_content: 'Let me see.', content: 'It is 4.' }))
  const urls = ['chat', 'endless', 'thinks'].map((name) => [name, origin.url(name)] as const)
  sluice = await setUp({
    config: {
      providers: {
        ...Object.fromEntries(urls.map(([name, baseUrl]) => [name, { protocol: 'openai', baseUrl }])),
        own: { protocol: 'openai', pool: { replicas: [{ id: 'a', url: origin.url('chat') }] } },
      },
      models: Object.fromEntries(
        ['own', ...urls.map(([name]) => name)].map((name) => [
          name,
          { targets: [{ provider: name, model: `real-${name}` }], retries: 0 },
        ]),
      ),
    },
    tenants: [{ id: 'app' }],
  })
  client = new OpenAI({ baseURL: `${sluice.url}/v1`, apiKey: sluice.keyOf('app').key, maxRetries: 0 })
})

afterAll(async () => {
  await sluice?.stop()
  await origin?.close()
})

const hello = { model: 'chat', input: 'hello' }
/** The body of the last call that the origin saw. */
const asked = (name = 'chat') => origin.calls(name).at(-1)?.json ?? {}

/** All events of a stream, of which it is known that their numbers have no gap and that one response is told of. */
async function streamed(body: ResponseCreateParamsNonStreaming): Promise<ResponseStreamEvent[]> {
  const events: ResponseStreamEvent[] = []
  for await (const told of await client.responses.create({ ...body, stream: true })) events.push(told)
  expect(events.map(({ sequence_number: number }) => number)).toEqual(events.map((_, index) => index))
  expect(new Set(events.flatMap((told) => ('response' in told ? [told.response.id] : []))).size).toBe(1)
  return events
}

/** The names of events in order, repeats left out. */
const order = (events: readonly ResponseStreamEvent[]): string[] =>
  events.map(({ type }) => type.replace('response.', '')).filter((type, index, all) => type !== all[index - 1])

describe('what is asked', () => {
  test('a string', async () => {
    const { data, response } = await client.responses.create(hello).withResponse()
    expect(data).toMatchObject({
      id: expect.stringMatching(/^resp_[0-9a-f]{32}$/),
      object: 'response',
      status: 'completed',
      model: 'chat',
      output_text: 'You said: hello',
      error: null,
      incomplete_details: null,
      store: true,
    })
    expect(response.headers.get('x-sluice-target')).toBe('chat/real-chat')
    expect((data as { _request_id?: string | null })._request_id).toBe(response.headers.get('x-request-id'))
    expect(asked()).toMatchObject({ model: 'real-chat', messages: [{ role: 'user', content: 'hello' }] })
    expect(origin.calls('chat').at(-1)?.path).toBe('/chat/v1/chat/completions')
  })

  test('instructions, a conversation and settings', async () => {
    const settings = { temperature: 0.5, top_p: 0.9, max_output_tokens: 99, metadata: { run: '7' } }
    const reply = await client.responses.create({
      model: 'chat',
      instructions: 'Be brief.',
      input: [
        { role: 'developer', content: 'Speak English.' },
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: 'Hi.' },
        { role: 'user', content: [{ type: 'input_text', text: 'again' }] },
      ],
      store: false,
      ...settings,
    })
    expect(reply).toMatchObject({ ...settings, instructions: 'Be brief.', output_text: 'You said: again' })
    expect(asked()).toMatchObject({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'system', content: 'Speak English.' },
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: 'Hi.' },
        { role: 'user', content: 'again' },
      ],
      temperature: 0.5,
      top_p: 0.9,
      max_completion_tokens: 99,
    })
    for (const absent of ['metadata', 'store', 'input', 'instructions']) expect(asked()).not.toHaveProperty(absent)
  })

  test('an image and a file', async () => {
    const reply = await client.responses.create({
      model: 'chat',
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'What are these?' },
            { type: 'input_image', image_url: PIXEL, detail: 'low' },
            { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,AAAA' },
          ],
        },
      ],
    })
    expect(reply.output_text).toBe('You sent text and image_url and file.')
    expect(asked().messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What are these?' },
          { type: 'image_url', image_url: { url: PIXEL, detail: 'low' } },
          { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AAAA' } },
        ],
      },
    ])
  })

  test.each([
    ['own', { reasoning_content: 'Let me see.' }, null],
    // OpenAI itself refuses the field.
    ['chat', {}, 'reasoning_content'],
  ])('an answer sent back, with its reasoning, to %s', async (model, reasoning, dropped) => {
    const first = await client.responses.create({ ...hello, model: 'thinks' })
    const { response } = await client.responses
      .create({
        model,
        input: [
          { role: 'user', content: 'hello' },
          ...toResponseInputItems(first.output),
          { role: 'user', content: 'more' },
        ],
      })
      .withResponse()
    expect(asked().messages).toEqual([
      { role: 'user', content: 'hello' },
      { role: 'assistant', content: 'It is 4.', ...reasoning },
      { role: 'user', content: 'more' },
    ])
    expect(response.headers.get('x-sluice-dropped-params')).toBe(dropped)
  })

  test('a schema, of Zod', async () => {
    const city = z.object({ city: z.string(), people: z.number() })
    const format = zodTextFormat(city, 'city')
    const reply = await client.responses.parse({ ...hello, text: { format } })
    expect(reply.output_parsed).toEqual({ city: 'Paris', people: 2_100_000 })
    expect(asked()).toMatchObject({
      response_format: { type: 'json_schema', json_schema: { name: 'city', strict: true, schema: format.schema } },
    })
    const stream = client.responses.stream({ ...hello, text: { format } })
    expect((await stream.finalResponse()).output_parsed).toEqual({ city: 'Paris', people: 2_100_000 })
  })
})

describe('streams', () => {
  test('events in order', async () => {
    const events = await streamed(hello)
    expect(order(events)).toEqual([
      'created',
      'in_progress',
      'output_item.added',
      'content_part.added',
      'output_text.delta',
      'output_text.done',
      'content_part.done',
      'output_item.done',
      'completed',
    ])
    const last = events.at(-1)
    expect(last?.type === 'response.completed' && last.response.usage).toMatchObject({
      input_tokens: 11,
      output_tokens: 7,
      total_tokens: 18,
    })
    // One delta for each of the upstream's.
    expect(events.filter(({ type }) => type === 'response.output_text.delta')).toHaveLength(4)
  })

  test('through the helper that puts a stream together', async () => {
    const stream = client.responses.stream(hello)
    const snapshots: string[] = []
    stream.on('response.output_text.delta', ({ snapshot }) => void snapshots.push(snapshot))
    expect(await stream.finalResponse()).toMatchObject({ status: 'completed', output_text: 'You said: hello' })
    expect(snapshots.at(-1)).toBe('You said: hello')
  })

  test('abort stops the upstream', async () => {
    const arriving = origin.next('endless')
    const stream = await client.responses.create({ ...hello, model: 'endless', stream: true })
    const call = await arriving
    for await (const told of stream) if (told.type === 'response.output_text.delta') break
    stream.controller.abort()
    expect((await call.ended).answered).toBe(false)
  })
})

describe('tools', () => {
  const asks = (
    body: Omit<ResponseCreateParamsNonStreaming, 'model' | 'stream'>,
    form: string,
  ): Promise<OpenAI.Responses.Response> =>
    form === 'whole'
      ? client.responses.create({ model: 'chat', ...body })
      : client.responses.stream({ model: 'chat', ...body }).finalResponse()

  test.each(['whole', 'streamed'])('one: call, output, answer, %s', async (form) => {
    const question = { role: 'user' as const, content: 'Weather?' }
    const first = await asks({ input: [question], tools: TOOLS, parallel_tool_calls: false }, form)
    expect(first.output).toMatchObject([
      { type: 'function_call', call_id: 'call_0', name: 'get_weather', arguments: '{"city":"Paris"}' },
    ])
    expect(asked()).toMatchObject({
      tools: [{ type: 'function', function: { name: 'get_weather', strict: false } }, {}],
    })
    const output = { type: 'function_call_output' as const, call_id: 'call_0', output: 'sunny' }
    const second = await asks({ input: toResponseInputItems([question, ...first.output, output]), tools: TOOLS }, form)
    expect(second.output_text).toBe('The tool said sunny.')
    expect(asked().messages).toMatchObject([
      question,
      { role: 'assistant', tool_calls: [{ id: 'call_0', function: { name: 'get_weather' } }] },
      { role: 'tool', tool_call_id: 'call_0', content: 'sunny' },
    ])
  })

  test.each(['whole', 'streamed'])('two at once, %s', async (form) => {
    const { output, status } = await asks({ input: 'Weather?', tools: TOOLS, tool_choice: 'required' }, form)
    expect(status).toBe('completed')
    expect(output).toMatchObject([
      { call_id: 'call_0', name: 'get_weather', arguments: '{"city":"Paris"}', status: 'completed' },
      { call_id: 'call_1', name: 'get_time', arguments: '{"city":"Rome"}', status: 'completed' },
    ])
    expect(asked()).toMatchObject({ tool_choice: 'required' })
  })

  // It looks closely at every item and event before it does anything.
  test.each([{}, { stream: true }, { stream: true, eager: true }])('through the package’s runner, %j', async (how) => {
    const executed: unknown[] = []
    const functions = TOOLS.map((tool) => ({
      tool,
      execute: (input: Record<string, unknown>) => {
        executed.push(input)
        return `${tool.name} of ${input.city}`
      },
    }))
    const reply = await new ResponsesToolRunner({ functions }).run(client, { ...hello, store: false }, how)
    expect(executed).toEqual([{ city: 'Paris' }, { city: 'Rome' }])
    expect(reply.output_text).toBe('The tool said get_time of Rome.')
  })
})
