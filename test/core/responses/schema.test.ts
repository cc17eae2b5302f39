/** The schema of Responses requests: what the path relies on, and no more. */
import { describe, expect, it } from 'vitest'
import { paramOf } from '../../../src/core/chat.ts'
import { responsesRequestSchema } from '../../../src/core/responses/schema.ts'

const least = { model: 'm', input: 'Hello' }

const faultOf = (body: object): string | null => {
  const parsed = responsesRequestSchema.safeParse(body)
  return parsed.success ? null : paramOf(parsed.error.issues[0]?.path ?? [])
}

describe('responsesRequestSchema', () => {
  it.each<[string, object]>([
    ['the least there is', least],
    ['fields unknown to us', { ...least, moderation: { model: 'omni' }, whatever: [1] }],
    ['messages without a type', { ...least, input: [{ role: 'user', content: 'x' }] }],
    ['references without a type', { ...least, input: [{ id: 'msg_1', type: null }] }],
    ['content that is null', { ...least, input: [{ type: 'function_call', content: null }] }],
    ['tools unknown to us', { ...least, tools: [{ type: 'web_search' }], tool_choice: { type: 'web_search' } }],
    ['fewer tokens than OpenAI takes', { ...least, max_output_tokens: 1 }],
    ['a conversation by id, and as an object', { ...least, conversation: { id: 'conv_1' } }],
    [
      'null for every field that may be absent',
      Object.fromEntries([
        ...Object.entries(least),
        ...Object.keys(responsesRequestSchema.shape)
          .filter((name) => !(name in least))
          .map((name) => [name, null]),
      ]),
    ],
  ])('takes %s', (_, body) => expect(faultOf(body)).toBeNull())

  it.each<[string, object]>([
    ['model', { input: 'Hello' }],
    ['model', { ...least, model: '' }],
    ['input', { model: 'm' }],
    ['input', { ...least, input: [] }],
    ['temperature', { ...least, temperature: -1 }],
    ['top_p', { ...least, top_p: 1.5 }],
    ['max_output_tokens', { ...least, max_output_tokens: 0 }],
    ['max_output_tokens', { ...least, max_output_tokens: 1.5 }],
    ['stream', { ...least, stream: 'yes' }],
    ['tools[0].type', { ...least, tools: [{ name: 'f' }] }],
    ['store', { ...least, store: 'no' }],
    ['truncation', { ...least, truncation: 'some' }],
    ['include[0]', { ...least, include: [1] }],
    ['text.format.type', { ...least, text: { format: {} } }],
  ])('refuses what no provider takes: %s', (param, body) => expect(faultOf(body)).toBe(param))
})
