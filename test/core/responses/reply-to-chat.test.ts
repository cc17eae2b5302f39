/** A Responses target's answers as chat: what they say is all there, and what cannot be said is given up. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Assembly } from '../../../src/core/recall/assembly.ts'
import { ResponseEventsToChat, responseToChat } from '../../../src/core/responses/reply-to-chat.ts'
import { eventsOf } from '../../support/responses-stream.ts'

type Json = Record<string, unknown>

const usage = {
  input_tokens: 10,
  input_tokens_details: { cached_tokens: 4 },
  output_tokens: 7,
  output_tokens_details: { reasoning_tokens: 5 },
  total_tokens: 17,
}
const chatUsage = {
  prompt_tokens: 10,
  completion_tokens: 7,
  total_tokens: 17,
  prompt_tokens_details: { cached_tokens: 4 },
  completion_tokens_details: { reasoning_tokens: 5 },
}

const text = (value: string, more: Json = {}): Json => ({
  type: 'output_text',
  text: value,
  annotations: [],
  logprobs: [],
  ...more,
})
const message = (...content: Json[]): Json => ({
  type: 'message',
  id: 'msg_1',
  role: 'assistant',
  status: 'completed',
  content,
})
const call = (id: string, name: string, args: string): Json => ({
  type: 'function_call',
  id: `fc_${id}`,
  call_id: id,
  name,
  arguments: args,
  status: 'completed',
})
const custom = (id: string, name: string, input: string): Json => ({
  type: 'custom_tool_call',
  id: `ctc_${id}`,
  call_id: id,
  name,
  input,
})
const reasoning = (more: Json): Json => ({ type: 'reasoning', id: 'rs_1', summary: [], ...more })
const response = (output: readonly Json[], more: Json = {}): Json => ({
  id: 'resp_1',
  object: 'response',
  created_at: 1,
  status: 'completed',
  model: 'gpt',
  output,
  usage,
  error: null,
  incomplete_details: null,
  ...more,
})

/** What the canonical reply has as its one choice. */
const choiceOf = (value: Json): unknown => {
  const chat = responseToChat(value) as { choices: unknown[] } | null
  return chat === null ? null : chat.choices[0]
}

/** The chunks of a stream, put together; null where it was given up. */
function assembled(events: readonly Json[]): Json | null {
  const reader = new ResponseEventsToChat()
  const assembly = new Assembly()
  for (const event of events) {
    const chunks = reader.push(event)
    if (chunks === null) return null
    for (const chunk of chunks) expect(assembly.add(JSON.parse(JSON.stringify(chunk)))).toBe(true)
  }
  return JSON.parse(JSON.stringify(assembly.whole(undefined))) as Json
}

