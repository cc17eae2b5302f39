/** Turns as messages: results before the rest, thinking to whom it is of use, and nothing empty. */
import { describe, expect, it } from 'vitest'
import { messagesOf } from '../../../src/edge/messages/decode-turns.ts'
import { markOf } from '../../../src/edge/messages/mark.ts'
import { toAnthropicId } from '../../../src/edge/messages/tool-ids.ts'

type Json = Readonly<Record<string, unknown>>

const text = (said: string) => ({ type: 'text', text: said })
const cache_control = { type: 'ephemeral' }
const use = (id: string, input: unknown = {}, more: Json = {}) => ({ type: 'tool_use', id, name: 't', input, ...more })
const result = (id: string, content?: unknown, more: Json = {}) => ({
  type: 'tool_result',
  tool_use_id: id,
  content,
  ...more,
})
const IMAGE = { type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } }
const IMAGE_PART = { type: 'image_url', image_url: { url: 'https://x.test/a.png' } }

function read(messages: unknown, system?: unknown) {
  const dropped: string[] = []
  return { messages: messagesOf({ system, messages }, (name) => dropped.push(name)), dropped }
}
const user = (...content: Json[]) => read([{ role: 'user', content }]).messages
const assistant = (...content: Json[]) => read([{ role: 'assistant', content }])

describe('instructions', () => {
  it.each([
    ['a', 'a'],
    [[text('a')], 'a'],
    [
      [text('a'), text('b')],
      [text('a'), text('b')],
    ],
    [[{ ...text('a'), cache_control }], [{ ...text('a'), cache_control }]],
    [[{ ...text('a'), cache_control: null }], 'a'],
  ])('%j', (system, content) => {
    expect(read([], system).messages).toEqual([{ role: 'system', content }])
    expect(read([{ role: 'system', content: system }]).messages).toEqual([{ role: 'system', content }])
  })

  it.each(['', [], null, undefined])('%j are none', (system) => {
    expect(read([], system).messages).toEqual([])
  })
})

describe('a user’s turn', () => {
  it('of one text is a string, of more its parts', () => {
    expect(user(text('a'))).toEqual([{ role: 'user', content: 'a' }])
    expect(user(text('a'), IMAGE)).toEqual([{ role: 'user', content: [text('a'), IMAGE_PART] }])
    expect(user()).toEqual([])
  })

  it('has its results first, and each under the id that the provider gave', () => {
    expect(user(text('then'), result(toAnthropicId('call_1'), 'one'), result('toolu_2', [text('two')]))).toEqual([
      { role: 'tool', tool_call_id: 'call_1', content: 'one' },
      { role: 'tool', tool_call_id: 'toolu_2', content: 'two' },
      { role: 'user', content: 'then' },
    ])
  })

  it.each<[string, unknown, Json, unknown]>([
    ['nothing', undefined, {}, ''],
    ['nothing, failed', [], { is_error: true }, 'Error: '],
    ['texts', [text('a'), text('b')], {}, [text('a'), text('b')]],
    ['texts, failed', [text('a'), text('b')], { is_error: true }, [text('Error: a'), text('b')]],
    ['a string, failed', 'no such file', { is_error: true }, 'Error: no such file'],
    ['a string, not failed', 'ok', { is_error: false }, 'ok'],
  ])('a result of %s', (_, content, more, said) => {
    expect(user(result('toolu_1', content, more))).toEqual([{ role: 'tool', tool_call_id: 'toolu_1', content: said }])
  })

  it('images of results follow in the user’s own message', () => {
    expect(user(result('toolu_1', [IMAGE]), result('toolu_2', [text('b'), IMAGE]), text('c'))).toEqual([
      { role: 'tool', tool_call_id: 'toolu_1', content: 'The result is attached to the next message.' },
      { role: 'tool', tool_call_id: 'toolu_2', content: 'b' },
      { role: 'user', content: [IMAGE_PART, IMAGE_PART, text('c')] },
    ])
  })

  it('keeps where a prompt cache may end', () => {
    expect(user(result('toolu_1', 'a', { cache_control }), { ...text('b'), cache_control })).toEqual([
      { role: 'tool', tool_call_id: 'toolu_1', content: 'a', cache_control },
      { role: 'user', content: [{ ...text('b'), cache_control }] },
    ])
  })
})

