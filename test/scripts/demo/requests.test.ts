/** Bodies: unknown fields pass, wrong ones do not. */
import { expect, test } from 'vitest'
import { chatSchema, completionSchema, embeddingSchema } from '../../../scripts/demo/requests.ts'

const messages = [{ role: 'user', content: 'x' }]

test('unknown fields and nulls pass', () => {
  expect(chatSchema.parse({ model: 'm', messages, seed: 1, stop: null, max_tokens: null })).toMatchObject({ seed: 1 })
})

test.each([
  [chatSchema, { model: 'm', messages: [] }],
  [chatSchema, { model: 'm', messages: [{ role: 'king', content: 'x' }] }],
  [chatSchema, { model: 'm', messages, temperature: 3 }],
  [chatSchema, { model: 'm', messages, n: 0 }],
  [chatSchema, { model: 'm', messages, tool_choice: 'always' }],
  [completionSchema, { model: 'm' }],
  [embeddingSchema, { model: 'm', input: [] }],
  // vLLM refuses a null here, and so must its double.
  [embeddingSchema, { model: 'm', input: 'x', encoding_format: null }],
])('case %#: refused', (schema, body) => {
  expect(schema.safeParse(body).success).toBe(false)
})
