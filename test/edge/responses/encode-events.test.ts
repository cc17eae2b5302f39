/** The stream of a Response: OpenAI's own client makes of it what the whole Response says, however the deltas were cut. */
import fc from 'fast-check'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { refusal } from '../../../src/core/errors.ts'
import { ResponsesEncoder } from '../../../src/edge/responses/encode-events.ts'
import { wholeResponse } from '../../../src/edge/responses/response-object.ts'
import {
  type Answer,
  answers,
  chunkOf,
  chunksOf,
  completionOf,
  readEvents,
  streamings,
} from '../../support/responses-answers.ts'

type Json = Record<string, unknown>

const heading = { id: 'abc', model: 'alias', createdS: 1700000000 }
const request: Json = { model: 'alias', input: 'Hello', stream: true, tools: [{ type: 'function', name: 'f' }] }
/** The two ways in which reasoning is said. */
const requests = fc.constantFrom<Json>(request, { ...request, reasoning: { effort: 'low', summary: 'auto' } })

function encoded(chunks: readonly Json[], asked: Json = request): string {
  const encoder = new ResponsesEncoder(heading, asked)
  return chunks.map((chunk) => encoder.chunk(chunk)).join('') + encoder.end()
}

/** The stream without the output of its last event. */
function withoutLastOutput(sse: string): string {
  const at = sse.lastIndexOf('event: ')
  const [last] = readEvents(sse.slice(at)) as [Json & { type: string; response: Json }]
  const { output: _, ...response } = last.response
  return `${sse.slice(0, at)}event: ${last.type}\ndata: ${JSON.stringify({ ...last, response })}\n\n`
}

/** What OpenAI's client makes of a stream, without what it adds itself. */
async function accumulated(sse: string): Promise<Json> {
  const client = new OpenAI({
    apiKey: 'key',
    baseURL: 'https://sluice.test/v1',
    maxRetries: 0,
    fetch: async () => new Response(sse, { headers: { 'content-type': 'text/event-stream' } }),
  })
  const final = await client.responses.stream({ model: 'alias', input: 'Hello' }).finalResponse()
  const added = new Set(['output_text', 'output_parsed', 'parsed', 'parsed_arguments', '_request_id'])
  return JSON.parse(JSON.stringify(final, (name, value) => (added.has(name) ? undefined : value))) as Json
}

const plainAnswer: Answer = {
  reasoning: '',
  details: [],
  text: '',
  refusal: '',
  calls: [],
  finish: 'stop',
  usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
}

const typesOf = (sse: string): string[] => readEvents(sse).map(({ type }) => type.replace('response.', ''))

