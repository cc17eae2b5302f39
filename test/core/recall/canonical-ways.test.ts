/** Chats that say the same in two ways have one canonical text; chats that nearly do have two. */
import { expect, it } from 'vitest'
import { canonicalText } from '../../../src/core/recall/canonical.ts'

type Body = Record<string, unknown>

const function_ = (more: Body = {}) => ({ type: 'function', function: { name: 'f', parameters: {}, ...more } })
const calls = (args: unknown) => [{ id: 'c', type: 'function', function: { name: 'f', arguments: args } }]
const image = (more: Body = {}) => ({ type: 'image_url', image_url: { url: 'u', ...more } })
const said = (...messages: Body[]): Body => ({ messages })
const schema = (more: Body = {}) => ({ type: 'json_schema', json_schema: { name: 'n', schema: {}, ...more } })

it.each<[string, Body, Body]>([
  ['either name of the bound', { max_tokens: 5 }, { max_completion_tokens: 5 }],
  ['both names of one bound', { max_tokens: 5 }, { max_tokens: 5, max_completion_tokens: 5 }],
  ['a null beside a bound', { max_tokens: 5 }, { max_tokens: null, max_completion_tokens: 5 }],
  ['one stop sequence', { stop: 'END' }, { stop: ['END'] }],
  ['one text', said({ role: 'user', content: 'a' }), said({ role: 'user', content: [{ type: 'text', text: 'a' }] })],
  ['no strictness', { tools: [function_()] }, { tools: [function_({ strict: false })] }],
  ['no strictness, as null', { tools: [function_()] }, { tools: [function_({ strict: null })] }],
  ['no strictness of a format', { response_format: schema() }, { response_format: schema({ strict: false }) }],
  ['the detail of an image', said({ content: [image()] }), said({ content: [image({ detail: 'auto' })] })],
  [
    'arguments',
    said({ tool_calls: calls('{"a":" b\\" c","d":[1]}') }),
    said({ tool_calls: calls('{ "a": " b\\" c",\n"d": [ 1 ] }\t') }),
  ],
  [
    'what an answer comes with',
    said({ role: 'assistant', content: 'a' }),
    said({ role: 'assistant', content: 'a', refusal: null, audio: null, annotations: [], tool_calls: null }),
  ],
])('is the same for two ways to say it: %s', (_, one, other) => {
  expect(canonicalText('chat', other)).toBe(canonicalText('chat', one))
  if (one.messages === undefined)
    expect(canonicalText('completions', other)).not.toBe(canonicalText('completions', one))
})

it.each<[string, Body, Body]>([
  ['two bounds', { max_tokens: 5, max_completion_tokens: 6 }, { max_tokens: 6, max_completion_tokens: 5 }],
  ['two bounds and one', { max_tokens: 5, max_completion_tokens: 6 }, { max_tokens: 5 }],
  ['bounds', { max_tokens: 5 }, { max_completion_tokens: 6 }],
  ['stop sequences', { stop: 'a' }, { stop: ['a', 'a'] }],
  ['an empty stop sequence', { stop: '' }, { stop: [] }],
  ['two texts', said({ content: 'ab' }), said({ content: ['a', 'b'].map((text) => ({ type: 'text', text })) })],
  ['no text', said({ content: '' }), said({ content: [] })],
  ['a mark', said({ content: 'a' }), said({ content: [{ type: 'text', text: 'a', cache_control: {} }] })],
  ['a text that is none', said({ content: '1' }), said({ content: [{ type: 'text', text: 1 }] })],
  ['strictness', { tools: [function_()] }, { tools: [function_({ strict: true })] }],
  ['strictness elsewhere', { tools: [{ type: 'x' }] }, { tools: [{ type: 'x', strict: false }] }],
  ['detail', said({ content: [image()] }), said({ content: [image({ detail: 'low' })] })],
  ['white space in a string', said({ tool_calls: calls('{"a":"b"}') }), said({ tool_calls: calls('{"a":" b"}') })],
  ['what is no JSON', said({ tool_calls: calls('{"a":') }), said({ tool_calls: calls('{"a": ') })],
  ['arguments that are none', said({ tool_calls: calls('{}') }), said({ tool_calls: calls({}) })],
  ['white space of others', said({ content: '{}' }), said({ content: '{ }' })],
  ['nulls of another kind', said({ role: 'user' }), said({ role: 'user', x: null })],
  ['annotations', said({ role: 'assistant' }), said({ role: 'assistant', annotations: [{}] })],
  ['an inherited name', said({ constructor: [1] }), said({ constructor: [2] })],
])('tells apart what is not the same: %s', (_, one, other) => {
  expect(canonicalText('chat', other)).not.toBe(canonicalText('chat', one))
})
