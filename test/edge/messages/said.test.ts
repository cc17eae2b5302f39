/** Texts, reasoning and what is bound to a provider, under all names that providers have for them. */
import { describe, expect, it } from 'vitest'
import { boundIn, reasoningIn, textIn, thoughtSignatureIn } from '../../../src/edge/messages/said.ts'

describe('textIn', () => {
  it.each([
    [{ content: 'a' }, 'a'],
    [{ content: 'a', refusal: null }, 'a'],
    [{ content: null, refusal: 'I cannot.' }, 'I cannot.'],
    [{ content: [{ type: 'text', text: 'a' }, { type: 'image' }, 'x', { type: 'text', text: 'b' }] }, 'ab'],
    [{ content: 1 }, ''],
    [{}, ''],
  ])('%j', (said, text) => {
    expect(textIn(said)).toBe(text)
  })
})

describe('reasoningIn', () => {
  it.each([
    [{ reasoning_content: 'a' }, 'a'],
    [{ reasoning: 'a' }, 'a'],
    [{ reasoning_content: 'a', reasoning: 'a' }, 'a'],
    [{ reasoning_content: '', reasoning: 'a' }, 'a'],
    [{ reasoning_content: null, reasoning: null }, ''],
    [{}, ''],
  ])('%j', (said, reasoning) => {
    expect(reasoningIn(said)).toBe(reasoning)
  })
})

describe('boundIn', () => {
  const format = 'anthropic'
  it('reads Anthropic’s details in their order, and no others', () => {
    const details = [
      { type: 'reasoning.text', format, text: 'a', signature: 's' },
      { type: 'reasoning.encrypted', format, data: 'd' },
      { type: 'reasoning.text', format, signature: 't' },
      { type: 'reasoning.text', format, text: 'unsigned' },
      { type: 'reasoning.encrypted', format },
      { type: 'reasoning.summary', format, summary: 'x' },
      { type: 'reasoning.text', format: 'google-gemini-v1', text: 'a', signature: 's' },
      { type: 'reasoning.encrypted', data: 'd' },
      null,
    ]
    expect(boundIn(details)).toEqual([
      { type: 'thinking', thinking: 'a', signature: 's' },
      { type: 'redacted_thinking', data: 'd' },
      { type: 'thinking', thinking: '', signature: 't' },
    ])
    expect(boundIn(undefined)).toEqual([])
  })
})

describe('thoughtSignatureIn', () => {
  it.each([
    [{ extra_content: { google: { thought_signature: 's' } } }, 's'],
    [{ extra_content: { google: { thought_signature: 1 } } }, undefined],
    [{ extra_content: {} }, undefined],
    [{}, undefined],
  ])('%j', (call, signature) => {
    expect(thoughtSignatureIn(call)).toBe(signature)
  })
})
