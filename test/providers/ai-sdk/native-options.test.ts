/** Settings that only one provider has, under its own name. */
import { describe, expect, it } from 'vitest'
import { nativeOptions } from '../../../src/providers/ai-sdk/native-options.ts'

const afterTools = { messages: [{ role: 'tool', tool_call_id: 'c', content: 'x' }] }

describe('anthropic', () => {
  it('maps parallel calls and the end user', () => {
    const body = { parallel_tool_calls: false, user: 'old', safety_identifier: 'new' }
    expect(nativeOptions('anthropic', body, 'claude-opus-5', undefined).options).toEqual({
      disableParallelToolUse: true,
      metadata: { userId: 'new' },
    })
  })

  it('says nothing when parallel calls are allowed', () => {
    expect(nativeOptions('anthropic', { parallel_tool_calls: true }, 'claude-opus-5', undefined).options).toEqual({})
  })

  it.each([
    ['claude-3-7-sonnet-20250219', true],
    ['claude-sonnet-4-5-20250929', true],
    ['claude-opus-4-1', true],
    ['claude-sonnet-4-20250514', true],
    ['claude-opus-4-6', false],
    ['claude-sonnet-4-6', false],
    ['claude-opus-5', false],
    ['claude-haiku-5-20260301', false],
  ])('%s goes on after tool calls without reasoning: %s', (model, without) => {
    expect(nativeOptions('anthropic', afterTools, model, 'high').withoutReasoning).toBe(without)
  })

  it('keeps reasoning on a turn that begins with the user', () => {
    const body = { messages: [{ role: 'user', content: 'Hi' }] }
    expect(nativeOptions('anthropic', body, 'claude-sonnet-4-5', 'high').withoutReasoning).toBe(false)
  })
})

describe('google', () => {
  it.each(['low', 'high'] as const)('asks to see the thoughts of effort %s', (effort) => {
    expect(nativeOptions('google', {}, 'gemini-3-pro', effort).options).toEqual({
      thinkingConfig: { includeThoughts: true },
    })
  })

  it.each([undefined, 'none'] as const)('asks for no thoughts with effort %s', (effort) => {
    expect(nativeOptions('google', {}, 'gemini-3-pro', effort).options).toEqual({})
  })
})

it('has nothing for a protocol that it does not know', () => {
  expect(nativeOptions('xai', { user: 'u' }, 'grok', 'low')).toEqual({ options: {}, mapped: [] })
})
