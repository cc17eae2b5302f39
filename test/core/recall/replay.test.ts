/** Replays: both forms of one record say the same, to our own recorder and to the official SDK. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJson } from '../../../src/core/chat-wire.ts'
import { recordableWhole, StreamRecorder } from '../../../src/core/recall/assemble.ts'
import { eventStreamText, prepare, wholeText } from '../../../src/core/recall/replay.ts'
import { usageOfOpenai } from '../../../src/core/usage.ts'
import { REPLAYED_USAGE, recordedReply, tokensOf } from '../../support/recorded-reply.ts'

type Json = Record<string, unknown>

const FRESH = { id: 'chatcmpl-fresh', createdS: 1_700_000_000 }
const encoder = new TextEncoder()

const text = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
  {
    weight: 4,
    arbitrary: fc.string({
      unit: fc.constantFrom('a', '"', '\n', '🦥', '日', '\u2028', 'data: ', '\\'),
      maxLength: 12,
    }),
  },
  // Longer than one event takes; with a pair of surrogates where it may be cut.
  { weight: 1, arbitrary: fc.nat({ max: 3 }).map((before) => `${'x'.repeat(before)}${'🦥'.repeat(2100)}`) },
)
const name = fc.string({ unit: fc.constantFrom('f', 'g', '_'), minLength: 1, maxLength: 3 })
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const call = fc.oneof(
  fc.record({ type: fc.constant('function'), function: fc.record({ name, arguments: text }) }),
  fc.record({ type: fc.constant('custom'), custom: fc.record({ name, input: text }) }),
)
const calls = fc
  .array(call, { minLength: 1, maxLength: 3 })
  .map((some) => some.map((one, index) => ({ id: `call_${index}`, ...one })))
const message = fc.record({
  role: fc.constant('assistant'),
  content: fc.option(text),
  refusal: optional(fc.option(text)),
  reasoning: optional(text),
  reasoning_content: optional(text),
  annotations: optional(fc.constantFrom<unknown[]>([], [{ type: 'url_citation' }, { type: 'other' }])),
  provider_field: optional(fc.constantFrom<unknown>(1, { a: ['b'] }, null)),
  function_call: optional(fc.record({ name, arguments: text })),
  tool_calls: optional(calls),
})
const choice = fc
  .record({
    message,
    finish_reason: fc.constantFrom('stop', 'tool_calls', 'function_call'),
    scores: fc.constantFrom('none', 'null', 'its own', 'others', 'empty', 'of the refusal'),
    stop_reason: optional(fc.constantFrom(null, 128, 'END')),
    token_ids: optional(fc.constant([1, 2])),
  })
  .map(({ scores, ...one }) => ({ ...one, ...scoresOf(scores, one.message) }))

function scoresOf(kind: string, { content, refusal }: { content: string | null; refusal?: string | null | undefined }) {
  switch (kind) {
    case 'null':
      return { logprobs: null }
    case 'its own':
      return { logprobs: { content: tokensOf(content ?? ''), refusal: null } }
    case 'others':
      return { logprobs: { content: tokensOf('other'.repeat(20)) } }
    case 'of the refusal':
      return { logprobs: { content: null, refusal: tokensOf(refusal ?? '') } }
    case 'empty':
      return { logprobs: {} }
    default:
      return {}
  }
}

/** A whole reply as it is kept. */
const chat = fc
  .record({
    model: fc.constant('m'),
    choices: fc.array(choice, { minLength: 1, maxLength: 2 }),
    usage: fc.constantFrom({ prompt_tokens: 11, completion_tokens: 7, extra: { a: 1 } }),
    system_fingerprint: optional(fc.constantFrom(null, 'fp_1')),
    service_tier: optional(fc.constant('default')),
    prompt_filter_results: optional(fc.constant([{ prompt_index: 0 }])),
  })
  .map(({ choices, ...one }) =>
    reread({ object: 'chat.completion', ...one, choices: choices.map((some, index) => ({ index, ...some })) }),
  )
