/** Anthropic's bytes as the path reads them: what commits, what ends, what failed, and what was used. */
import { describe, expect, it } from 'vitest'
import { messagesWire } from '../../../src/core/messages/wire.ts'
import type { Usage } from '../../../src/core/usage.ts'
import type { Json } from '../../support/messages-events.ts'
import { recordedEvents, recordedText } from '../../support/recordings.ts'

const NAMES = ['text', 'tool-no-args', 'tool-quoted-input', 'refusal', 'cumulative-usage']
const start = (content_block: Json) => ({ type: 'content_block_start', index: 0, content_block })
const delta = (said: Json) => ({ type: 'content_block_delta', index: 0, delta: said })
const usageAfter = (events: readonly Json[]): Usage | null =>
  events.reduce<Usage | null>((before, event) => messagesWire.usageIn(event, before) ?? before, null)

describe('content', () => {
  it.each([
    start({ type: 'text', text: 'a' }),
    start({ type: 'tool_use', id: 'toolu_1', name: 't', input: {} }),
    start({ type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: {} }),
    start({ type: 'redacted_thinking', data: 'x' }),
    start({ type: 'web_search_tool_result', tool_use_id: 'x', content: [] }),
    delta({ type: 'text_delta', text: ' ' }),
    delta({ type: 'thinking_delta', thinking: 'a' }),
    delta({ type: 'signature_delta', signature: 's' }),
    delta({ type: 'input_json_delta', partial_json: '{' }),
    delta({ type: 'citations_delta', citation: { cited_text: 'x' } }),
    { type: 'message_delta', delta: { stop_reason: 'end_turn' } },
  ])('%j commits', (event) => {
    expect(messagesWire.isContent(event)).toBe(true)
  })

  it.each([
    { type: 'message_start', message: { content: [] } },
    { type: 'ping' },
    start({ type: 'text', text: '', citations: null }),
    start({ type: 'thinking', thinking: '', signature: '' }),
    { type: 'content_block_start' },
    delta({ type: 'text_delta', text: '' }),
    delta({ type: 'input_json_delta', partial_json: '' }),
    { type: 'content_block_delta' },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: null } },
    { type: 'message_stop' },
    'text',
    null,
  ])('%j does not', (event) => {
    expect(messagesWire.isContent(event)).toBe(false)
  })

  it.each(NAMES)('of the recording %s begins after its prologue, and ends once', (name) => {
    const events = recordedEvents(name)
    const first = events.findIndex((event) => messagesWire.isContent(event))
    expect(
      events.slice(0, first).every(({ type }) => /^(message_start|ping|content_block_start)$/.test(`${type}`)),
    ).toBe(true)
    expect(first).toBeGreaterThan(0)
    expect(events.map((event) => messagesWire.isEnd(event)).indexOf(true)).toBe(events.length - 1)
  })
})

describe('usage', () => {
  it('is the last word on each count, never a sum', () => {
    expect(usageAfter(recordedEvents('cumulative-usage'))).toEqual({
      inputTokens: 61,
      cachedInputTokens: 0,
      cacheWriteTokens: 0,
      outputTokens: 2,
      reasoningTokens: 0,
      source: 'provider',
    })
  })

  it('keeps what a later event does not say, or says as null', () => {
    const first = { input_tokens: 5, cache_read_input_tokens: 100, cache_creation_input_tokens: 7, output_tokens: 1 }
    const last = { input_tokens: null, output_tokens: 9, output_tokens_details: { thinking_tokens: 4 } }
    const events = [
      { type: 'message_start', message: { usage: first } },
      { type: 'content_block_stop', index: 0, usage: { output_tokens: 99 } },
      { type: 'message_delta', delta: {}, usage: last },
      { type: 'message_delta', delta: {} },
    ]
    expect(usageAfter(events)).toEqual({
      inputTokens: 5,
      cachedInputTokens: 100,
      cacheWriteTokens: 7,
      outputTokens: 9,
      reasoningTokens: 4,
      source: 'provider',
    })
  })

  it('is read of a whole message, thinking inside output', () => {
    const message = JSON.parse(recordedText('anthropic/thinking-tool-call.json')) as unknown
    expect(messagesWire.usageIn(message, null)).toMatchObject({
      inputTokens: 599,
      outputTokens: 59,
      reasoningTokens: 18,
    })
  })

  it('has no more thinking than output', () => {
    const usage = { input_tokens: 1, output_tokens: 5, output_tokens_details: { thinking_tokens: 9 } }
    expect(messagesWire.usageIn({ type: 'message', usage }, null)?.reasoningTokens).toBe(5)
  })

  it.each([{ type: 'ping' }, { type: 'message', usage: {} }, { type: 'message' }, null, 'x'])(
    '%j has none',
    (value) => {
      expect(messagesWire.usageIn(value, null)).toBeNull()
    },
  )
})

describe('replies', () => {
  it('a message is one, and so is a count of tokens where that was asked', () => {
    const message = { type: 'message', content: [] }
    expect(messagesWire.isReply('chat', message)).toBe(true)
    expect(messagesWire.isReply('chat', { type: 'message' })).toBe(false)
    expect(messagesWire.isReply('chat', { input_tokens: 3 })).toBe(false)
    expect(messagesWire.isReply('count_tokens', { input_tokens: 3 })).toBe(true)
    expect(messagesWire.isReply('count_tokens', message)).toBe(false)
    expect(messagesWire.isReply('chat', null)).toBe(false)
  })

  it('an error is found, whatever the status said', () => {
    const error = JSON.parse(recordedText('anthropic/error-tool-use-id.json')) as Json
    expect(messagesWire.errorIn(error)).toEqual(error.error)
    expect(messagesWire.errorIn({ type: 'error', error: {} })).toEqual({})
    expect(messagesWire.errorIn({ type: 'message', content: [] })).toBeNull()
  })
})
