/** Settings that only one provider has, under its own name. */
import { describe, expect, it } from 'vitest'
import { type Asked, nativeOptions } from '../../../src/providers/ai-sdk/native-options.ts'

const asked = (more: Partial<Asked>): Asked => ({
  body: {},
  model: 'claude-sonnet-4-5',
  reasoning: undefined,
  maxOutputTokens: undefined,
  ...more,
})
const afterTools = { messages: [{ role: 'tool', tool_call_id: 'c', content: 'x' }] }

describe('anthropic', () => {
  it('maps parallel calls and the end user', () => {
    const body = { parallel_tool_calls: false, user: 'old', safety_identifier: 'new' }
    expect(nativeOptions('anthropic', asked({ body })).options).toEqual({
      disableParallelToolUse: true,
      metadata: { userId: 'new' },
    })
  })

  it('says nothing when parallel calls are allowed', () => {
    expect(nativeOptions('anthropic', asked({ body: { parallel_tool_calls: true } })).options).toEqual({})
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
    const { withoutReasoning = false } = nativeOptions(
      'anthropic',
      asked({ body: afterTools, model, reasoning: 'high' }),
    )
    expect(withoutReasoning).toBe(without)
  })

  it('keeps reasoning on a turn that begins with the user', () => {
    const body = { messages: [{ role: 'user', content: 'Hi' }] }
    expect(nativeOptions('anthropic', asked({ body, reasoning: 'high' }))).not.toHaveProperty('withoutReasoning')
  })

  it.each([
    ['low', 10_000, 2000],
    ['max', 10_000, 9000],
    ['minimal', 4000, 1024],
  ] as const)('effort %s within %i tokens leaves the bound whole', (reasoning, maxOutputTokens, budgetTokens) => {
    const native = nativeOptions('anthropic', asked({ reasoning, maxOutputTokens }))
    expect(native.options.thinking).toEqual({ type: 'enabled', budgetTokens })
    expect((native.maxOutputTokens ?? 0) + budgetTokens).toBe(maxOutputTokens)
  })

  it('a bound too small to think within drops reasoning', () => {
    const native = nativeOptions('anthropic', asked({ reasoning: 'low', maxOutputTokens: 2047 }))
    expect(native.withoutReasoning).toBe(true)
    expect(native.options).toEqual({})
  })

  it.each([
    ['no reasoning', { maxOutputTokens: 9000 }],
    ['reasoning off', { reasoning: 'none', maxOutputTokens: 100 }],
    ['no bound', { reasoning: 'high' }],
    ['a model that thinks as it sees fit', { reasoning: 'high', maxOutputTokens: 9000, model: 'claude-opus-5' }],
  ] as const)('leaves thinking to the SDK with %s', (_what, more) => {
    const native = nativeOptions('anthropic', asked(more))
    expect(native).toEqual({ options: {}, mapped: expect.any(Array) })
  })
})

describe('google', () => {
  it.each(['low', 'high'] as const)('asks to see the thoughts of effort %s', (effort) => {
    expect(nativeOptions('google', asked({ reasoning: effort })).options).toEqual({
      thinkingConfig: { includeThoughts: true },
    })
  })

  it.each([undefined, 'none'] as const)('asks for no thoughts with effort %s', (effort) => {
    expect(nativeOptions('google', asked({ reasoning: effort })).options).toEqual({})
  })
})

it('has nothing for a protocol that it does not know', () => {
  expect(nativeOptions('xai', asked({ body: { user: 'u' }, reasoning: 'low' }))).toEqual({ options: {}, mapped: [] })
})