const completion = fc
  .record({
    model: fc.constant('m'),
    choices: fc.array(
      fc.record({ text, logprobs: optional(fc.constantFrom(null, { tokens: ['a', 'b'], text_offset: [0, 1] })) }),
      { minLength: 1, maxLength: 2 },
    ),
    usage: fc.constant({ prompt_tokens: 1, completion_tokens: 2 }),
  })
  .map(({ choices, ...one }) =>
    reread({
      object: 'text_completion',
      ...one,
      choices: choices.map((some, index) => ({ index, ...some, finish_reason: 'stop' })),
    }),
  )
const chunking = fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 6 })
const shape = fc.record({ lineEnd: fc.constantFrom('\n', '\r\n'), isPretty: fc.boolean() })

/** As JSON has it: undefined members are none, and lone surrogates are what they were. */
function reread(value: Json): Json {
  return JSON.parse(JSON.stringify(value)) as Json
}

function recorded(stream: string, sizes: readonly number[]): unknown {
  const recorder = new StreamRecorder()
  const bytes = encoder.encode(stream)
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    recorder.push(bytes.subarray(at, at + size))
    at += size
  }
  return parseJson(recorder.finish() ?? '')
}

/** The same events, framed in another way. */
function reframed(stream: string, { lineEnd, isPretty }: { lineEnd: string; isPretty: boolean }): string {
  const lines = stream.split('\n').flatMap((line) => {
    if (!isPretty || !line.startsWith('data: {')) return line
    const pretty = JSON.stringify(JSON.parse(line.slice('data: '.length)), null, 1)
    return pretty.split('\n').map((part) => `data: ${part}`)
  })
  return lines.join(lineEnd)
}

describe('the stream of a replay', () => {
  it('comes to the whole again', () => {
    fc.assert(
      fc.property(fc.oneof(chat, completion), chunking, shape, (whole, sizes, frame) => {
        const operation = whole.object === 'chat.completion' ? 'chat' : 'completions'
        expect(recordableWhole(operation, JSON.stringify({ id: 'i', created: 1, ...whole }))).toBe(
          JSON.stringify(whole),
        )
        const stream = eventStreamText(recordedReply(whole, operation), FRESH, true)
        expect(recorded(reframed(stream, frame), sizes)).toEqual(whole)
      }),
      { numRuns: 300 },
    )
  })

  it('is streamed as OpenAI streams', () => {
    const whole = {
      object: 'chat.completion',
      model: 'm',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: 'Hi',
            refusal: null,
            reasoning_content: 'Hm',
            tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
          },
          logprobs: null,
          finish_reason: 'tool_calls',
        },
      ],
      usage: { prompt_tokens: 1, completion_tokens: 2 },
      system_fingerprint: 'fp',
      x_vendor: { id: 1 },
    }
    const events = eventStreamText(recordedReply(whole), FRESH, true).split('\n\n')
    const common = {
      id: 'chatcmpl-fresh',
      created: 1_700_000_000,
      object: 'chat.completion.chunk',
      model: 'm',
      system_fingerprint: 'fp',
    }
    const event = (delta: Json, more: Json = {}) => ({
      ...common,
      choices: [{ index: 0, delta, finish_reason: null, ...more }],
    })
    expect(events.slice(-2)).toEqual(['data: [DONE]', ''])
    expect(events.slice(0, -2).map((one) => parseJson(one.slice('data: '.length)))).toEqual([
      { ...event({ role: 'assistant', content: '', refusal: null }), x_vendor: { id: 1 } },
      event({ reasoning_content: 'Hm' }),
      event({ content: 'Hi' }),
      event({
        tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'f', arguments: '' } }],
      }),
      event({ tool_calls: [{ index: 0, function: { arguments: '{"a":1}' } }] }),
      event({}, { logprobs: null, finish_reason: 'tool_calls' }),
      { ...common, choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } },
    ])
  })

  it('has usage only where it is wanted: as recorded, or else as it was counted', () => {
    const whole = { choices: [{ index: 0, message: { role: 'assistant', content: 'a' }, finish_reason: 'stop' }] }
    expect(eventStreamText(recordedReply({ ...whole, usage: { prompt_tokens: 1 } }), FRESH, false)).not.toContain(
      'usage',
    )
    const usage = eventStreamText(recordedReply(whole), FRESH, true).match(/"usage":(.*)\}/)?.[1]
    expect(usageOfOpenai(parseJson(usage ?? ''))).toEqual(REPLAYED_USAGE)
    expect(parseJson(usage ?? '')).toMatchObject({ prompt_tokens: 11, completion_tokens: 5, total_tokens: 16 })
  })

  it('has no line that a client’s reader would find too long', () => {
    const long = '\u0001'.repeat(100_000)
    const [tool, scores] = [{ id: 'c', type: 'function', function: { name: 'f', arguments: long } }, tokensOf(long)]
    const one = {
      index: 0,
      message: { content: long, reasoning: long, tool_calls: [tool] },
      logprobs: { content: scores },
    }
    const stream = eventStreamText(recordedReply({ choices: [{ ...one, finish_reason: 'stop' }] }), FRESH, true)
    expect(Math.max(...stream.split('\n').map((line) => line.length))).toBeLessThan(32_768)
  })
})

