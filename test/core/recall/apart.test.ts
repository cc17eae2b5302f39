/** What is asked beside the canonical form: told where a target could be asked something that the form does not say. */
import { expect, it } from 'vitest'
import type { NativeRequest } from '../../../src/core/inference.ts'
import { apartText } from '../../../src/core/recall/apart.ts'

const MESSAGES = { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] }
const messages = (body: object = {}, more: Partial<NativeRequest> = {}): NativeRequest => ({
  form: 'messages',
  body: { ...MESSAGES, ...body },
  headers: {},
  dropped: [],
  ...more,
})
const DOCUMENT = { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'A' } }

it('is nothing of a request that its canonical form says all of', () => {
  expect(apartText(undefined)).toBeNull()
  expect(apartText(messages())).toBeNull()
  expect(apartText(messages({ thinking: { type: 'disabled' }, output_config: {} }))).toBeNull()
  expect(apartText(messages({ output_config: { effort: 'low' } }))).toBeNull()
  expect(apartText(messages({}, { headers: { 'anthropic-version': '2023-06-01' } }))).toBeNull()
  expect(apartText(messages({}, { dropped: ['metadata', 'service_tier'] }))).toBeNull()
  expect(apartText({ ...messages(), form: 'responses', body: { model: 'm', input: 'hi' } })).toBeNull()
})

it.each<[string, NativeRequest]>([
  ['a budget', messages({ thinking: { type: 'enabled', budget_tokens: 1024 } })],
  ['another budget', messages({ thinking: { type: 'enabled', budget_tokens: 1025 } })],
  ['thinking as it sees fit', messages({ thinking: { type: 'adaptive' } })],
  ['an effort without thinking', messages({ thinking: { type: 'disabled' }, output_config: { effort: 'low' } })],
  ['a document', messages({ messages: [{ role: 'user', content: [DOCUMENT] }] })],
  ['a dropped field', messages({ speed: 'fast' }, { dropped: ['speed'] })],
  ['a beta', messages({}, { headers: { 'anthropic-beta': 'interleaved-thinking-2025-05-14' } })],
  ['a dropped field of Responses', { ...messages(), form: 'responses', dropped: ['truncation'] }],
])('is one text for the same request alone: %s', (_, native) => {
  const text = apartText(native)
  expect(text).not.toBeNull()
  expect(text).not.toContain('\n')
  expect(apartText({ ...native, body: { ...native.body, stream: true, metadata: { user_id: 'u' } } })).toBe(text)
  expect(apartText({ ...native, body: { ...native.body, max_tokens: 8 } })).not.toBe(text)
  expect(apartText({ ...native, headers: { 'anthropic-beta': 'other' } })).not.toBe(text)
})

it('tells budgets apart', () => {
  const of = (budget_tokens: number) => apartText(messages({ thinking: { type: 'enabled', budget_tokens } }))
  expect(of(1024)).not.toBe(of(1025))
})
