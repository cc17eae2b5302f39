/** Thinking that only its provider can read goes out, and comes back to it and to nobody else. */
import { expect, it } from 'vitest'
import { cacheOptions, cacheOptionsIn, detailOf, reasoningParts } from '../../../src/providers/ai-sdk/bound.ts'

const signed = { type: 'reasoning.text', format: 'anthropic', text: 'Hm.', signature: 's1' }
const hidden = { type: 'reasoning.encrypted', format: 'anthropic', data: 'd1' }
const others = { type: 'reasoning.encrypted', format: 'openai-responses', id: 'rs_1', data: 'd2' }

it('is a detail only where the provider has signed or hidden it', () => {
  expect(detailOf('Hm.', { anthropic: { signature: 's1' } })).toEqual(signed)
  expect(detailOf('', { anthropic: { redactedData: 'd1' } })).toEqual(hidden)
  expect(detailOf('Hm.', { google: { thoughtSignature: 's' } })).toBeNull()
  expect(detailOf('Hm.', undefined)).toBeNull()
})

it('comes back as parts of the prompt', () => {
  expect(reasoningParts({ reasoning_details: [signed, hidden] }, 'anthropic', true)).toEqual({
    parts: [
      { type: 'reasoning', text: 'Hm.', providerOptions: { anthropic: { signature: 's1' } } },
      { type: 'reasoning', text: '', providerOptions: { anthropic: { redactedData: 'd1' } } },
    ],
    isLess: false,
  })
})

it.each([
  ['another protocol', 'google', true],
  ['another provider of it', 'anthropic', false],
])('is not sent to %s', (_who, protocol, keepsBound) => {
  expect(reasoningParts({ reasoning_details: [signed] }, protocol, keepsBound)).toEqual({ parts: [], isLess: true })
})

it('leaves out what is no detail of this provider, and says so', () => {
  const { parts, isLess } = reasoningParts({ reasoning_details: [signed, others, 'x'] }, 'anthropic', true)
  expect(parts).toHaveLength(1)
  expect(isLess).toBe(true)
  expect(reasoningParts({}, 'anthropic', true)).toEqual({ parts: [], isLess: false })
})

it('marks where a cache may begin', () => {
  const mark = { type: 'ephemeral', ttl: '1h' }
  expect(cacheOptions({ cache_control: mark })).toEqual({ providerOptions: { anthropic: { cacheControl: mark } } })
  expect(cacheOptions({ cache_control: null })).toEqual({})
  expect(cacheOptionsIn([{ cache_control: { type: 'ephemeral' } }, { cache_control: mark }, {}])).toEqual(
    cacheOptions({ cache_control: mark }),
  )
  expect(cacheOptionsIn('text')).toEqual({})
})
