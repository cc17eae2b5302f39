/** What of a request finds its place in the call options, what is dropped by name, and what is refused. */
import { describe, expect, it } from 'vitest'
import { callOptions } from '../../../src/providers/ai-sdk/call-options.ts'
import { UnsayableError } from '../../../src/providers/ai-sdk/refusal.ts'

const messages = [{ role: 'user', content: 'Hi' }]
const prompt = [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }]

function translated(body: Record<string, unknown>, protocol = 'other', maxOutputTokens?: number) {
  const addressee = { protocol, model: 'claude-sonnet-4-5', supportedUrls: {}, maxOutputTokens }
  return callOptions({ model: 'alias', messages, ...body }, addressee)
}

it('maps sampling, bounds, stops and seed', () => {
  const body = {
    temperature: 0.3,
    top_p: 0.9,
    seed: 7,
    presence_penalty: 0.1,
    frequency_penalty: 0.2,
    stop: 'END',
    max_completion_tokens: 100,
    max_tokens: 50,
    reasoning_effort: 'low',
  }
  expect(translated(body)).toEqual({
    options: {
      prompt,
      temperature: 0.3,
      topP: 0.9,
      seed: 7,
      presencePenalty: 0.1,
      frequencyPenalty: 0.2,
      stopSequences: ['END'],
      maxOutputTokens: 100,
      reasoning: 'low',
    },
    droppedParams: [],
  })
})

it("sends the target's largest output when the caller bounds nothing, and the caller's bound when it does", () => {
  expect(translated({}, 'other', 8192).options.maxOutputTokens).toBe(8192)
  expect(translated({ max_tokens: 10 }, 'other', 8192).options.maxOutputTokens).toBe(10)
  expect(translated({}).options).not.toHaveProperty('maxOutputTokens')
})

it('takes several stops, and a seed that came as digits', () => {
  const { options } = translated({ stop: ['a', 'b'], seed: { rawJSON: '9007199254740993' } })
  expect(options.stopSequences).toEqual(['a', 'b'])
  expect(options.seed).toBe(Number('9007199254740993'))
})

describe('response format', () => {
  const schema = { type: 'object', properties: { city: { type: 'string' } } }
  it.each([
    [{ type: 'text' }, undefined],
    [{ type: 'json_object' }, { type: 'json' }],
    [
      { type: 'json_schema', json_schema: { name: 'place', description: 'A place', strict: true, schema } },
      { type: 'json', schema, name: 'place', description: 'A place' },
    ],
  ])('%j', (response_format, expected) => {
    expect(translated({ response_format }).options.responseFormat).toEqual(expected)
  })

  it('refuses what is none', () => {
    expect(() => translated({ response_format: { type: 'grammar' } })).toThrow(UnsayableError)
  })
})

describe('dropped by name', () => {
  it.each([
    ['logprobs', true],
    ['top_logprobs', 3],
    ['logit_bias', { 50256: -100 }],
    ['metadata', { a: 'b' }],
    ['service_tier', 'flex'],
    ['store', true],
    ['parallel_tool_calls', false],
    ['user', 'u1'],
    ['prediction', { type: 'content', content: 'x' }],
    ['web_search_options', {}],
    ['reasoning_effort', 'enormous'],
  ])('%s', (name, value) => {
    expect(translated({ [name]: value }).droppedParams).toEqual([name])
  })

  it.each([
    ['logprobs', false],
    ['top_logprobs', 0],
    ['logit_bias', {}],
    ['metadata', {}],
    ['service_tier', 'auto'],
    ['store', false],
    ['parallel_tool_calls', true],
    ['user', null],
    ['frequency_penalty', 0],
    ['n', 1],
    ['modalities', ['text']],
    ['stream_options', { include_usage: true }],
  ])('%s: %j asks for nothing, so nothing is dropped', (name, value) => {
    expect(translated({ [name]: value })).toEqual({ options: { prompt }, droppedParams: [] })
  })

  it('a name that may not stand in a header is not said', () => {
    expect(translated({ 'x\r\ny': 1, ok_name: 1 }).droppedParams).toEqual(['ok_name'])
  })
})

it.each([
  ['n', { n: 2 }],
  ['modalities', { modalities: ['text', 'audio'] }],
  ['modalities', { audio: { voice: 'x' } }],
  ['functions', { functions: [] }],
  ['function_call', { function_call: 'auto' }],
])('refuses what cannot be said and may not be left out: %s', (param, body) => {
  try {
    translated(body)
    expect.unreachable()
  } catch (error) {
    expect(error).toBeInstanceOf(UnsayableError)
    expect(error).toMatchObject({ param })
  }
})

it('says what a provider has a setting for in its own options', () => {
  expect(translated({ parallel_tool_calls: false, user: 'u1' }, 'anthropic')).toEqual({
    options: {
      prompt,
      providerOptions: { anthropic: { disableParallelToolUse: true, metadata: { userId: 'u1' } } },
    },
    droppedParams: [],
  })
})

it('drops reasoning, by name, where the provider would refuse the turn with it', () => {
  const turn = [
    { role: 'assistant', tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } }] },
    { role: 'tool', tool_call_id: 'c1', content: 'ok' },
  ]
  const { options, droppedParams } = translated({ messages: turn, reasoning_effort: 'high' }, 'anthropic')
  expect(options).not.toHaveProperty('reasoning')
  expect(droppedParams).toEqual(['reasoning_effort'])
})
