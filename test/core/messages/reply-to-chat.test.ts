/** Anthropic's replies in the canonical form: nothing of them lost, or nothing kept. Read from real bytes, and back. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MessageEventsToChat, messageToChat } from '../../../src/core/messages/reply-to-chat.ts'
import { Assembly } from '../../../src/core/recall/assembly.ts'
import { MessagesEncoder } from '../../../src/edge/messages/encode-events.ts'
import { messageOf } from '../../../src/edge/messages/encode-whole.ts'
import { accumulated, eventsOf, type Json } from '../../support/messages-events.ts'
import { recordedEvents, recordedText } from '../../support/recordings.ts'

const HEADING = { id: 'x', model: 'alias', createdS: 1 }
const plain = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json

/** The chunks of a stream; null where it cannot be said. */
function chunksOf(events: readonly Json[]): Json[] | null {
  const reader = new MessageEventsToChat()
  const chunks: Json[] = []
  for (const event of events) {
    const made = reader.push(event)
    if (made === null) return null
    chunks.push(...made)
  }
  return chunks
}

function wholeOf(events: readonly Json[]): Json | null {
  const assembly = new Assembly()
  const chunks = chunksOf(events)
  for (const chunk of chunks ?? []) expect(assembly.add(chunk)).toBe(true)
  return chunks === null ? null : plain(assembly.whole(null))
}

/** What of a message comes back: all but what names the one reply, and counts that nobody is charged by. */
function essence({ content, stop_reason, stop_sequence, usage }: Json): Json {
  const counts = ['input_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens', 'output_tokens']
  const { output_tokens_details: details } = usage as { output_tokens_details?: unknown }
  return {
    content: (content as Json[]).map(({ caller: _, citations: __, ...block }) => block),
    stop_reason,
    stop_sequence,
    usage: {
      ...Object.fromEntries(counts.map((name) => [name, (usage as Json)[name] ?? 0])),
      ...(details == null ? {} : { output_tokens_details: details }),
    },
  }
}

/** Through the canonical form and out again, whole and as a stream. */
function returned(chunks: readonly Json[]): Json[] {
  const assembly = new Assembly()
  for (const chunk of chunks) assembly.add(chunk)
  const encoder = new MessagesEncoder(HEADING)
  const text = chunks.map((chunk) => encoder.chunk(chunk)).join('') + encoder.end()
  return [essence(plain(messageOf(plain(assembly.whole(null)), HEADING))), essence(accumulated(eventsOf(text)))]
}

describe('recorded streams', () => {
  it.each(['text', 'tool-no-args', 'tool-quoted-input', 'cumulative-usage'])('%s comes back as it was', (name) => {
    const events = recordedEvents(name)
    const expected = essence(accumulated(events))
    expect(returned(chunksOf(events) ?? [])).toEqual([expected, expected])
  })

  it('says it in OpenAI’s words', () => {
    expect(wholeOf(recordedEvents('tool-no-args'))).toEqual({
      object: 'chat.completion',
      model: 'claude-sonnet-4-5-20250929',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: "I'll update the issue list for you.",
            tool_calls: [
              {
                id: 'toolu_01QE1WLsSVp5hy5Q3GmGTmjP',
                type: 'function',
                function: { name: 'updateIssueList', arguments: '{}' },
              },
            ],
          },
          finish_reason: 'tool_calls',
        },
      ],
      usage: {
        prompt_tokens: 565,
        completion_tokens: 48,
        total_tokens: 613,
        prompt_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 0 },
      },
    })
  })

  it('a refusal with details is not kept', () => {
    expect(chunksOf(recordedEvents('refusal'))).toBeNull()
  })

  it('one that was cut off before its end makes no end', () => {
    const chunks = chunksOf(recordedEvents('text').slice(0, -1)) ?? []
    expect(chunks.at(-1)).toMatchObject({ choices: [{ delta: { content: ' there anything I can help you with?' } }] })
  })
})

it('a recorded whole message with signed thinking comes back as it was', () => {
  const message = JSON.parse(recordedText('anthropic/thinking-tool-call.json')) as Json
  const chat = plain(messageToChat(message))
  expect(chat).toMatchObject({
    choices: [
      {
        message: {
          content: null,
          reasoning_content: 'The user wants me to call checkSandboxErrors immediately.',
          reasoning_details: [
            { type: 'reasoning.text', format: 'anthropic', signature: expect.stringMatching(/^Eq4C/) },
          ],
          tool_calls: [{ id: 'toolu_017R7ACrx7NF7sLDDtvdQ1u9', function: { arguments: '{}' } }],
        },
        finish_reason: 'tool_calls',
      },
    ],
    usage: { prompt_tokens: 599, completion_tokens: 59, completion_tokens_details: { reasoning_tokens: 18 } },
  })
  expect(essence(messageOf(chat, HEADING))).toEqual(essence(message))
})

