/** OpenAI messages become a prompt: order, roles, tool calls and their results. */
import { describe, expect, it } from 'vitest'
import { promptOf } from '../../../src/providers/ai-sdk/messages.ts'

const prompt = (messages: unknown) => promptOf(messages, { supportedUrls: {}, protocol: 'anthropic' }, () => undefined)
const call = (id: string, name: string, args: string, more: object = {}) => ({
  id,
  type: 'function',
  function: { name, arguments: args },
  ...more,
})

it('puts instructions first, wherever they stand and whatever they are called', () => {
  const messages = [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Hi' },
    {
      role: 'developer',
      content: [
        { type: 'text', text: 'Be ' },
        { type: 'text', text: 'kind.' },
      ],
    },
  ]
  expect(prompt(messages)).toEqual([
    { role: 'system', content: 'Be brief.' },
    { role: 'system', content: 'Be kind.' },
    { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
  ])
})

it('takes assistant text, parts and refusals, and leaves reasoning behind', () => {
  const messages = [
    { role: 'assistant', content: 'One', reasoning_content: 'secret thoughts', reasoning: 'more' },
    { role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] },
    { role: 'assistant', content: null, refusal: 'Never.' },
  ]
  expect(prompt(messages)).toEqual([
    { role: 'assistant', content: [{ type: 'text', text: 'One' }] },
    { role: 'assistant', content: [{ type: 'text', text: 'No.' }] },
    { role: 'assistant', content: [{ type: 'text', text: 'Never.' }] },
  ])
})

it('leaves out messages without content: providers refuse them', () => {
  expect(
    prompt([
      { role: 'user', content: '' },
      { role: 'assistant', content: null },
    ]),
  ).toEqual([])
})

describe('tool calls', () => {
  it('become parts behind the text, results find their name, and parallel results one message', () => {
    const messages = [
      { role: 'assistant', content: 'Look', tool_calls: [call('a', 'weather', '{"c":"Rome"}'), call('b', 'time', '')] },
      { role: 'tool', tool_call_id: 'b', content: 'noon' },
      { role: 'tool', tool_call_id: 'a', content: '{"sky": "blue"}' },
      { role: 'user', content: 'And?' },
    ]
    expect(prompt(messages)).toEqual([
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'Look' },
          { type: 'tool-call', toolCallId: 'a', toolName: 'weather', input: { c: 'Rome' } },
          { type: 'tool-call', toolCallId: 'b', toolName: 'time', input: {} },
        ],
      },
      {
        role: 'tool',
        content: [
          { type: 'tool-result', toolCallId: 'b', toolName: 'time', output: { type: 'text', value: 'noon' } },
          {
            type: 'tool-result',
            toolCallId: 'a',
            toolName: 'weather',
            output: { type: 'json', value: { sky: 'blue' } },
          },
        ],
      },
      { role: 'user', content: [{ type: 'text', text: 'And?' }] },
    ])
  })

  it.each([
    ['{"broken": ', { arguments: '{"broken": ' }],
    ['[1,2]', { arguments: '[1,2]' }],
    ['  ', {}],
  ])('arguments %j become the object %j', (text, input) => {
    const [message] = prompt([{ role: 'assistant', tool_calls: [call('a', 'f', text)] }])
    expect(message?.content[0]).toMatchObject({ input })
  })

  it("renames another model's id, in the call and its result alike", () => {
    const messages = [
      { role: 'assistant', tool_calls: [call('functions.f:0', 'f', '{}')] },
      { role: 'tool', tool_call_id: 'functions.f:0', content: 'ok' },
    ]
    for (const message of prompt(messages)) expect(message.content[0]).toMatchObject({ toolCallId: 'functions_f_0' })
  })

  it("carries Gemini's signature back under Google's name", () => {
    const signed = call('a', 'f', '{}', { extra_content: { google: { thought_signature: 'sig' } } })
    const [message] = prompt([{ role: 'assistant', tool_calls: [signed] }])
    expect(message?.content[0]).toMatchObject({ providerOptions: { google: { thoughtSignature: 'sig' } } })
  })

  it.each([
    ['{"id":12345678901234567890}', 'text'],
    ['{"x":1e400}', 'text'],
    ['{"broken', 'text'],
    ['plain', 'text'],
    ['[1]', 'json'],
  ])('a result %s travels as %s', (content, type) => {
    const messages = [
      { role: 'assistant', tool_calls: [call('a', 'f', '{}')] },
      { role: 'tool', tool_call_id: 'a', content },
    ]
    expect(prompt(messages).at(-1)?.content[0]).toMatchObject({ output: { type } })
  })
})

it.each([
  ['messages[0].tool_call_id', [{ role: 'tool', tool_call_id: 'x', content: 'y' }]],
  ['messages[0].role', [{ role: 'function', name: 'f', content: 'y' }]],
  ['messages[1]', [{ role: 'user', content: 'Hi' }, 'text']],
  ['messages[0].tool_calls[0]', [{ role: 'assistant', tool_calls: [{ id: 'a', type: 'custom' }] }]],
])('refuses, naming %s', (param, messages) => {
  expect(() => prompt(messages)).toThrow(expect.objectContaining({ param }))
})

it('signed thinking goes back to who signed it, before what followed it; and marks of caches stay where they are', () => {
  const mark = { type: 'ephemeral' }
  const detail = { type: 'reasoning.text', format: 'anthropic', text: 'Hm.', signature: 's1' }
  const cached = { providerOptions: { anthropic: { cacheControl: mark } } }
  expect(
    prompt([
      { role: 'system', content: [{ type: 'text', text: 'Be brief.', cache_control: mark }] },
      { role: 'user', content: [{ type: 'text', text: 'Hi', cache_control: mark }] },
      { role: 'assistant', content: 'Well.', reasoning_details: [detail], tool_calls: [call('a', 'f', '{}')] },
      { role: 'tool', tool_call_id: 'a', content: 'x', cache_control: mark },
    ]),
  ).toMatchObject([
    { role: 'system', content: 'Be brief.', ...cached },
    { role: 'user', content: [{ type: 'text', text: 'Hi', ...cached }] },
    {
      role: 'assistant',
      content: [
        { type: 'reasoning', text: 'Hm.', providerOptions: { anthropic: { signature: 's1' } } },
        { type: 'text', text: 'Well.' },
        { type: 'tool-call', toolCallId: 'a' },
      ],
    },
    { role: 'tool', content: [{ type: 'tool-result', ...cached }] },
  ])
})
