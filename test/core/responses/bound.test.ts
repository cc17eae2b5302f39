/** Reasoning that a target could not open is not sent to it. */
import { expect, it } from 'vitest'
import { OWN_REASONING, withoutForeignReasoning, withoutLasting } from '../../../src/core/responses/bound.ts'

const message = { role: 'user', content: 'hi' }
const theirs = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAAA' }
const ours = { type: 'reasoning', id: 'rs_2', summary: [], encrypted_content: `${OWN_REASONING}e30` }
const plain = { type: 'reasoning', id: 'rs_3', summary: [] }

it('keeps the very body where there is nothing to take out', () => {
  const body = { model: 'm', input: [message, theirs, plain] }
  expect(withoutForeignReasoning(body, true)).toEqual({ body, dropped: [] })
  expect(withoutForeignReasoning(body, true).body).toBe(body)
  const text = { model: 'm', input: 'hi' }
  expect(withoutForeignReasoning(text, false).body).toBe(text)
})

it('takes out what we wrote ourselves, whoever is asked', () => {
  const body = { model: 'm', input: [message, ours, theirs] }
  expect(withoutForeignReasoning(body, true)).toEqual({
    body: { model: 'm', input: [message, theirs] },
    dropped: ['reasoning.encrypted_content'],
  })
  expect(body.input).toHaveLength(3)
})

it('takes out all that is encrypted where it may be another provider’s', () => {
  const { body, dropped } = withoutForeignReasoning({ input: [message, ours, theirs, plain] }, false)
  expect(body).toEqual({ input: [message, plain] })
  expect(dropped).toEqual(['reasoning.encrypted_content'])
})

it('asks nobody to keep anything, and tells nobody what was kept, everything else in its place', () => {
  const kept = { previous_response_id: 'r', conversation: 'c', background: true, prompt: { id: 'p' } }
  expect(JSON.stringify(withoutLasting({ a: 1, store: true, ...kept, b: 2 }))).toBe('{"a":1,"store":false,"b":2}')
  expect(JSON.stringify(withoutLasting({ a: 1 }))).toBe('{"a":1,"store":false}')
})