const USAGE = { input_tokens: 1, output_tokens: 2 }
const message = (content: readonly Json[], more: Json = {}): Json => ({
  ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'claude', content, container: null },
  ...{ stop_reason: 'end_turn', stop_sequence: null, stop_details: null, usage: USAGE, ...more },
})
const TEXT = { type: 'text', text: 'a', citations: null }
const CALL = { type: 'tool_use', id: 'toolu_1', name: 't', input: { a: 1 } }
const choiceOf = (value: Json) => (plain(messageToChat(value)).choices as Json[])[0]

describe('messageToChat', () => {
  it.each([
    ['end_turn', { finish_reason: 'stop' }],
    ['max_tokens', { finish_reason: 'length' }],
    ['model_context_window_exceeded', { finish_reason: 'length' }],
    ['refusal', { finish_reason: 'content_filter' }],
  ])('%s', (stop_reason, end) => {
    expect(choiceOf(message([TEXT], { stop_reason }))).toMatchObject(end)
  })

  it('keeps the stop sequence that was met', () => {
    const met = message([TEXT], { stop_reason: 'stop_sequence', stop_sequence: 'END' })
    expect(choiceOf(met)).toMatchObject({ finish_reason: 'stop', stop_sequence: 'END' })
    expect(essence(messageOf(plain(messageToChat(met)), HEADING))).toEqual(essence(met))
  })

  it('counts what was read from a cache and written to it into the prompt', () => {
    const usage = { ...USAGE, cache_read_input_tokens: 10, cache_creation_input_tokens: 100 }
    expect(messageToChat(message([TEXT], { usage }))?.usage).toMatchObject({
      prompt_tokens: 111,
      prompt_tokens_details: { cached_tokens: 10, cache_write_tokens: 100 },
    })
  })

  it('makes up no arguments of a call that was cut off before its first', () => {
    const cut = message([{ ...CALL, input: {} }], { stop_reason: 'max_tokens' })
    expect(choiceOf(cut)).toMatchObject({ message: { tool_calls: [{ function: { arguments: '' } }] } })
    const first = message([{ ...CALL, input: {} }, CALL], { stop_reason: 'max_tokens' })
    expect(choiceOf(first)).toMatchObject({
      message: { tool_calls: [{ function: { arguments: '{}' } }, { function: { arguments: '{"a":1}' } }] },
    })
  })

  it('keeps thinking without a signature as reasoning, and a signature without thinking as a detail', () => {
    const unsigned = choiceOf(message([{ type: 'thinking', thinking: 'hm', signature: '' }, TEXT]))?.message
    expect(unsigned).toEqual({ role: 'assistant', content: 'a', reasoning_content: 'hm' })
    const omitted = choiceOf(message([{ type: 'thinking', thinking: '', signature: 's' }, TEXT]))?.message
    expect(omitted).toMatchObject({
      reasoning_details: [{ type: 'reasoning.text', format: 'anthropic', text: '', signature: 's' }],
    })
  })

  it.each([
    ['a server tool', message([{ type: 'server_tool_use', id: 's', name: 'web_search', input: {} }])],
    ['its result', message([{ type: 'web_search_tool_result', tool_use_id: 's', content: [] }])],
    ['citations', message([{ ...TEXT, citations: [{ type: 'char_location' }] }])],
    ['a container', message([TEXT], { container: { id: 'c' } })],
    ['edits of the context', message([TEXT], { context_management: { applied_edits: [{}] } })],
    ['a turn that goes on', message([TEXT], { stop_reason: 'pause_turn' })],
    ['an unknown end', message([TEXT], { stop_reason: 'compaction' })],
    ['no end', message([TEXT], { stop_reason: null })],
    ['details of a refusal', message([], { stop_reason: 'refusal', stop_details: { type: 'refusal' } })],
    ['a call by a server tool', message([{ ...CALL, caller: { type: 'code_execution_20250825', tool_id: 's' } }])],
    ['a call of a toolset', message([{ ...CALL, toolset_name: 'browser' }])],
    ['an unknown block', message([{ type: 'compaction', content: 'x' }])],
    ['something new in a known block', message([{ ...TEXT, mood: 'glad' }])],
    ['thinking after text', message([TEXT, { type: 'thinking', thinking: 'b', signature: 's' }])],
    ['text after a call', message([CALL, TEXT])],
    ['two texts', message([TEXT, TEXT])],
    ['no block at all', message([null as unknown as Json])],
    ['redacted thinking without data', message([{ type: 'redacted_thinking' }])],
    ['a call without an id', message([{ type: 'tool_use', name: 't', input: {} }])],
  ])('gives up on %s', (_, value) => {
    expect(messageToChat(value)).toBeNull()
  })
})

