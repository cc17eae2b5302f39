/** How much may come out: bounds under their names, answers counted, and the cap that leaves room for the prompt. */
import { describe, expect, it } from 'vitest'
import type { Operation } from '../../src/core/inference.ts'
import { OUTPUT_TOKENS_ASSUMED_MAX } from '../../src/core/limits.ts'
import { answersOf, askedOutputTokens, outputCapOf } from '../../src/core/outputs.ts'

it.each<[Operation, object, number | undefined]>([
  ['chat', {}, undefined],
  ['chat', { max_tokens: 5 }, 5],
  ['chat', { max_completion_tokens: 7 }, 7],
  ['chat', { max_tokens: 5, max_completion_tokens: 7 }, 7],
  ['chat', { max_tokens: 9, max_completion_tokens: 7 }, 9],
  ['chat', { max_tokens: 5, max_completion_tokens: null }, 5],
  ['chat', { max_tokens: '5' }, undefined],
  ['completions', { max_tokens: 0 }, 0],
  ['completions', { max_completion_tokens: 7 }, undefined],
])('%s: the bound on output of %j is %j', (operation, body, expected) => {
  expect(askedOutputTokens({ operation, body: { ...body } })).toBe(expected)
})

it.each<[Operation, object, number]>([
  ['chat', {}, 1],
  ['chat', { n: null }, 1],
  ['chat', { n: 3 }, 3],
  ['chat', { prompt: ['not', 'looked', 'at'] }, 1],
  ['completions', { prompt: 'one', n: 2, best_of: 5 }, 5],
  ['completions', { prompt: 'one', n: 4, best_of: 2 }, 4],
  ['completions', { prompt: ['one', 'two'], n: 3 }, 6],
  ['completions', { prompt: [[1, 2], [3], [4]] }, 3],
  ['completions', { prompt: [1, 2, 3] }, 1],
  ['completions', { prompt: [] }, 1],
  ['completions', { prompt: 'one', best_of: Number.POSITIVE_INFINITY }, 1],
  ['completions', { prompt: 'one', best_of: -2 }, 1],
  ['embeddings', { input: ['one', 'two'], n: 3 }, 0],
])('%s: %j generates %i answers', (operation, body, expected) => {
  expect(answersOf({ operation, body: { ...body } })).toBe(expected)
})

describe('the cap', () => {
  const cap = (bodyBytes: number, target: { maxOutputTokens?: number; contextWindow?: number }) =>
    outputCapOf(
      { operation: 'chat', body: {}, bodyBytes, bodyChars: bodyBytes },
      { maxOutputTokens: target.maxOutputTokens, contextWindow: target.contextWindow },
    )

  it("is the target's own bound, or one assumed", () => {
    expect(cap(400, { maxOutputTokens: 50 })).toBe(50)
    expect(cap(400, {})).toBe(OUTPUT_TOKENS_ASSUMED_MAX)
    expect(cap(400, { maxOutputTokens: 50, contextWindow: 1000 })).toBe(50)
  })

  it("is no more than a completion's own default, where the caller would have got that", () => {
    const completion = { operation: 'completions', body: { prompt: 'hi' }, bodyBytes: 40, bodyChars: 40 } as const
    expect(outputCapOf(completion, { maxOutputTokens: 8192, contextWindow: undefined })).toBe(16)
    expect(outputCapOf(completion, { maxOutputTokens: 5, contextWindow: undefined })).toBe(5)
    expect(outputCapOf(completion, { maxOutputTokens: undefined, contextWindow: undefined })).toBe(16)
  })

  it('leaves room for the prompt by its upper bound', () => {
    expect(cap(400, { contextWindow: 1000 })).toBe(800)
    expect(cap(400, { maxOutputTokens: 1000, contextWindow: 1000 })).toBe(800)
  })

  it('leaves room by an estimate where the upper bound takes all of it', () => {
    expect(cap(2000, { contextWindow: 1000 })).toBe(250)
  })

  it('is never less than one', () => {
    expect(cap(40_000, { contextWindow: 1000 })).toBe(1)
  })
})
