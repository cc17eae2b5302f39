/** Usage of Responses and of chat say the same in two sets of words. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chatUsage, responsesUsage } from '../../../src/core/responses/usage.ts'
import { usageOfOpenai } from '../../../src/core/usage.ts'

describe('usage', () => {
  it('keeps every count both ways', () => {
    const count = fc.integer({ min: 0, max: 1e6 })
    fc.assert(
      fc.property(count, count, count, count, count, (input, cached, written, output, reasoning) => {
        const usage = {
          input_tokens: input + cached + written,
          input_tokens_details: { cached_tokens: cached, cache_write_tokens: written },
          output_tokens: output + reasoning,
          output_tokens_details: { reasoning_tokens: reasoning },
          total_tokens: input + cached + written + output + reasoning,
        }
        const chat = chatUsage(usage)
        expect(responsesUsage(chat)).toEqual(usage)
        expect(usageOfOpenai(chat)).toEqual({
          inputTokens: input,
          cachedInputTokens: cached,
          cacheWriteTokens: written,
          outputTokens: output + reasoning,
          reasoningTokens: reasoning,
          source: 'provider',
        })
      }),
    )
  })

  it.each<[string, object, object]>([
    [
      'without details',
      { prompt_tokens: 3, completion_tokens: 2 },
      {
        input_tokens: 3,
        input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
        output_tokens: 2,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: 5,
      },
    ],
    [
      'with nonsense among the counts',
      { prompt_tokens: -1, completion_tokens: 2, prompt_tokens_details: null, completion_tokens_details: [] },
      {
        input_tokens: 0,
        input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
        output_tokens: 2,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: 2,
      },
    ],
  ])('fills in every field: %s', (_, chat, usage) => expect(responsesUsage(chat)).toEqual(usage))

  it.each([null, undefined, 'x', [], {}, { total_tokens: 3 }])('finds none in %j', (value) => {
    expect(responsesUsage(value)).toBeNull()
    expect(chatUsage(value)).toBeNull()
  })
})
