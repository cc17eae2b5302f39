/** A message that a client was told, read back. */
import { describe, expect, it } from 'vitest'
import { OWN_MARK } from '../../../src/core/messages/bound.ts'
import { SeenMessage } from '../../../src/edge/kept/seen-message.ts'
import { begin, chunk, end, thought, wholeFrom, written } from '../../support/messages-chunks.ts'
import { eventsOf, type Json } from '../../support/messages-events.ts'

const streamed = (events: readonly Json[]): Json => {
  const message = new SeenMessage()
  for (const event of events) message.push(event)
  return message.completion()
}
const whole = (value: Json): Json => {
  const message = new SeenMessage()
  message.whole(value)
  return message.completion()
}
const messageIn = (completion: Json): Json => (completion.choices as { message: Json }[])[0]?.message ?? {}

describe('what we wrote ourselves', () => {
  const chunks = [
    chunk({ reasoning_content: 'I look it up.' }),
    chunk({ content: 'One moment.' }),
    begin(0, 'call_1', 'look', '{"a":1}', thought('sig')),
    begin(1, 'call_2', 'see', '{}'),
    end('tool_calls'),
  ]
  const expected = {
    role: 'assistant',
    content: 'One moment.',
    reasoning_content: 'I look it up.',
    tool_calls: [
      { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"a":1}' }, ...thought('sig') },
      { id: 'call_2', type: 'function', function: { name: 'see', arguments: '{}' } },
    ],
  }

  it('is the answer of the target again, marks and ids read', () => {
    const completion = streamed(eventsOf(written(chunks)))
    expect(messageIn(completion)).toEqual(expected)
    expect(completion).toMatchObject({ choices: [{ finish_reason: 'tool_calls' }] })
    expect(messageIn(whole(wholeFrom(chunks)))).toEqual(expected)
    expect(JSON.stringify(completion)).not.toContain(OWN_MARK)
  })

  it('is cut where the answer was', () => {
    expect(whole(wholeFrom([chunk({ content: 'so f' }), end('length')]))).toMatchObject({
      choices: [{ finish_reason: 'length', message: { content: 'so f' } }],
    })
  })
})

describe('Anthropic’s own', () => {
  const content = [
    { type: 'thinking', thinking: 'Hm.', signature: 'EqoB' },
    { type: 'redacted_thinking', data: 'xyz' },
    { type: 'server_tool_use', id: 's', name: 'web_search', input: {} },
    { type: 'text', text: 'Yes', citations: [{ url: 'u' }] },
    { type: 'text', text: ', so.' },
    { type: 'tool_use', id: 'toolu_01', name: 't', input: { b: [1] } },
  ]

  it('keeps what is bound to it, and leaves out what nobody else can say', () => {
    const usage = { input_tokens: 3, output_tokens: 4 }
    const completion = whole({ type: 'message', model: 'claude', content, stop_reason: 'tool_use', usage })
    expect(messageIn(completion)).toEqual({
      role: 'assistant',
      content: 'Yes, so.',
      reasoning_content: 'Hm.',
      reasoning_details: [
        { type: 'reasoning.text', format: 'anthropic', text: 'Hm.', signature: 'EqoB' },
        { type: 'reasoning.encrypted', format: 'anthropic', data: 'xyz' },
      ],
      tool_calls: [{ id: 'toolu_01', type: 'function', function: { name: 't', arguments: '{"b":[1]}' } }],
    })
    expect(completion).toMatchObject({ model: 'claude', usage: { prompt_tokens: 3, completion_tokens: 4 } })
  })

  it('has arguments as they were written, also when they were cut off', () => {
    const events = [
      { type: 'message_start', message: { model: 'claude', content: [] } },
      { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', id: 'a', name: 't', input: {} } },
      { type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: '{"b": [1' } },
      { type: 'content_block_delta', index: 7, delta: { type: 'text_delta', text: 'of no block' } },
      { type: 'message_delta', delta: { stop_reason: 'max_tokens' } },
    ]
    expect(streamed(events)).toMatchObject({
      choices: [{ finish_reason: 'length', message: { tool_calls: [{ function: { arguments: '{"b": [1' } }] } }],
    })
  })

  it('counts what it holds', () => {
    const message = new SeenMessage()
    message.push({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } })
    const before = message.heldBytes
    message.push({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'x'.repeat(1000) } })
    expect(message.heldBytes - before).toBeGreaterThanOrEqual(1000)
  })
})
