/** Whole results become chat completions. */
import type { LanguageModelV4GenerateResult } from '@ai-sdk/provider'
import { expect, it } from 'vitest'
import { chatCompletion } from '../../../src/providers/ai-sdk/reply.ts'

const heading = { id: 'chatcmpl-1', created: 5, model: 'target' }
const unknown = { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined }

function made(result: Partial<LanguageModelV4GenerateResult>) {
  return chatCompletion(
    {
      content: [],
      finishReason: { unified: 'stop', raw: 'end_turn' },
      usage: { inputTokens: unknown, outputTokens: { total: undefined, text: undefined, reasoning: undefined } },
      warnings: [],
      ...result,
    },
    heading,
  ) as { choices: { message: Record<string, unknown>; finish_reason: string }[] } & Record<string, unknown>
}

it('joins text and reasoning, and heads the reply with what the provider says of itself', () => {
  const reply = made({
    content: [
      { type: 'reasoning', text: 'Hm. ' },
      { type: 'text', text: 'Hel' },
      { type: 'reasoning', text: 'So.' },
      { type: 'text', text: 'lo' },
    ],
    response: { id: 'msg_1', modelId: 'claude-x' },
  })
  expect(reply).toEqual({
    id: 'msg_1',
    object: 'chat.completion',
    created: 5,
    model: 'claude-x',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'Hello', refusal: null, reasoning_content: 'Hm. So.' },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
  })
})

it('falls back on our own id and the target model', () => {
  expect(made({ content: [{ type: 'text', text: 'x' }] })).toMatchObject({ id: 'chatcmpl-1', model: 'target' })
})

it('gives parallel calls with their ids and arguments, null content, and none that the provider ran itself', () => {
  const reply = made({
    content: [
      { type: 'tool-call', toolCallId: 'a', toolName: 'one', input: '{"x":1}' },
      { type: 'tool-call', toolCallId: 's', toolName: 'web_search', input: '{}', providerExecuted: true },
      {
        type: 'tool-call',
        toolCallId: 'b',
        toolName: 'two',
        input: '{}',
        providerMetadata: { google: { thoughtSignature: 'sig' } },
      },
    ],
    finishReason: { unified: 'tool-calls', raw: 'tool_use' },
  })
  expect(reply.choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { content: null } })
  expect(reply.choices[0]?.message.tool_calls).toEqual([
    { id: 'a', type: 'function', function: { name: 'one', arguments: '{"x":1}' } },
    {
      id: 'b',
      type: 'function',
      function: { name: 'two', arguments: '{}' },
      extra_content: { google: { thought_signature: 'sig' } },
    },
  ])
})

it('makes up no arguments for a call that was cut off', () => {
  const reply = made({
    content: [
      { type: 'tool-call', toolCallId: 'a', toolName: 'one', input: '{}' },
      { type: 'tool-call', toolCallId: 'b', toolName: 'two', input: '{}' },
    ],
    finishReason: { unified: 'length', raw: 'max_tokens' },
  })
  expect(reply.choices[0]?.message.tool_calls).toMatchObject([
    { function: { arguments: '{}' } },
    { function: { arguments: '' } },
  ])
})

it('an answer without content is an answer, if the provider says that it ended', () => {
  expect(made({}).choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: '' } })
})

it.each([
  ['gave up', { finishReason: { unified: 'error', raw: 'MALFORMED_FUNCTION_CALL' } }],
  ['said nothing and not why', { finishReason: { unified: 'other', raw: undefined } }],
] as const)('is null when the provider %s', (_what, result) => {
  expect(made(result)).toBeNull()
})

it('has signed thinking beside its text, for it to come back', () => {
  const reply = made({
    content: [
      { type: 'reasoning', text: 'Hm.', providerMetadata: { anthropic: { signature: 's1' } } },
      { type: 'text', text: 'Hello' },
    ],
  })
  expect(reply.choices[0]?.message).toMatchObject({
    content: 'Hello',
    reasoning_content: 'Hm.',
    reasoning_details: [{ type: 'reasoning.text', format: 'anthropic', text: 'Hm.', signature: 's1' }],
  })
})