describe('responseToChat', () => {
  it('has object, model, choice and usage, and nothing that a replay has its own of', () =>
    expect(responseToChat(response([message(text('Hello'))]))).toEqual({
      object: 'chat.completion',
      model: 'gpt',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Hello', refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: chatUsage,
    }))

  it.each<[string, readonly Json[], Json]>([
    [
      'messages and parts, joined',
      [message(text('a'), text('b')), message(text('c'))],
      { content: 'abc', refusal: null },
    ],
    ['a refusal', [message({ type: 'refusal', refusal: 'No.' })], { content: null, refusal: 'No.' }],
    [
      'calls of both kinds',
      [call('c1', 'f', '{"x":1}'), custom('c2', 'g', 'ls')],
      {
        content: null,
        refusal: null,
        tool_calls: [
          { id: 'c1', type: 'function', function: { name: 'f', arguments: '{"x":1}' } },
          { id: 'c2', type: 'custom', custom: { name: 'g', input: 'ls' } },
        ],
      },
    ],
    [
      'summaries, a paragraph each',
      [
        reasoning({
          summary: [
            { type: 'summary_text', text: 'One' },
            { type: 'summary_text', text: 'Two' },
          ],
        }),
        message(text('x')),
      ],
      { content: 'x', refusal: null, reasoning_content: 'One\n\nTwo' },
    ],
    [
      'reasoning text, and what is encrypted',
      [reasoning({ content: [{ type: 'reasoning_text', text: 'Hm' }], encrypted_content: 'gAAA' }), message(text('x'))],
      {
        content: 'x',
        refusal: null,
        reasoning_content: 'Hm',
        reasoning_details: [{ type: 'reasoning.encrypted', format: 'openai-responses', id: 'rs_1', data: 'gAAA' }],
      },
    ],
    ['nothing at all', [], { content: '', refusal: null }],
  ])('says %s', (_, output, expected) =>
    expect(choiceOf(response(output))).toMatchObject({ message: { role: 'assistant', ...expected } }),
  )

  it('keeps log probabilities', () => {
    const score = { token: 'x', logprob: -1, bytes: [120], top_logprobs: [] }
    expect(choiceOf(response([message(text('x', { logprobs: [score] }))]))).toMatchObject({
      logprobs: { content: [score], refusal: null },
    })
  })

  it.each<[string, Json, string | null]>([
    ['completed', { status: 'completed' }, 'stop'],
    ['out of room', { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }, 'length'],
    ['filtered', { status: 'incomplete', incomplete_details: { reason: 'content_filter' } }, 'content_filter'],
    ['incomplete, and not said why', { status: 'incomplete' }, null],
    ['failed', { status: 'failed' }, null],
    ['running', { status: 'in_progress' }, null],
  ])('ends as it ended: %s', (_, more, reason) => {
    const choice = choiceOf(response([message(text('x'))], more))
    if (reason === null) expect(choice).toBeNull()
    else expect(choice).toMatchObject({ finish_reason: reason })
  })

  it('ends with tool_calls where there are any', () =>
    expect(choiceOf(response([message(text('x')), call('c', 'f', '{}')]))).toMatchObject({
      finish_reason: 'tool_calls',
    }))
})

/** What neither a completion nor its chunks can say. */
const UNSAYABLE: readonly [string, readonly Json[]][] = [
  ["a provider's own tool", [{ type: 'web_search_call', id: 'ws_1', status: 'completed' }, message(text('x'))]],
  ['citations', [message(text('x', { annotations: [{ type: 'url_citation', url: 'https://x.test' }] }))]],
  ['a part that is no text', [message({ type: 'image' })]],
  ['a call without a name', [{ type: 'function_call', id: 'fc', call_id: 'c', arguments: '{}' }]],
  [
    'encrypted reasoning between other output',
    [message(text('x')), reasoning({ encrypted_content: 'g' }), call('c', 'f', '')],
  ],
]

describe('what cannot be said', () => {
  it.each(UNSAYABLE)('gives up a whole reply: %s', (_, output) => expect(responseToChat(response(output))).toBeNull())

  it.each(UNSAYABLE)('gives up a stream: %s', (_, output) => expect(assembled(eventsOf(response(output)))).toBeNull())

  it.each<[string, Json]>([
    ['a failure', { type: 'response.failed', response: response([], { status: 'failed' }) }],
    ['an error', { type: 'error', message: 'm' }],
    ['a citation', { type: 'response.output_text.annotation.added', annotation: {} }],
    ['an end that is none', { type: 'response.incomplete', response: response([], { status: 'incomplete' }) }],
    ['an end without a response', { type: 'response.completed' }],
    ['an item without content', { type: 'response.output_item.added', output_index: 0 }],
    ['a done item without content', { type: 'response.output_item.done', output_index: 0 }],
    ['a part of its own kind', { type: 'response.content_part.added', part: { type: 'audio' } }],
    ['arguments of no call', { type: 'response.function_call_arguments.delta', output_index: 7, delta: 'x' }],
  ])('gives up at %s', (_, event) => expect(new ResponseEventsToChat().push(event)).toBeNull())
})

