/** The Response object: every field that clients read, and what a chat completion comes to in it. */
import { describe, expect, it } from 'vitest'
import { markOf } from '../../../src/edge/responses/own-reasoning.ts'
import { endOf, responseOf, wholeResponse } from '../../../src/edge/responses/response-object.ts'

type Json = Record<string, unknown>

const heading = { id: 'abc', model: 'alias', createdS: 7 }
const state = { status: 'completed', output: [], usage: null } as const

const completion = (message: Json, finish = 'stop', more: Json = {}): Json => ({
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: null, ...message }, finish_reason: finish }],
  ...more,
})
const whole = (message: Json, finish?: string, more?: Json): Json =>
  wholeResponse(completion(message, finish, more), {}, heading)

describe('responseOf', () => {
  it('has the defaults of the protocol for what was not sent', () =>
    expect(responseOf({}, heading, state)).toEqual({
      id: 'resp_abc',
      object: 'response',
      created_at: 7,
      status: 'completed',
      background: false,
      error: null,
      incomplete_details: null,
      instructions: null,
      max_output_tokens: null,
      model: 'alias',
      output: [],
      parallel_tool_calls: true,
      previous_response_id: null,
      reasoning: { effort: null, summary: null },
      store: true,
      temperature: null,
      text: { format: { type: 'text' } },
      tool_choice: 'auto',
      tools: [],
      top_p: null,
      truncation: 'disabled',
      usage: null,
      user: null,
      metadata: {},
    }))

  it('says what was sent as it was sent', () => {
    const sent = {
      instructions: 'Be brief.',
      max_output_tokens: 99,
      parallel_tool_calls: false,
      reasoning: { effort: 'low' },
      temperature: 0,
      text: { format: null, verbosity: 'low' },
      tool_choice: { type: 'function', name: 'f' },
      tools: [{ type: 'function', name: 'f' }],
      top_p: 0.5,
      truncation: 'auto',
      user: 'u',
      metadata: { a: 'b' },
    }
    expect(responseOf({ ...sent, model: 'other', store: null, input: 'x' }, heading, state)).toMatchObject({
      ...sent,
      model: 'alias',
      store: true,
      reasoning: { effort: 'low', summary: null },
      text: { format: { type: 'text' }, verbosity: 'low' },
    })
  })
})

it('says what is kept of it, and what it goes on from', () => {
  const asked = { store: false, background: true, previous_response_id: 'resp_1', conversation: 'conv_1' }
  const told = { ...asked, conversation: { id: 'conv_1' } }
  expect(responseOf(asked, heading, state)).toMatchObject(told)
  expect(responseOf(told, heading, state)).toMatchObject(told)
  expect(responseOf({}, heading, state)).not.toHaveProperty('conversation')
})

describe('endOf', () => {
  it.each<[unknown, object]>([
    ['stop', { status: 'completed' }],
    ['tool_calls', { status: 'completed' }],
    [null, { status: 'completed' }],
    ['length', { status: 'incomplete', incompleteReason: 'max_output_tokens' }],
    ['content_filter', { status: 'incomplete', incompleteReason: 'content_filter' }],
  ])('%s', (reason, end) => expect(endOf(reason)).toEqual(end))
})

it('names the conversation that it is of, if any', () => {
  const of = (conversation: unknown) => wholeResponse(completion({}, 'stop'), { conversation }, heading).conversation
  expect([of('conv_1'), of({ id: 'conv_2' }), of(null)]).toEqual([{ id: 'conv_1' }, { id: 'conv_2' }, undefined])
})