describe('an assistant’s turn', () => {
  it('has its text and its calls', () => {
    expect(assistant(text('a'), use(toAnthropicId('call_1'), { x: [1] }), use('toolu_2', null)).messages).toEqual([
      {
        role: 'assistant',
        content: 'a',
        tool_calls: [
          { id: 'call_1', type: 'function', function: { name: 't', arguments: '{"x":[1]}' } },
          { id: 'toolu_2', type: 'function', function: { name: 't', arguments: '{}' } },
        ],
      },
    ])
    expect(assistant(use('toolu_1')).messages[0]).toMatchObject({ content: null })
    expect(assistant(text('a'), text('b')).messages).toEqual([{ role: 'assistant', content: [text('a'), text('b')] }])
    expect(read([{ role: 'assistant', content: 'a' }]).messages).toEqual([{ role: 'assistant', content: 'a' }])
  })

  it('keeps where a prompt cache may end', () => {
    const [message] = assistant(use('toolu_1', {}, { cache_control }), use('toolu_2')).messages
    expect(message).toMatchObject({ cache_control })
  })

  it('gives the reasoning of another provider back to it, with what it bound to its calls', () => {
    const mark = markOf(new Map([['call_1', 's']]))
    const thinking = (said: string, signature: string) => ({ type: 'thinking', thinking: said, signature })
    const { messages, dropped } = assistant(
      thinking('a', ''),
      thinking('b', mark),
      use(toAnthropicId('call_1')),
      use(toAnthropicId('call_2')),
    )
    expect(messages[0]).toMatchObject({
      reasoning_content: 'ab',
      tool_calls: [{ id: 'call_1', extra_content: { google: { thought_signature: 's' } } }, { id: 'call_2' }],
    })
    expect(messages.at(0)?.tool_calls).toHaveProperty('1.id', 'call_2')
    expect(messages.at(0)?.tool_calls).not.toHaveProperty('1.extra_content')
    expect(dropped).toEqual([])
    expect(assistant(thinking('a', '')).messages).toEqual([{ role: 'assistant', content: '', reasoning_content: 'a' }])
  })

  it('gives thinking that Anthropic signed to nobody, and says so', () => {
    const theirs = { type: 'thinking', thinking: 'secret', signature: 'EqQBCkg=' }
    const redacted = { type: 'redacted_thinking', data: 'EmwKAhgB' }
    const { messages, dropped } = assistant(theirs, redacted, text('a'))
    expect(messages).toEqual([{ role: 'assistant', content: 'a' }])
    expect(dropped).toEqual(['thinking.signature', 'redacted_thinking'])
    expect(assistant(theirs).messages).toEqual([])
  })
})

it.each([
  ['messages[0].role', [{ role: 'tool', content: 'x' }]],
  ['messages[0].role', [null]],
  ['messages[0].content[1].type', [{ role: 'user', content: [text('a'), { type: 'thinking' }] }]],
  ['messages[0].content[0].type', [{ role: 'assistant', content: [{ type: 'server_tool_use' }] }]],
  ['messages[0].content[0].type', [{ role: 'assistant', content: ['x'] }]],
  ['messages[0].content[0]', [{ role: 'assistant', content: [{ type: 'tool_use', name: 't' }] }]],
  ['messages[0].content[0].tool_use_id', [{ role: 'user', content: [{ type: 'tool_result' }] }]],
  ['messages[0].content[0].content[0].type', [{ role: 'user', content: [result('t', [{ type: 'browser_state' }])] }]],
  ['messages[0].content[0].content[0].source', [{ role: 'user', content: [result('t', [{ type: 'image' }])] }]],
])('says where a fault is: %s', (param, messages) => {
  expect(() => read(messages)).toThrow(expect.objectContaining({ param }))
})