const outputs = fc
  .record({
    reasoning: fc.option(
      fc.record({
        texts: fc.array(fc.string({ minLength: 1 }), { maxLength: 3 }),
        encrypted: fc.boolean(),
        isSummary: fc.boolean(),
      }),
    ),
    messages: fc.array(fc.record({ text: fc.string({ minLength: 1 }), refusal: fc.string() }), { maxLength: 2 }),
    calls: fc.array(fc.record({ name: fc.constantFrom('f', 'g'), text: fc.string(), isCustom: fc.boolean() }), {
      maxLength: 3,
    }),
  })
  .map(({ reasoning: thought, messages, calls }): readonly Json[] => [
    ...(thought === null
      ? []
      : [
          reasoning({
            summary: thought.isSummary ? thought.texts.map((value) => ({ type: 'summary_text', text: value })) : [],
            content: thought.isSummary ? [] : thought.texts.map((value) => ({ type: 'reasoning_text', text: value })),
            ...(thought.encrypted ? { encrypted_content: 'gAAA' } : {}),
          }),
        ]),
    ...messages.map(({ text: said, refusal }, index) => ({
      ...message(text(said), ...(refusal === '' ? [] : [{ type: 'refusal', refusal }])),
      id: `msg_${index}`,
    })),
    ...calls.map(({ name, text: said, isCustom }, index) => (isCustom ? custom : call)(`c${index}`, name, said)),
  ])

describe('ResponseEventsToChat', () => {
  it('comes to what the whole reply comes to, however its deltas are cut', () => {
    fc.assert(
      fc.property(outputs, fc.integer({ min: 1, max: 5 }), fc.boolean(), (output, size, sendsDeltas) => {
        const value = response(output)
        const whole = responseToChat(value) as { choices: [{ message: Json }] }
        const streamed = assembled(eventsOf(value, { size, sendsDeltas })) as { choices: [{ message: Json }] }
        const plain = ({ choices: [{ message: said, ...choice }], ...rest }: { choices: [{ message: Json }] }) => ({
          ...rest,
          ...choice,
          // Of what was never said, a stream says nothing, and a whole reply that it is null or empty.
          said: Object.fromEntries(Object.entries(said).filter(([, value]) => value !== null && value !== '')),
          logprobs: null,
        })
        expect(plain(streamed)).toEqual(plain(whole))
      }),
      { numRuns: 200 },
    )
  })

  it('streams as it goes: a chunk for each delta, the role on the first, usage last', () => {
    const reader = new ResponseEventsToChat()
    const chunks = eventsOf(response([message(text('Hello'))]), { size: 3 }).flatMap(
      (event) => reader.push(event) ?? [],
    )
    const chunk = (delta: Json, reason: string | null = null) => ({
      object: 'chat.completion.chunk',
      model: 'gpt',
      choices: [{ index: 0, delta, finish_reason: reason }],
    })
    expect(chunks).toEqual([
      chunk({ role: 'assistant', content: 'Hel' }),
      chunk({ content: 'lo' }),
      chunk({}, 'stop'),
      { object: 'chat.completion.chunk', model: 'gpt', choices: [], usage: chatUsage },
    ])
  })

  it('keeps log probabilities', () => {
    const score = { token: 'x', logprob: -1, top_logprobs: [] }
    const delta = { type: 'response.output_text.delta', output_index: 0, delta: 'x', logprobs: [score] }
    expect(new ResponseEventsToChat().push(delta)).toMatchObject([
      { choices: [{ delta: { content: 'x' }, logprobs: { content: [score], refusal: null } }] },
    ])
  })

  it('takes an end without usage, and events unknown to it', () => {
    const reader = new ResponseEventsToChat()
    expect(reader.push({ type: 'response.queued' })).toEqual([])
    expect(reader.push({ type: 'keepalive' })).toEqual([])
    expect(reader.push({ type: 'response.completed', response: response([], { usage: null }) })).toEqual([
      { object: 'chat.completion.chunk', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
    ])
  })
})
