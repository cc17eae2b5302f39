/** What the Conversations API takes. */
import { expect, it } from 'vitest'
import {
  conversationCreateSchema,
  conversationUpdateSchema,
  eventCreateSchema,
  eventsQuerySchema,
  isSessionId,
  itemsCreateSchema,
  itemsQuerySchema,
} from '../../../src/core/session/schemas.ts'

const message = { role: 'user', content: 'hi' }

it.each([
  [conversationCreateSchema, {}],
  [conversationCreateSchema, { items: null, metadata: null }],
  [conversationCreateSchema, { items: [message, { type: 'function_call', call_id: 'c' }], metadata: { a: 'b' } }],
  [conversationUpdateSchema, { metadata: null }],
  [itemsCreateSchema, { items: [message] }],
  [eventCreateSchema, message],
  [eventCreateSchema, { type: 'message', ...message }],
  [eventCreateSchema, { item: message }],
  [eventCreateSchema, { items: [message, { ...message, role: 'developer' }] }],
  [itemsQuerySchema, { after: 'msg_1', limit: '100', order: 'asc' }],
  [eventsQuerySchema, { after: '0' }],
])('takes %#', (schema, value) => {
  expect(schema.safeParse(value).success).toBe(true)
})

it.each([
  [conversationCreateSchema, { items: Array(21).fill(message) }],
  [conversationCreateSchema, { metadata: { ['n'.repeat(65)]: 'v' } }],
  [conversationCreateSchema, { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, index) => [index, ''])) }],
  [conversationUpdateSchema, {}],
  [itemsCreateSchema, { items: [] }],
  [itemsCreateSchema, { items: [{ content: 'nobody says it' }] }],
  [eventCreateSchema, { type: 'function_call', call_id: 'c' }],
  [eventCreateSchema, { role: 'tool', content: 'x' }],
  [itemsQuerySchema, { limit: '101' }],
  [itemsQuerySchema, { order: 'up' }],
  [eventsQuerySchema, { after: '-1' }],
])('refuses %#', (schema, value) => {
  expect(schema.safeParse(value).success).toBe(false)
})

it('knows what a session may be called', () => {
  expect(['a', '~', 'x'.repeat(128), 'user/1?a=b'].every(isSessionId)).toBe(true)
  expect(['', ' ', 'a b', 'ü', 'x'.repeat(129)].some(isSessionId)).toBe(false)
})