describe('ResponsesEncoder', () => {
  it("is, read by OpenAI's client, what the whole Response is", async () => {
    await fc.assert(
      fc.asyncProperty(answers, streamings, requests, async (answer, streaming, asked) => {
        const { usageOnEvery, ...rest } = streaming
        const whole = wholeResponse(completionOf(answer), asked, heading)
        const sse = encoded(
          chunksOf(answer, { ...rest, usageOnEvery: usageOnEvery && answer.usage !== null, takesTurns: false }),
          asked,
        )
        expect(await accumulated(sse)).toEqual(whole)
        // And where the last event does not say again what the others said.
        expect(await accumulated(withoutLastOutput(sse))).toEqual(whole)
      }),
      { numRuns: 150 },
    )
  })

  it('comes to the same Response however the deltas were cut, and whether calls take turns', () => {
    const last = (answer: Answer, streaming: Parameters<typeof chunksOf>[1], asked: Json) =>
      readEvents(encoded(chunksOf(answer, streaming), asked)).at(-1)?.response
    fc.assert(
      fc.property(
        answers.filter(({ finish, calls }) => calls.length < 2 || !['length', 'content_filter'].includes(finish)),
        streamings,
        requests,
        (answer, streaming, asked) => {
          expect(last(answer, streaming, asked)).toEqual(wholeResponse(completionOf(answer), asked, heading))
        },
      ),
      { numRuns: 300 },
    )
  })

  it('numbers its events from 0 without a gap, begins and ends once, and closes whatever it opened', () => {
    fc.assert(
      fc.property(answers, streamings, requests, (answer, streaming, asked) => {
        const events = readEvents(encoded(chunksOf(answer, streaming), asked))
        expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index))
        const types = events.map(({ type }) => type)
        expect(types.slice(0, 2)).toEqual(['response.created', 'response.in_progress'])
        expect(types.at(-1)).toMatch(/^response\.(completed|incomplete)$/)
        expect(types.filter((type) => /^response\.(created|completed|incomplete|failed)$/.test(type))).toHaveLength(2)
        const { output } = (events.at(-1) as { response: { output: Json[] } } | undefined)?.response ?? { output: [] }
        const done = events.filter(({ type }) => type === 'response.output_item.done')
        expect(done.sort((a, b) => Number(a.output_index) - Number(b.output_index)).map(({ item }) => item)).toEqual(
          output,
        )
        const opened = (name: string) => types.filter((type) => type.endsWith(name)).length
        for (const name of ['output_item', 'content_part', 'reasoning_summary_part'])
          expect(opened(`${name}.added`)).toBe(opened(`${name}.done`))
        expect(opened(asked === request ? 'reasoning_summary_text.delta' : 'reasoning_text.delta')).toBe(0)
        for (const [index, item] of output.entries()) expect(textOf(events, index)).toBe(textOfItem(item))
      }),
      { numRuns: 200 },
    )
  })

  it('tells of a text as OpenAI does', () => {
    const sse = encoded(chunksOf({ ...plainAnswer, text: 'Hello' }, { ...streaming, size: 3 }))
    const place = { item_id: 'msg_abc_0', output_index: 0, content_index: 0 }
    const part = (text: string) => ({ type: 'output_text', text, annotations: [], logprobs: [] })
    const item = { id: 'msg_abc_0', type: 'message', role: 'assistant' }
    expect(readEvents(sse).slice(2, -1)).toEqual([
      {
        type: 'response.output_item.added',
        sequence_number: 2,
        output_index: 0,
        item: { ...item, status: 'in_progress', content: [] },
      },
      { type: 'response.content_part.added', sequence_number: 3, ...place, part: part('') },
      { type: 'response.output_text.delta', sequence_number: 4, ...place, delta: 'Hel', logprobs: [] },
      { type: 'response.output_text.delta', sequence_number: 5, ...place, delta: 'lo', logprobs: [] },
      { type: 'response.output_text.done', sequence_number: 6, ...place, text: 'Hello', logprobs: [] },
      { type: 'response.content_part.done', sequence_number: 7, ...place, part: part('Hello') },
      {
        type: 'response.output_item.done',
        sequence_number: 8,
        output_index: 0,
        item: { ...item, status: 'completed', content: [part('Hello')] },
      },
    ])
  })

  it('tells of reasoning, then calls, in their own events', () => {
    const calls = [
      { id: 'c1', name: 'f', text: '{}', isCustom: false, signature: null },
      { id: 'c2', name: 'g', text: 'ls', isCustom: true, signature: null },
    ]
    expect(typesOf(encoded(chunksOf({ ...plainAnswer, reasoning: 'Hm', calls }, streaming)))).toEqual([
      'created',
      'in_progress',
      'output_item.added',
      'content_part.added',
      'reasoning_text.delta',
      'reasoning_text.done',
      'content_part.done',
      'output_item.done',
      'output_item.added',
      'function_call_arguments.delta',
      'output_item.added',
      'custom_tool_call_input.delta',
      'function_call_arguments.done',
      'output_item.done',
      'custom_tool_call_input.done',
      'output_item.done',
      'completed',
    ])
  })

  it('tells of reasoning as the summary that was asked for', () => {
    const asked = { ...request, reasoning: { summary: 'auto' } }
    const sse = encoded(chunksOf({ ...plainAnswer, reasoning: 'Hm.', text: 'x' }, { ...streaming, size: 2 }), asked)
    expect(typesOf(sse).slice(2, 10)).toEqual([
      'output_item.added',
      'reasoning_summary_part.added',
      'reasoning_summary_text.delta',
      'reasoning_summary_text.delta',
      'reasoning_summary_text.done',
      'reasoning_summary_part.done',
      'output_item.done',
      'output_item.added',
    ])
  })

  it('begins with the first chunk, and says nothing for one that has nothing', () => {
    const encoder = new ResponsesEncoder(heading, request)
    expect(typesOf(encoder.chunk(chunkOf({ role: 'assistant', content: '' })))).toEqual(['created', 'in_progress'])
    for (const delta of [{}, { content: '' }, { content: null }, { tool_calls: [] }, { reasoning_details: [] }])
      expect(encoder.chunk(chunkOf(delta))).toBe('')
    expect(encoder.chunk({ choices: [] })).toBe('')
    expect(encoder.chunk({ choices: ['x'] })).toBe('')
  })

  it('takes the usage that was reported last, and ends without where there was none', () => {
    const usage = (tokens: number) => ({ usage: { prompt_tokens: tokens, completion_tokens: 1 } })
    const of = (chunks: Json[]) => readEvents(encoded(chunks)).at(-1)?.response
    expect(
      of([
        chunkOf({ content: 'x' }, null, usage(1)),
        chunkOf({}, 'stop', usage(2)),
        chunkOf({}, null, { usage: null }),
      ]),
    ).toMatchObject({ usage: { input_tokens: 2, total_tokens: 3 } })
    expect(of([chunkOf({ content: 'x' }, 'stop')])).toMatchObject({ usage: null, status: 'completed' })
  })

  it('ends a stream that never began', () =>
    expect(typesOf(encoded([])).filter((type) => !/part|item|text/.test(type))).toEqual([
      'created',
      'in_progress',
      'completed',
    ]))

  it('keeps log probabilities, with their text or behind it', async () => {
    const score = (token: string) => ({ token, logprob: -1, bytes: [1], top_logprobs: [] })
    const scored = (content: string, tokens: string[]): Json => ({
      choices: [{ index: 0, delta: { content }, logprobs: { content: tokens.map(score), refusal: null } }],
    })
    const response = await accumulated(encoded([scored('ab', ['a', 'b']), scored('', ['c'])]))
    expect(response.output).toMatchObject([
      { content: [{ text: 'ab', logprobs: [score('a'), score('b'), score('c')] }] },
    ])
  })
})