describe('the whole of a replay', () => {
  it('is the recorded text with a fresh id and created', () => {
    fc.assert(
      fc.property(chat, (whole) => {
        const fresh = { id: 'chatcmpl-"1"', createdS: 7 }
        expect(parseJson(wholeText(recordedReply(whole), fresh))).toEqual({ id: fresh.id, created: 7, ...whole })
      }),
    )
  })

  it('has neither where it is embeddings', () => {
    const body = { object: 'list', data: [{ index: 0, embedding: [0.1] }], model: 'm' }
    expect(wholeText(recordedReply(body, 'embeddings'), FRESH)).toBe(JSON.stringify(body))
  })
})

describe('prepare', () => {
  it('gives every replay what is fresh in it, and nothing else', () => {
    const whole = { choices: [{ index: 0, message: { role: 'assistant', content: 'a' }, finish_reason: 'stop' }] }
    const prepared = prepare(recordedReply(whole))
    const [one, other] = [prepared.stream(FRESH, true), prepared.stream({ id: 'other', createdS: 8 }, true)]
    expect(one.replaceAll('chatcmpl-fresh', 'other').replaceAll('1700000000', '8')).toBe(other)
    expect(prepared.stream(FRESH, false)).toBe(eventStreamText(recordedReply(whole), FRESH, false))
    expect(prepared.whole(FRESH)).toBe(wholeText(recordedReply(whole), FRESH))
  })
})

it('streams what binds thinking to its provider right behind that thinking, as it came', () => {
  const details = [
    { type: 'reasoning.text', format: 'anthropic', text: 'One.', signature: 's1' },
    { type: 'reasoning.encrypted', format: 'anthropic', data: 'd1' },
    { type: 'reasoning.text', format: 'anthropic', text: 'Two.', signature: 's2' },
  ]
  const message = { role: 'assistant', content: 'Hi', reasoning_content: 'One.Two.', reasoning_details: details }
  const body = { object: 'chat.completion', model: 'm', choices: [{ index: 0, message, finish_reason: 'stop' }] }
  const stream = eventStreamText(recordedReply(body), FRESH, false)
  const deltas = stream
    .split('\n\n')
    .flatMap((event) => (event.startsWith('data: {') ? [JSON.parse(event.slice(6)).choices[0]?.delta] : []))
  expect(deltas).toEqual([
    { role: 'assistant', content: '' },
    { reasoning_content: 'One.' },
    { reasoning_details: [details[0]] },
    { reasoning_details: [details[1]] },
    { reasoning_content: 'Two.' },
    { reasoning_details: [details[2]] },
    { content: 'Hi' },
    {},
  ])
  const recorder = new StreamRecorder()
  recorder.push(encoder.encode(stream))
  expect(JSON.parse(recorder.finish() ?? 'null').choices[0].message).toEqual(message)
})

it('leaves details of another shape where they were', () => {
  const details = [{ type: 'reasoning.text', text: 'One.', format: 'unknown' }]
  const message = { role: 'assistant', content: 'Hi', reasoning: 'One.', reasoning_details: details }
  const body = { object: 'chat.completion', model: 'm', choices: [{ index: 0, message, finish_reason: 'stop' }] }
  const stream = eventStreamText(recordedReply(body), FRESH, false)
  expect(stream.split('One.')).toHaveLength(3)
  const recorder = new StreamRecorder()
  recorder.push(encoder.encode(stream))
  expect(JSON.parse(recorder.finish() ?? 'null').choices[0].message).toEqual(message)
})
