/** What is checked of a Messages request before the path: what it relies on, and what no provider takes. */
import { describe, expect, it } from 'vitest'
import { countTokensRequestSchema, messagesRequestSchema } from '../../../src/core/messages/schema.ts'

const PROMPT = { model: 'm', messages: [{ role: 'user', content: 'hi' }] }
const ASKED = { ...PROMPT, max_tokens: 1 }
const faultOf = (schema: typeof messagesRequestSchema | typeof countTokensRequestSchema, value: unknown) =>
  schema.safeParse(value).error?.issues[0]?.path.join('.')

describe('messagesRequestSchema', () => {
  it.each([
    [ASKED],
    [{ ...ASKED, vendor_field: [1], stream: true, temperature: 0, top_p: 1, top_k: 0, stop_sequences: ['x'] }],
    [{ ...ASKED, system: [{ type: 'text', text: 'be brief', cache_control: { type: 'ephemeral' } }] }],
    [
      {
        ...ASKED,
        tools: [
          { name: 't', input_schema: {} },
          { type: 'bash_20250124', name: 'bash' },
        ],
      },
    ],
    [
      {
        ...ASKED,
        messages: [
          { role: 'system', content: 'from now on' },
          { role: 'assistant', content: [] },
        ],
      },
    ],
    [{ ...ASKED, metadata: { user_id: null }, thinking: { type: 'adaptive' }, output_config: { effort: 'low' } }],
    [{ ...ASKED, stream: null, system: null, tools: null, metadata: null, temperature: null }],
  ])('takes %j', (value) => {
    expect(messagesRequestSchema.safeParse(value).data).toEqual(value)
  })

  it.each([
    ['model', { ...ASKED, model: '' }],
    ['max_tokens', PROMPT],
    ['max_tokens', { ...PROMPT, max_tokens: -1 }],
    ['max_tokens', { ...PROMPT, max_tokens: 1.5 }],
    ['messages', { ...ASKED, messages: [] }],
    ['messages.0.role', { ...ASKED, messages: [{ role: 'tool', content: 'x' }] }],
    ['messages.0.content', { ...ASKED, messages: [{ role: 'user', content: null }] }],
    ['messages.0.content', { ...ASKED, messages: [{ role: 'user', content: [{ text: 'x' }] }] }],
    ['system', { ...ASKED, system: 1 }],
    ['temperature', { ...ASKED, temperature: 1.1 }],
    ['top_p', { ...ASKED, top_p: -0.1 }],
    ['top_k', { ...ASKED, top_k: 0.5 }],
    ['stop_sequences', { ...ASKED, stop_sequences: 'x' }],
    ['tools', { ...ASKED, tools: {} }],
    ['tool_choice', { ...ASKED, tool_choice: 'auto' }],
    ['metadata.user_id', { ...ASKED, metadata: { user_id: 1 } }],
    ['thinking.type', { ...ASKED, thinking: {} }],
    ['stream', { ...ASKED, stream: 'yes' }],
    ['thread', { ...ASKED, thread: { type: 'create' } }],
    ['thread', { ...ASKED, thread: { type: 'continue', previous_message_id: 'msg_1' } }],
  ])('refuses a wrong %s', (path, value) => {
    expect(faultOf(messagesRequestSchema, value)).toBe(path)
  })
})

describe('countTokensRequestSchema', () => {
  it('wants a prompt, and no bound of an output', () => {
    expect(faultOf(countTokensRequestSchema, PROMPT)).toBeUndefined()
    expect(faultOf(countTokensRequestSchema, { ...PROMPT, messages: [] })).toBe('messages')
    expect(faultOf(countTokensRequestSchema, { messages: PROMPT.messages })).toBe('model')
  })
})
