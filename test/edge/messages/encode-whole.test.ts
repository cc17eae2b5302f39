/** A canonical reply as Anthropic's message. */
import { describe, expect, it } from 'vitest'
import { callId, messageOf } from '../../../src/edge/messages/encode-whole.ts'
import { markOf, readMark } from '../../../src/edge/messages/mark.ts'
import { fromAnthropicId, toAnthropicId } from '../../../src/edge/messages/tool-ids.ts'

type Json = Readonly<Record<string, unknown>>

const HEADING = { id: '0a1b', model: 'alias', createdS: 1 }
const completion = (message: Json, finish_reason = 'stop', more: Json = {}): Json => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  model: 'upstream/model',
  choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason }],
  ...more,
})
const contentOf = (message: Json, finish?: string) => messageOf(completion(message, finish), HEADING).content
const call = (id: unknown, args: unknown, more: Json = {}) => ({
  id,
  type: 'function',
  function: { name: 't', arguments: args },
  ...more,
})
const signed = (id: string, signature: string) =>
  call(id, '{}', { extra_content: { google: { thought_signature: signature } } })
const OURS = markOf(new Map())

it('is a message of the alias that was asked for', () => {
  const usage = { prompt_tokens: 3, completion_tokens: 4 }
  expect(messageOf(completion({ content: 'hi' }, 'stop', { usage }), HEADING)).toEqual({
    id: 'msg_0a1b',
    type: 'message',
    role: 'assistant',
    model: 'alias',
    content: [{ type: 'text', text: 'hi' }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 3, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 4 },
  })
})

it('says thinking, then text, then calls', () => {
  const message = { reasoning_content: 'hm', content: 'so', tool_calls: [call('call_1', '{"a":1}')] }
  const reply = messageOf(completion(message, 'tool_calls'), HEADING)
  expect(reply.content).toEqual([
    { type: 'thinking', thinking: 'hm', signature: OURS },
    { type: 'text', text: 'so' },
    { type: 'tool_use', id: toAnthropicId('call_1'), name: 't', input: { a: 1 } },
  ])
  expect(reply.stop_reason).toBe('tool_use')
})

it('keeps Anthropic’s thinking as Anthropic signed it', () => {
  const reasoning_details = [
    { type: 'reasoning.text', format: 'anthropic', text: 'a', signature: 's' },
    { type: 'reasoning.encrypted', format: 'anthropic', data: 'd' },
    { type: 'reasoning.text', format: 'anthropic', text: '', signature: 't' },
  ]
  expect(contentOf({ content: null, reasoning_content: 'a', reasoning_details })).toEqual([
    { type: 'thinking', thinking: 'a', signature: 's' },
    { type: 'redacted_thinking', data: 'd' },
    { type: 'thinking', thinking: '', signature: 't' },
  ])
  expect(contentOf({ reasoning_content: 'b', reasoning_details: reasoning_details.slice(1, 2) })).toEqual([
    { type: 'thinking', thinking: 'b', signature: OURS },
    { type: 'redacted_thinking', data: 'd' },
  ])
})

it('carries thought signatures in the block before their call', () => {
  const calls = [signed('a', 's1'), signed('b', 's2')]
  const marks = (message: Json) =>
    (contentOf(message) as Json[]).map(({ type, signature }) => [type, [...readMark(signature)]])
  expect(marks({ reasoning_content: 'hm', tool_calls: calls })).toEqual([
    ['thinking', [['a', 's1']]],
    ['tool_use', []],
    ['thinking', [['b', 's2']]],
    ['tool_use', []],
  ])
  expect(marks({ content: 'x', tool_calls: calls.slice(0, 1) })).toEqual([
    ['text', []],
    ['thinking', [['a', 's1']]],
    ['tool_use', []],
  ])
  const reasoning_details = [{ type: 'reasoning.text', format: 'anthropic', text: 'a', signature: 's' }]
  expect(marks({ reasoning_details, tool_calls: calls.slice(0, 1) })).toEqual([
    ['thinking', []],
    ['thinking', [['a', 's1']]],
    ['tool_use', []],
  ])
})

describe('input', () => {
  const inputOf = (args: unknown) => (contentOf({ tool_calls: [call('c', args)] }, 'length') as Json[])[0]?.input

  it.each([
    ['{"a":[1,{"b":null}]}', { a: [1, { b: null }] }],
    ['', {}],
    [' ', {}],
    [undefined, {}],
    ['{"path": "a.t', { INVALID_JSON: '{"path": "a.t' }],
    ['"text"', { INVALID_JSON: '"text"' }],
    ['[1]', { INVALID_JSON: '[1]' }],
  ])('of %j makes nothing up', (args, input) => {
    expect(inputOf(args)).toEqual(input)
  })

  it('keeps integers that a double cannot hold', () => {
    expect(JSON.stringify(inputOf('{"id":12345678901234567890}'))).toBe('{"id":12345678901234567890}')
  })
})

it('a refusal is told in words', () => {
  expect(contentOf({ content: null, refusal: 'I cannot.' })).toEqual([{ type: 'text', text: 'I cannot.' }])
})

it('a reply of nothing is a message of nothing', () => {
  expect(messageOf({ choices: [] }, HEADING)).toMatchObject({ content: [], stop_reason: 'end_turn' })
  expect(contentOf({ content: '' })).toEqual([])
})

it('a call without an id gets one of ours, another for each', () => {
  const ids = (contentOf({ tool_calls: [call('', '{}'), call(undefined, '{}')] }) as Json[]).map(({ id }) => String(id))
  expect(ids).toEqual(['toolu_0a1b0', 'toolu_0a1b1'])
  expect(ids.map(fromAnthropicId)).toEqual(ids)
  expect(callId('given', 0, HEADING)).toBe('given')
})
