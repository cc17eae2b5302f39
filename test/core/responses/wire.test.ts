/** What the path sees in replies and events of Responses. */
import { describe, expect, it } from 'vitest'
import { responsesWire } from '../../../src/core/responses/wire.ts'

const usage = {
  input_tokens: 10,
  input_tokens_details: { cached_tokens: 4 },
  output_tokens: 7,
  output_tokens_details: { reasoning_tokens: 5 },
  total_tokens: 17,
}
const response = (more: object = {}) => ({
  object: 'response',
  status: 'completed',
  error: null,
  output: [],
  usage,
  ...more,
})
const failed = response({ status: 'failed', error: { code: 'server_error', message: 'Sorry' } })

describe('isReply', () => {
  it.each<[string, unknown, boolean]>([
    ['completed', response(), true],
    ['incomplete', response({ status: 'incomplete' }), true],
    ['failed', failed, false],
    ['still running', response({ status: 'in_progress' }), false],
    ['without output', response({ output: undefined }), false],
    ['a chat completion', { object: 'chat.completion', choices: [] }, false],
    ['no object', [], false],
  ])('%s', (_, value, is) => expect(responsesWire.isReply('chat', value)).toBe(is))
})

describe('errorIn', () => {
  it.each<[string, unknown, unknown]>([
    [
      'an error event',
      { type: 'error', code: 'x', message: 'm', param: null, sequence_number: 3 },
      { type: 'error', code: 'x', message: 'm', param: null, sequence_number: 3 },
    ],
    ['an error event that wraps its error', { type: 'error', error: { message: 'm' } }, { message: 'm' }],
    ['a failed run', { type: 'response.failed', response: failed }, { code: 'server_error', message: 'Sorry' }],
    ['a failed run that does not say why', { type: 'response.failed', response: { status: 'failed' } }, {}],
    ['a failed run without a response', { type: 'response.failed' }, {}],
    ['a failed reply', failed, { code: 'server_error', message: 'Sorry' }],
    ['a failed reply that does not say why', response({ status: 'failed' }), {}],
    [
      'an error body',
      { error: { message: 'm', type: 't', param: null, code: null } },
      {
        message: 'm',
        type: 't',
        param: null,
        code: null,
      },
    ],
    ['an error that is text', { error: 'm' }, { message: 'm' }],
    ['a reply', response(), null],
    ['an incomplete reply', response({ status: 'incomplete' }), null],
    ['an event', { type: 'response.output_text.delta', delta: 'error' }, null],
    ['no object', 'error', null],
  ])('%s', (_, value, error) => expect(responsesWire.errorIn(value)).toEqual(error))
})

describe('usageIn', () => {
  const read = {
    inputTokens: 6,
    cachedInputTokens: 4,
    cacheWriteTokens: 0,
    outputTokens: 7,
    reasoningTokens: 5,
    source: 'provider',
  }

  it.each<[string, unknown, unknown]>([
    ['a reply', response(), read],
    ['the last event', { type: 'response.completed', response: response() }, read],
    ['an incomplete end', { type: 'response.incomplete', response: response({ status: 'incomplete' }) }, read],
    ['a failed end', { type: 'response.failed', response: failed }, read],
    ['a first event', { type: 'response.created', response: response({ usage: null }) }, null],
    ['a reply that reports none', response({ usage: null }), null],
    ['a delta', { type: 'response.output_text.delta', delta: 'x' }, null],
    ['no object', null, null],
  ])('%s', (_, value, expected) => expect(responsesWire.usageIn(value, null)).toEqual(expected))
})

describe('isContent', () => {
  const added = (type: string) => ({ type: 'response.output_item.added', output_index: 0, item: { type } })

  it.each<[unknown, boolean]>([
    [{ type: 'response.created', response: response({ status: 'in_progress' }) }, false],
    [{ type: 'response.in_progress', response: response({ status: 'in_progress' }) }, false],
    [{ type: 'response.queued', response: {} }, false],
    [{ type: 'response.content_part.added', part: { type: 'output_text', text: '' } }, false],
    [{ type: 'response.reasoning_summary_part.added', part: { type: 'summary_text', text: '' } }, false],
    [added('message'), false],
    [added('reasoning'), false],
    [added('function_call'), true],
    [added('custom_tool_call'), true],
    [added('web_search_call'), true],
    [{ type: 'response.output_item.added' }, false],
    [{ type: 'response.output_text.delta', delta: '' }, false],
    ...[
      'output_text',
      'refusal',
      'reasoning_text',
      'reasoning_summary_text',
      'function_call_arguments',
      'custom_tool_call_input',
      'audio',
      'audio.transcript',
    ].map((name): [unknown, boolean] => [{ type: `response.${name}.delta`, delta: 'x' }, true]),
    [{ type: 'response.completed', response: response() }, true],
    [{ type: 'response.incomplete', response: response() }, true],
    [{ type: 'response.failed', response: failed }, false],
    [{ type: 'keepalive' }, false],
    [{ choices: [{ delta: { content: 'x' } }] }, false],
    [null, false],
  ])('%j: %s', (event, is) => expect(responsesWire.isContent(event)).toBe(is))
})

describe('isEnd', () => {
  it.each<[string, boolean]>([
    ['response.completed', true],
    ['response.incomplete', true],
    ['response.failed', true],
    ['response.output_item.done', false],
    ['error', false],
  ])('%s: %s', (type, is) => expect(responsesWire.isEnd({ type })).toBe(is))
})
