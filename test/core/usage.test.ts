/** Usage in disjoint buckets, from what a provider reports or from an estimate. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BYTES_PER_TOKEN, openaiUsageOf, promptTokens, usageEstimated, usageOfOpenai } from '../../src/core/usage.ts'

describe('usageOfOpenai', () => {
  it('takes the cached and written tokens out of the prompt', () => {
    expect(
      usageOfOpenai({
        prompt_tokens: 100,
        completion_tokens: 50,
        prompt_tokens_details: { cached_tokens: 60, cache_write_tokens: 30 },
        completion_tokens_details: { reasoning_tokens: 20 },
      }),
    ).toEqual({
      inputTokens: 10,
      cachedInputTokens: 60,
      cacheWriteTokens: 30,
      outputTokens: 50,
      reasoningTokens: 20,
      source: 'provider',
    })
  })

  it('makes buckets that sum to what the provider said, whatever its details claim', () => {
    const tokens = fc.option(fc.nat({ max: 1_000_000 }), { nil: undefined })
    fc.assert(
      fc.property(fc.nat(), fc.nat(), tokens, tokens, tokens, (prompt, completion, cached, written, reasoning) => {
        const usage = usageOfOpenai({
          prompt_tokens: prompt,
          completion_tokens: completion,
          prompt_tokens_details: { cached_tokens: cached, cache_write_tokens: written },
          completion_tokens_details: { reasoning_tokens: reasoning },
        })
        if (usage === null) throw new Error('no usage')
        const { inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens, reasoningTokens } = usage
        expect(inputTokens + cachedInputTokens + cacheWriteTokens).toBe(prompt)
        expect(Math.min(inputTokens, cachedInputTokens, cacheWriteTokens)).toBeGreaterThanOrEqual(0)
        expect(cachedInputTokens).toBe(Math.min(prompt, cached ?? 0))
        expect(outputTokens).toBe(completion)
        expect(reasoningTokens).toBe(Math.min(completion, reasoning ?? 0))
      }),
    )
  })

  it('reads the usage of embeddings, which have no output', () => {
    expect(usageOfOpenai({ prompt_tokens: 8, total_tokens: 8 })).toMatchObject({ inputTokens: 8, outputTokens: 0 })
    expect(usageOfOpenai({ completion_tokens: 8 })).toMatchObject({ inputTokens: 0, outputTokens: 8 })
  })

  it.each([
    [{ prompt_tokens: -5, completion_tokens: 1 }, 0],
    [{ prompt_tokens: Number.NaN, completion_tokens: 1 }, 0],
    [{ prompt_tokens: Number.POSITIVE_INFINITY, completion_tokens: 1 }, 0],
    [{ prompt_tokens: 2.6, completion_tokens: 1 }, 3],
    [{ prompt_tokens: 2, completion_tokens: 1, prompt_tokens_details: null }, 2],
    [{ prompt_tokens: 2, completion_tokens: 1, prompt_tokens_details: { cached_tokens: '1' } }, 2],
  ])('takes %j as an input of %i', (value, expected) => {
    expect(usageOfOpenai(value)?.inputTokens).toBe(expected)
  })

  it.each([null, undefined, 'usage', 7, {}, { total_tokens: 5 }, { prompt_tokens: '5' }])('%j is no usage', (value) => {
    expect(usageOfOpenai(value)).toBeNull()
  })
})

it('usageEstimated counts bytes of the prompt, rounded up, and says that it is an estimate', () => {
  expect(usageEstimated(4 * BYTES_PER_TOKEN + 1, 7)).toEqual({
    inputTokens: 5,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: 7,
    reasoningTokens: 0,
    source: 'estimated',
  })
})

it.each([
  [0, 0],
  [1, 1],
  [400, 100],
  [401, 101],
])('%i bytes of a request weigh %i tokens', (bytes, tokens) => {
  expect(promptTokens(bytes)).toBe(tokens)
})

it('is written as OpenAI has it and read back the same', () => {
  const tokens = fc.nat({ max: 1_000_000 })
  fc.assert(
    fc.property(
      tokens,
      tokens,
      tokens,
      tokens,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (input, cached, written, output, share) => {
        const usage = {
          inputTokens: input,
          cachedInputTokens: cached,
          cacheWriteTokens: written,
          outputTokens: output,
          reasoningTokens: Math.floor(output * share),
        }
        const said = openaiUsageOf(usage)
        expect(usageOfOpenai(said)).toEqual({ ...usage, source: 'provider' })
        expect(said.total_tokens).toBe(input + cached + written + output)
        expect('cache_write_tokens' in said.prompt_tokens_details).toBe(written > 0)
      },
    ),
  )
})