describe('wholeResponse', () => {
  it('has an item for reasoning, for the message and for each call', () => {
    const calls = [
      { id: 'toolu_1', type: 'function', function: { name: 'f', arguments: '{"x":1}' } },
      { id: 'c2', type: 'custom', custom: { name: 'g', input: 'ls' } },
    ]
    expect(
      whole({ reasoning_content: 'Hm', content: 'Hi', refusal: 'No.', tool_calls: calls }, 'tool_calls').output,
    ).toEqual([
      {
        id: 'rs_abc_0',
        type: 'reasoning',
        status: 'completed',
        summary: [],
        content: [{ type: 'reasoning_text', text: 'Hm' }],
        encrypted_content: markOf({ details: [], signatures: {} }),
      },
      {
        id: 'msg_abc_1',
        type: 'message',
        status: 'completed',
        role: 'assistant',
        content: [
          { type: 'output_text', text: 'Hi', annotations: [], logprobs: [] },
          { type: 'refusal', refusal: 'No.' },
        ],
      },
      {
        id: 'fc_abc_2',
        type: 'function_call',
        status: 'completed',
        call_id: 'toolu_1',
        name: 'f',
        arguments: '{"x":1}',
      },
      { id: 'ctc_abc_3', type: 'custom_tool_call', status: 'completed', call_id: 'c2', name: 'g', input: 'ls' },
    ])
  })

  it('has reasoning as the summary that was asked for', () => {
    const request = { reasoning: { effort: 'low', summary: 'detailed' } }
    const response = wholeResponse(completion({ reasoning_content: 'Hm', content: 'Hi' }), request, heading)
    expect(response).toMatchObject({
      reasoning: request.reasoning,
      output: [
        { type: 'reasoning', summary: [{ type: 'summary_text', text: 'Hm' }], content: [] },
        { type: 'message' },
      ],
    })
  })

  it('carries thinking and signatures, ahead of the call that is signed', () => {
    const details = [{ type: 'reasoning.text', format: 'anthropic', text: 'Hm', signature: 'sig' }]
    const call = (id: string, signature: string) => ({
      id,
      type: 'function',
      function: { name: 'f', arguments: '' },
      extra_content: { google: { thought_signature: signature } },
    })
    const { output } = whole({ reasoning_details: details, tool_calls: [call('a', 'sa'), call('b', 'sb')] })
    expect(output).toMatchObject([
      { type: 'reasoning', content: [], encrypted_content: markOf({ details, signatures: { a: 'sa' } }) },
      { type: 'function_call', call_id: 'a' },
      { type: 'reasoning', content: [], encrypted_content: markOf({ details: [], signatures: { b: 'sb' } }) },
      { type: 'function_call', call_id: 'b' },
    ])
  })

  it.each<[string, Json, Json[]]>([
    ['length', { content: 'x' }, [{ type: 'message', status: 'incomplete' }]],
    ['content_filter', { content: 'x' }, [{ type: 'message', status: 'incomplete' }]],
    [
      'length',
      { content: 'x', tool_calls: [{ id: 'a', function: { name: 'f', arguments: '{"x' } }] },
      [
        { type: 'message', status: 'completed' },
        { type: 'function_call', status: 'incomplete', arguments: '{"x' },
      ],
    ],
    ['length', { reasoning_content: 'x' }, [{ type: 'reasoning', status: 'incomplete' }]],
    ['length', { content: '' }, []],
    ['stop', { content: '' }, [{ type: 'message', content: [{ type: 'output_text', text: '' }] }]],
    ['stop', { reasoning_content: 'x' }, [{ type: 'reasoning' }, { type: 'message' }]],
  ])('that ended by %s with %j', (finish, message, output) => {
    const response = whole(message, finish)
    expect(response.output).toMatchObject(output)
    expect(response.output).toHaveLength(output.length)
    expect(response.incomplete_details).toEqual(
      finish === 'stop' ? null : { reason: finish === 'length' ? 'max_output_tokens' : 'content_filter' },
    )
  })

  it('reports usage, and none where there is none', () => {
    const usage = {
      prompt_tokens: 10,
      completion_tokens: 5,
      total_tokens: 15,
      prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 1 },
      completion_tokens_details: { reasoning_tokens: 2 },
    }
    expect(whole({ content: 'x' }, 'stop', { usage }).usage).toEqual({
      input_tokens: 10,
      input_tokens_details: { cached_tokens: 4, cache_write_tokens: 1 },
      output_tokens: 5,
      output_tokens_details: { reasoning_tokens: 2 },
      total_tokens: 15,
    })
    expect(whole({ content: 'x' }).usage).toBeNull()
  })

  it('tells calls without ids apart, and gives them some', () => {
    const call = (name: string) => ({ type: 'function', function: { name, arguments: '{}' } })
    expect(whole({ tool_calls: [call('f'), call('g')] }).output).toMatchObject([
      { call_id: 'call_abc_0', name: 'f', arguments: '{}' },
      { call_id: 'call_abc_1', name: 'g', arguments: '{}' },
    ])
  })

  it('takes a completion without a choice', () =>
    expect(wholeResponse({}, {}, heading)).toMatchObject({ status: 'completed', output: [{ type: 'message' }] }))
})