describe('fail', () => {
  const refused = refusal('upstream_failed', 'The answer broke off.')

  it('is one event after what was told, which the client raises', async () => {
    const encoder = new ResponsesEncoder(heading, request)
    const before = encoder.chunk(chunkOf({ content: 'Hel' }))
    const sse = before + encoder.fail(refused, 1500)
    const events = readEvents(sse)
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index))
    expect(events.slice(readEvents(before).length)).toMatchObject([
      {
        type: 'response.failed',
        response: {
          id: 'resp_abc',
          status: 'failed',
          error: { code: 'upstream_failed', message: 'The answer broke off.', retry_after_ms: 1500 },
        },
      },
    ])
    expect(await accumulated(sse)).toMatchObject({ status: 'failed', error: { code: 'upstream_failed' } })
  })

  it('can come first', async () => {
    const sse = new ResponsesEncoder(heading, request).fail(refused, null)
    expect(typesOf(sse)).toEqual(['created', 'failed'])
    expect(await accumulated(sse)).toMatchObject({ status: 'failed' })
  })
})

const streaming = {
  size: 99,
  firstIndex: 0,
  usageOnEvery: false,
  hasBlanks: true,
  reasoningName: 'reasoning_content',
  takesTurns: false,
} as const

/** All deltas of an item, joined. */
const textOf = (events: readonly Json[], index: number): string =>
  events
    .filter(({ type, output_index }) => String(type).endsWith('.delta') && output_index === index)
    .map(({ delta }) => delta)
    .join('')

const textOfItem = ({ content, summary = [], arguments: args, input }: Json): string =>
  String(
    args ??
      input ??
      [...(summary as Json[]), ...(content as Json[])].map(({ text, refusal: refused }) => text ?? refused).join(''),
  )
