/** AI SDK usage → OpenAI's `usage` object, in which core/usage.ts finds its disjoint buckets. No I/O. */
import type { LanguageModelV4Usage } from '@ai-sdk/provider'

/** OpenAI's shape; `cache_write_tokens` is our addition beside `cached_tokens`. */
export interface OpenaiUsage {
  readonly prompt_tokens: number
  readonly completion_tokens: number
  readonly total_tokens: number
  readonly prompt_tokens_details: { readonly cached_tokens: number; readonly cache_write_tokens: number }
  readonly completion_tokens_details: { readonly reasoning_tokens: number }
}

/** `prompt_tokens` includes what was read from and written to a cache, as at OpenAI. Null when nothing is known. */
export function openaiUsage(usage: LanguageModelV4Usage): OpenaiUsage | null {
  const { inputTokens: input, outputTokens: output } = usage
  if (input.total === undefined && output.total === undefined) return null
  const cached = input.cacheRead ?? 0
  const written = input.cacheWrite ?? 0
  const prompt = input.total ?? (input.noCache ?? 0) + cached + written
  const completion = output.total ?? 0
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: cached, cache_write_tokens: written },
    completion_tokens_details: { reasoning_tokens: output.reasoning ?? 0 },
  }
}
