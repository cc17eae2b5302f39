/** Chat messages → items, and back by the reader of Responses: what a conversation keeps is what was said. */
import { expect, it } from 'vitest'
import { itemsOfMessages } from '../../../src/edge/memory/items-of-messages.ts'
import { sayable } from '../../../src/edge/memory/sealed-rows.ts'

let count = 0
const newId = () => `n${++count}`
const roundTrip = (messages: readonly object[]) => sayable(itemsOfMessages(messages, newId))

it.each([
  [
    'text',
    [
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: 'hello' },
    ],
  ],
  [
    'parts',
    [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'see' },
          { type: 'image_url', image_url: { url: 'https://a.test/b.png', detail: 'low' } },
          { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA==' } },
          { type: 'input_audio', input_audio: { data: 'AA==', format: 'wav' } },
        ],
      },
    ],
  ],
  [
    'tools',
    [
      { role: 'user', content: 'weather?' },
      {
        role: 'assistant',
        content: null,
        tool_calls: ['a', 'b'].map((id) => ({ id, type: 'function', function: { name: 'w', arguments: '{}' } })),
      },
      { role: 'tool', tool_call_id: 'a', content: 'sun' },
      { role: 'tool', tool_call_id: 'b', content: 'rain' },
      { role: 'assistant', content: 'Both.' },
    ],
  ],
  ['a refusal', [{ role: 'assistant', content: null, refusal: 'No.' }]],
  [
    'custom tools',
    [
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'c', type: 'custom', custom: { name: 'x', input: 'y' } }],
      },
    ],
  ],
])('%s come back as they were', (_, messages) => {
  expect(roundTrip(messages)).toEqual(messages)
})

it('joins texts of tools and of answers', () => {
  const parts = [
    { type: 'text', text: 'a' },
    { type: 'text', text: 'b' },
  ]
  expect(
    roundTrip([
      { role: 'assistant', content: parts },
      { role: 'tool', tool_call_id: 'c', content: parts },
    ]),
  ).toEqual([
    { role: 'assistant', content: 'ab' },
    { role: 'tool', tool_call_id: 'c', content: 'ab' },
  ])
})

it('carries reasoning and its signatures', () => {
  const extra = { google: { thought_signature: 'sig' } }
  const call = { id: 'a', type: 'function', function: { name: 'w', arguments: '{}' }, extra_content: extra }
  const message = { role: 'assistant', content: null, reasoning_content: 'Hm.', tool_calls: [call] }
  expect(roundTrip([message])).toEqual([message])
})

it('leaves out instructions, and parts that nobody knows', () => {
  expect(itemsOfMessages([{ role: 'system', content: 's' }, { role: 'developer', content: 'd' }, 'x'], newId)).toEqual(
    [],
  )
  expect(itemsOfMessages([{ role: 'user', content: [{ type: 'odd' }] }], newId)).toMatchObject([{ content: [] }])
})
