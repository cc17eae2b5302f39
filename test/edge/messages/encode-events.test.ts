/** A canonical stream as Anthropic's events: to the byte, in their order, and with one end. */
import { MessageStream } from '@anthropic-ai/sdk/lib/MessageStream'
import { describe, expect, it } from 'vitest'
import { refusal } from '../../../src/core/errors.ts'
import { MessagesEncoder } from '../../../src/edge/messages/encode-events.ts'
import { markOf } from '../../../src/edge/messages/mark.ts'
import { toAnthropicId } from '../../../src/edge/messages/tool-ids.ts'
import {
  begin,
  chunk,
  contentFrom,
  end,
  HEADING,
  messageFrom,
  piece,
  typesOf,
  used,
  written,
} from '../../support/messages-chunks.ts'
import { eventsOf } from '../../support/messages-events.ts'

it('writes the events of a text, to the byte', () => {
  const chunks = [
    chunk({ role: 'assistant', content: '' }),
    chunk({ content: 'Hel' }),
    chunk({ content: 'lo "you"\n' }),
    end('stop'),
    used(3, 4),
  ]
  expect(written(chunks)).toBe(
    [
      'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_0a1b","type":"message","role":"assistant","model":"alias","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}}',
      'event: ping\ndata: {"type":"ping"}',
      'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}',
      'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}}',
      'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"lo \\"you\\"\\n"}}',
      'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}',
      'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"input_tokens":3,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":4}}',
      'event: message_stop\ndata: {"type":"message_stop"}',
      '',
    ].join('\n\n'),
  )
})

it('is read by Anthropic’s own client', async () => {
  const chunks = [
    chunk({ reasoning: 'h' }),
    chunk({ reasoning: 'm' }),
    chunk({ content: 'so' }),
    begin(1, 'call_1', 'weather', '{"city":'),
    piece(1, ' "Köln"}'),
    begin(2, 'call_2', 'time'),
    end('tool_calls', {}, { usage: { prompt_tokens: 30, completion_tokens: 9 } }),
  ]
  const lines = eventsOf(written(chunks)).map((event) => `${JSON.stringify(event)}\n`)
  const bytes = new Blob(lines).stream()
  const message = await MessageStream.fromReadableStream(bytes).finalMessage()
  expect(message).toMatchObject({
    content: [
      { type: 'thinking', thinking: 'hm', signature: markOf(new Map()) },
      { type: 'text', text: 'so' },
      { type: 'tool_use', id: toAnthropicId('call_1'), name: 'weather', input: { city: 'Köln' } },
      { type: 'tool_use', id: toAnthropicId('call_2'), name: 'time', input: {} },
    ],
    stop_reason: 'tool_use',
    usage: { input_tokens: 30, output_tokens: 9 },
  })
})

describe('the end', () => {
  it('waits for the usage, wherever it comes', () => {
    const encoder = new MessagesEncoder(HEADING)
    encoder.chunk(chunk({ content: 'a' }, {}, { usage: { prompt_tokens: 1, completion_tokens: 1 } }))
    expect(encoder.chunk({ choices: [] })).toBe('')
    expect(encoder.chunk(end('stop', {}, { usage: null }))).toBe('')
    const last = encoder.chunk({ ...used(5, 6), x: 1 })
    expect(typesOf(last)).toEqual(['content_block_stop', 'message_delta'])
    expect(eventsOf(last)[1]?.usage).toMatchObject({ input_tokens: 5, output_tokens: 6 })
    expect(encoder.chunk(chunk({ content: 'late' }))).toBe('')
    expect(typesOf(encoder.end())).toEqual(['message_stop'])
    expect(encoder.end()).toBe('')
  })

  it('takes the last of many usages', () => {
    const chunks = [1, 2, 3].map((n) => chunk({ content: 'a' }, {}, { usage: used(7, n).usage }))
    expect(messageFrom([...chunks, end('stop')]).usage).toMatchObject({ input_tokens: 7, output_tokens: 3 })
  })

  it('comes without any, and without a reason', () => {
    expect(messageFrom([chunk({ content: 'a' })])).toMatchObject({
      stop_reason: 'end_turn',
      usage: { output_tokens: 0 },
    })
    expect(messageFrom([])).toMatchObject({ content: [], stop_reason: 'end_turn' })
    expect(messageFrom([chunk({}), end('length')])).toMatchObject({ content: [], stop_reason: 'max_tokens' })
  })

  it('names the stop sequence that was met', () => {
    const stopped = messageFrom([chunk({ content: 'a' }), end('stop', { stop_reason: 'END' })])
    expect(stopped).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: 'END' })
  })
})

describe('fail', () => {
  const refused = refusal('overloaded', 'Come "back".')
  const ERROR =
    'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Come \\"back\\"."}}\n\n'

  it('is one event, and nothing follows', () => {
    const encoder = new MessagesEncoder(HEADING)
    encoder.chunk(chunk({ content: 'a' }))
    expect(encoder.fail(refused)).toBe(ERROR)
    expect([encoder.chunk(chunk({ content: 'b' })), encoder.end(), encoder.fail(refused)]).toEqual(['', '', ''])
  })

  it('may come before everything, and in place of the very end', () => {
    expect(new MessagesEncoder(HEADING).fail(refused)).toBe(ERROR)
    const encoder = new MessagesEncoder(HEADING)
    for (const one of [chunk({ content: 'a' }), end('stop'), used(1, 1)]) encoder.chunk(one)
    expect(encoder.fail(refused)).toBe(ERROR)
  })
})

it('passes over what is no chunk of a chat', () => {
  const odd = [
    {},
    { choices: null },
    { choices: [null] },
    { choices: [{ delta: null }] },
    chunk({ tool_calls: [null] }),
  ]
  expect(contentFrom(...odd, chunk({ content: null, refusal: 'No' }), chunk({ refusal: '.' }))).toEqual([
    { type: 'text', text: 'No.' },
  ])
})
