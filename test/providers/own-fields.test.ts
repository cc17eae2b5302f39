/** What our skins add to canonical requests, and who is sent it. */
import { expect, it } from 'vitest'
import { withoutOwnFields } from '../../src/providers/own-fields.ts'

const EPHEMERAL = { type: 'ephemeral' }
const BODY = {
  model: 'm',
  top_k: 40,
  temperature: 0.5,
  messages: [
    { role: 'system', content: [{ type: 'text', text: 'Be brief.', cache_control: EPHEMERAL }] },
    {
      role: 'assistant',
      content: null,
      reasoning_content: 'Hm.',
      reasoning_details: [{ type: 'reasoning.text', format: 'anthropic', text: 'Hm.', signature: 's' }],
      tool_calls: [
        { id: 'c', type: 'function', function: { name: 'f', arguments: '{}' }, extra_content: { google: {} } },
      ],
    },
    { role: 'tool', tool_call_id: 'c', content: 'x', cache_control: EPHEMERAL },
  ],
  tools: [{ type: 'function', function: { name: 'f' }, cache_control: EPHEMERAL }],
}

it('leaves OpenAI what is in its protocol, and names the rest', () => {
  const { body, dropped } = withoutOwnFields(BODY, false)
  expect(body).toEqual({
    model: 'm',
    temperature: 0.5,
    messages: [
      { role: 'system', content: [{ type: 'text', text: 'Be brief.' }] },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'c', content: 'x' },
    ],
    tools: [{ type: 'function', function: { name: 'f' } }],
  })
  expect([...dropped].sort()).toEqual([
    'cache_control',
    'extra_content',
    'reasoning_content',
    'reasoning_details',
    'top_k',
  ])
})

it('sends an engine of the operator’s own what it samples by, and earlier reasoning', () => {
  const { body, dropped } = withoutOwnFields(BODY, true)
  expect(body).toMatchObject({ top_k: 40, messages: [{}, { reasoning_content: 'Hm.' }, {}] })
  expect(JSON.stringify(body)).not.toMatch(/signature|cache_control|extra_content/)
  expect(dropped).not.toContain('top_k')
})

it('leaves a plain request as it is', () => {
  const plain = { model: 'm', messages: [{ role: 'user', content: 'hi' }], stream: true }
  expect(withoutOwnFields(plain, false)).toEqual({ body: plain, dropped: [] })
  expect(BODY.messages).toHaveLength(3)
})
