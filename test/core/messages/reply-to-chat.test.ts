/** Anthropic's replies in the canonical form: nothing of them lost, or nothing kept. Read from real bytes, and back. */
import { describe, expect, it } from 'vitest'
import { MessageEventsToChat, messageToChat } from '../../../src/core/messages/reply-to-chat.ts'
import { messageOf } from '../../../src/edge/messages/encode-whole.ts'
import { accumulated, type Json } from '../../support/messages-events.ts'
import {
  chunksOf,
  essence,
  HEADING,
  message,
  plain,
  returned,
  USAGE,
  wholeOf,
} from '../../support/messages-returned.ts'
import { recordedEvents, recordedText } from '../../support/recordings.ts'

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
        prompt_tokens_details: { cached_tokens: 0 },
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
