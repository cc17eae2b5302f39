/** Input items, put together into messages: which belong to one turn, and which stand alone. */
import { describe, expect, it } from 'vitest'
import { messagesOf } from '../../../src/edge/responses/decode-items.ts'
import { markOf } from '../../../src/edge/responses/own-reasoning.ts'

type Json = Record<string, unknown>

function read(input: unknown): { messages: readonly unknown[]; dropped: string[] } {
  const dropped: string[] = []
  return { messages: messagesOf(input, (param) => dropped.push(param)), dropped }
}

const user = { role: 'user', content: 'x' }
const said = (text: string): Json => ({ type: 'message', role: 'assistant', content: [{ type: 'output_text', text }] })
const call = (id: string): Json => ({ type: 'function_call', call_id: id, name: 'f', arguments: '{}' })
const output = (id: string): Json => ({ type: 'function_call_output', call_id: id, output: 'done' })
const thought = (text: string, mark: string = markOf({ details: [], signatures: {} })): Json => ({
  type: 'reasoning',
  id: 'rs',
  summary: [],
  content: [{ type: 'reasoning_text', text }],
  encrypted_content: mark,
})

const chatCall = (id: string) => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } })
const tool = (id: string) => ({ role: 'tool', tool_call_id: id, content: 'done' })
const assistant = (content: string | null, more: Json = {}) => ({ role: 'assistant', content, ...more })

describe('messagesOf', () => {
  it('makes a text the message of a user', () => expect(read('Hi').messages).toEqual([{ role: 'user', content: 'Hi' }]))

  it.each<[string, Json[], unknown[]]>([
    [
      'parallel calls are one message, their results follow',
      [user, call('a'), call('b'), output('a'), output('b')],
      [user, assistant(null, { tool_calls: [chatCall('a'), chatCall('b')] }), tool('a'), tool('b')],
    ],
    [
      'calls one after the other are messages of their own',
      [call('a'), output('a'), call('b'), output('b')],
      [
        assistant(null, { tool_calls: [chatCall('a')] }),
        tool('a'),
        assistant(null, { tool_calls: [chatCall('b')] }),
        tool('b'),
      ],
    ],
    [
      'reasoning, text and calls of one turn are one message',
      [thought('Hm'), said('I look.'), call('a'), output('a')],
      [assistant('I look.', { reasoning_content: 'Hm', tool_calls: [chatCall('a')] }), tool('a')],
    ],
    [
      'what was said after a call stays with it',
      [said('One.'), call('a'), said('Two.'), output('a')],
      [assistant('One.Two.', { tool_calls: [chatCall('a')] }), tool('a')],
    ],
    ['two messages are two', [said('One.'), said('Two.')], [assistant('One.'), assistant('Two.')]],
    [
      'reasoning between calls is of the same turn',
      [thought('a'), call('a'), thought('b'), call('b')],
      [assistant(null, { reasoning_content: 'ab', tool_calls: [chatCall('a'), chatCall('b')] })],
    ],
    ['reasoning that nothing follows is left out', [thought('a'), user], [user]],
    ['an empty text stays one', [{ role: 'assistant', content: '' }, user], [assistant(''), user]],
  ])('%s', (_, input, messages) => expect(read(input)).toEqual({ messages, dropped: [] }))

  it('reads our own reasoning from its content or its summary', () => {
    const summarised = { ...thought(''), summary: [{ type: 'summary_text', text: 'Hm' }] }
    const expected = [assistant('x', { reasoning_content: 'Hm' })]
    for (const content of [[], null, [{ type: 'reasoning_text', text: '' }]])
      expect(read([{ ...summarised, content }, said('x')])).toEqual({ messages: expected, dropped: [] })
    // A client that has both has one text twice.
    const both = { ...summarised, content: [{ type: 'reasoning_text', text: 'Hm' }] }
    expect(read([both, said('x')]).messages).toEqual(expected)
  })

  it('gives thinking and signatures back to who made them, wherever their item stands', () => {
    const details = [{ type: 'reasoning.text', format: 'anthropic', text: 'Hm', signature: 'sig' }]
    const mark = markOf({ details, signatures: { a: 'sa', gone: 'sg' } })
    expect(read([call('a'), thought('Hm', mark), output('a')]).messages).toEqual([
      assistant(null, {
        reasoning_content: 'Hm',
        reasoning_details: details,
        tool_calls: [{ ...chatCall('a'), extra_content: { google: { thought_signature: 'sa' } } }],
      }),
      tool('a'),
    ])
  })

  it.each<[string, Json, string[]]>([
    ["OpenAI's own", { ...thought('Hm'), encrypted_content: 'gAAA' }, ['reasoning.encrypted_content']],
    ['a mark that came back broken', thought('Hm', 'sluice:e30!'), ['reasoning.encrypted_content']],
    ['reasoning of unknown origin', { ...thought('Hm'), encrypted_content: null }, ['reasoning.content']],
    ['an empty item', { type: 'reasoning', id: 'rs', summary: [] }, []],
  ])('leaves out and names %s', (_, item, dropped) =>
    expect(read([item, said('x')])).toEqual({ messages: [assistant('x')], dropped }),
  )

  it.each<[string, Json]>([
    ['input[0]', { type: 'item_reference', id: 'msg_1' }],
    ['input[0].type', { type: 'web_search_call', id: 'ws_1' }],
    ['input[0].type', { type: 'compaction', encrypted_content: 'x' }],
    ['input[0].role', { role: 'critic', content: 'x' }],
    ['input[0].content', { role: 'user', content: 3 }],
    ['input[0].content[0].type', { role: 'system', content: [{ type: 'input_image', image_url: 'https://x.test' }] }],
    ['input[0].call_id', { type: 'function_call', name: 'f', arguments: '{}' }],
    ['input[0].name', { type: 'function_call', call_id: 'a', arguments: '{}' }],
    ['input[0].arguments', { type: 'function_call', call_id: 'a', name: 'f' }],
    ['input[0].input', { type: 'custom_tool_call', call_id: 'a', name: 'f' }],
    ['input[0].call_id', { type: 'function_call_output', output: 'x' }],
    [
      'input[0].output[0].type',
      {
        type: 'function_call_output',
        call_id: 'a',
        output: [{ type: 'input_image', image_url: 'data:image/png;base64,AA' }],
      },
    ],
  ])('faults %s', (param, item) => expect(() => read([item])).toThrow(expect.objectContaining({ param })))

  it('faults what is no item', () => expect(() => read(['x'])).toThrow(expect.objectContaining({ param: 'input[0]' })))
})