describe('MessageEventsToChat', () => {
  const begun = { type: 'message_start', message: { ...message([]), stop_reason: null } }
  const start = (content_block: Json, index = 0) => ({ type: 'content_block_start', index, content_block })
  const delta = (said: Json, index = 0) => ({ type: 'content_block_delta', index, delta: said })
  const stop = { type: 'content_block_stop', index: 0 }

  it.each([
    ['a block before the message', [start(TEXT)]],
    ['two messages', [begun, begun]],
    ['a message that begins with content', [{ type: 'message_start', message: message([TEXT]) }]],
    ['an error', [begun, { type: 'error', error: {} }]],
    ['an unknown event', [begun, { type: 'thread_paused' }]],
    ['a block inside another', [begun, start(TEXT), start(CALL, 1)]],
    ['a delta of another block', [begun, start(TEXT), delta({ type: 'text_delta', text: 'a' }, 1)]],
    ['a delta of another kind', [begun, start(TEXT), delta({ type: 'thinking_delta', thinking: 'a' })]],
    ['a citation', [begun, start(TEXT), delta({ type: 'citations_delta', citation: {} })]],
    ['the end of no block', [begun, stop]],
    ['an end inside a block', [begun, start(TEXT), { type: 'message_stop' }]],
    ['an end without a reason', [begun, start(TEXT), stop, { type: 'message_stop' }]],
    ['a container', [begun, { type: 'message_delta', delta: { stop_reason: 'end_turn', container: { id: 'c' } } }]],
  ])('gives up on %s, for good', (_, events) => {
    const reader = new MessageEventsToChat()
    const made = events.map((event) => reader.push(event as Json))
    expect(made.at(-1)).toBeNull()
    expect(reader.push(begun)).toBeNull()
  })

  it('is over after its end', () => {
    const reader = new MessageEventsToChat()
    for (const event of recordedEvents('text')) expect(reader.push(event)).not.toBeNull()
    expect(reader.push({ type: 'message_stop' })).toBeNull()
  })
})

describe('any message', () => {
  const words = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 })
  const thinking = fc.oneof(
    fc.record({ type: fc.constant('thinking'), thinking: fc.string({ unit: 'binary' }), signature: words }),
    fc.record({ type: fc.constant('redacted_thinking'), data: words }),
  )
  const call = fc.record({
    type: fc.constant('tool_use'),
    id: fc.stringMatching(/^toolu_[0-9][a-zA-Z0-9]{1,10}$/),
    name: words,
    input: fc.dictionary(fc.string(), fc.jsonValue()).map((input) => JSON.parse(JSON.stringify(input)) as Json),
  })
  const count = fc.nat(1000)
  const any = fc
    .record({
      thinking: fc.array(thinking, { maxLength: 3 }),
      text: fc.option(words),
      calls: fc.uniqueArray(call, { maxLength: 3, selector: ({ id }) => id }),
      counts: fc.tuple(count, count, count, count),
    })
    .map(({ thinking, text, calls, counts: [input_tokens, read, written, output_tokens] }) =>
      message([...thinking, ...(text === null ? [] : [{ type: 'text', text }]), ...calls], {
        stop_reason: calls.length > 0 ? 'tool_use' : 'end_turn',
        usage: { input_tokens, cache_read_input_tokens: read, cache_creation_input_tokens: written, output_tokens },
      }),
    )

  /** The events that Anthropic would send of it, its texts cut into pieces of a size. */
  function* events({ content, stop_reason, stop_sequence, usage, ...others }: Json, size: number): Generator<Json> {
    yield {
      type: 'message_start',
      message: { ...others, content: [], usage: { ...(usage as Json), output_tokens: 1 } },
    }
    yield { type: 'ping' }
    for (const [index, block] of (content as Json[]).entries()) {
      const names = { thinking: 'thinking', text: 'text', tool_use: 'partial_json' } as Record<string, string>
      const name = names[String(block.type)]
      const empty = block.type === 'tool_use' ? { input: {} } : name === undefined ? {} : { [name]: '' }
      yield start({ ...block, ...empty, ...(block.type === 'thinking' ? { signature: '' } : {}) }, index)
      const text = block.type === 'tool_use' ? JSON.stringify(block.input) : String(block[name ?? ''] ?? '')
      const kind = block.type === 'tool_use' ? 'input_json_delta' : `${block.type}_delta`
      if (name !== undefined)
        for (const piece of piecesOf(text, size)) yield delta({ type: kind, [name]: piece }, index)
      if (block.type === 'thinking') yield delta({ type: 'signature_delta', signature: block.signature }, index)
      yield { type: 'content_block_stop', index }
    }
    yield { type: 'message_delta', delta: { stop_reason, stop_sequence }, usage }
    yield { type: 'message_stop' }
  }
  const start = (content_block: Json, index: number) => ({ type: 'content_block_start', index, content_block })
  const delta = (said: Json, index: number) => ({ type: 'content_block_delta', index, delta: said })
  const piecesOf = (text: string, size: number): string[] => {
    const points = [...text]
    return points.flatMap((_, at) => (at % size === 0 ? [points.slice(at, at + size).join('')] : []))
  }

  it('says the same whole and as a stream, and comes back as it was', () => {
    fc.assert(
      fc.property(any, fc.integer({ min: 1, max: 5 }), (value, size) => {
        const chunks = chunksOf([...events(value, size)])
        const whole = plain(messageToChat(value))
        expect(wholeOf([...events(value, size)])).toEqual(whole)
        const expected = essence(value)
        expect(essence(plain(messageOf(whole, HEADING)))).toEqual(expected)
        expect(returned(chunks ?? [])).toEqual([expected, expected])
      }),
    )
  })
})
