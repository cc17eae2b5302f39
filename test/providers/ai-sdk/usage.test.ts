/** SDK usage to OpenAI's and on to our buckets: the sum is always the provider's total. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { usageOfOpenai } from '../../../src/core/usage.ts'
import { openaiUsage } from '../../../src/providers/ai-sdk/usage.ts'

it('includes cached and written tokens in prompt_tokens', () => {
  const usage = openaiUsage({
    inputTokens: { total: 100, noCache: 20, cacheRead: 70, cacheWrite: 10 },
    outputTokens: { total: 50, text: 30, reasoning: 20 },
  })
  expect(usage).toEqual({
    prompt_tokens: 100,
    completion_tokens: 50,
    total_tokens: 150,
    prompt_tokens_details: { cached_tokens: 70, cache_write_tokens: 10 },
    completion_tokens_details: { reasoning_tokens: 20 },
  })
  expect(usageOfOpenai(usage)).toEqual({
    inputTokens: 20,
    cachedInputTokens: 70,
    cacheWriteTokens: 10,
    outputTokens: 50,
    reasoningTokens: 20,
    source: 'provider',
  })
})

it('is null when the provider said nothing', () => {
  const unknown = { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined }
  expect(
    openaiUsage({ inputTokens: unknown, outputTokens: { total: undefined, text: undefined, reasoning: undefined } }),
  ).toBeNull()
})

it('the buckets sum up to the total', () => {
  const tokens = fc.nat(1_000_000)
  fc.assert(
    fc.property(tokens, tokens, tokens, tokens, tokens, (noCache, cacheRead, cacheWrite, text, reasoning) => {
      const usage = openaiUsage({
        inputTokens: { total: noCache + cacheRead + cacheWrite, noCache, cacheRead, cacheWrite },
        outputTokens: { total: text + reasoning, text, reasoning },
      })
      const buckets = usageOfOpenai(usage)
      expect(buckets).toMatchObject({
        inputTokens: noCache,
        cachedInputTokens: cacheRead,
        cacheWriteTokens: cacheWrite,
      })
      expect(buckets).toMatchObject({ outputTokens: text + reasoning, reasoningTokens: reasoning })
      expect(usage?.total_tokens).toBe(noCache + cacheRead + cacheWrite + text + reasoning)
    }),
  )
})
