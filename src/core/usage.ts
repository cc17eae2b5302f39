/** Token usage in disjoint buckets, read from what providers report. No I/O. */

/** Tokens of one request. `prompt = inputTokens + cachedInputTokens + cacheWriteTokens`; reasoning is inside output. */
export interface Usage {
  readonly inputTokens: number
  readonly cachedInputTokens: number
  readonly cacheWriteTokens: number
  readonly outputTokens: number
  readonly reasoningTokens: number
  readonly source: 'provider' | 'estimated' | 'reaped'
}

const count = (value: unknown): number =>
  typeof value === 'number' && Number.isFinite(value) && value > 0 ? Math.round(value) : 0

const part = (value: unknown, name: string): number =>
  typeof value === 'object' && value !== null ? count((value as Record<string, unknown>)[name]) : 0

/**
 * Reads OpenAI's `usage` object (chat, completions, embeddings). `prompt_tokens` includes the cached and the written
 * ones there, so they are taken out. Null when it is not a usage object.
 */
export function usageOfOpenai(value: unknown): Usage | null {
  if (typeof value !== 'object' || value === null) return null
  const usage = value as Record<string, unknown>
  if (typeof usage.prompt_tokens !== 'number' && typeof usage.completion_tokens !== 'number') return null
  const prompt = count(usage.prompt_tokens)
  const cachedInputTokens = Math.min(prompt, part(usage.prompt_tokens_details, 'cached_tokens'))
  const cacheWriteTokens = Math.min(prompt - cachedInputTokens, part(usage.prompt_tokens_details, 'cache_write_tokens'))
  const outputTokens = count(usage.completion_tokens)
  return {
    inputTokens: prompt - cachedInputTokens - cacheWriteTokens,
    cachedInputTokens,
    cacheWriteTokens,
    outputTokens,
    reasoningTokens: Math.min(outputTokens, part(usage.completion_tokens_details, 'reasoning_tokens')),
    source: 'provider',
  }
}

/** OpenAI's `usage` object, in which `usageOfOpenai` finds the same buckets. */
export function openaiUsageOf(usage: Omit<Usage, 'source'>) {
  const { inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens, reasoningTokens } = usage
  const promptTokens = inputTokens + cachedInputTokens + cacheWriteTokens
  return {
    prompt_tokens: promptTokens,
    completion_tokens: outputTokens,
    total_tokens: promptTokens + outputTokens,
    prompt_tokens_details: {
      cached_tokens: cachedInputTokens,
      // An addition of ours: beside OpenAI's own names only where there is something to say.
      ...(cacheWriteTokens === 0 ? {} : { cache_write_tokens: cacheWriteTokens }),
    },
    completion_tokens_details: { reasoning_tokens: reasoningTokens },
  }
}

/** Of what costs nothing. */
export const NOTHING_USED: Usage = {
  inputTokens: 0,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  source: 'provider',
}

/** An upper-level guess where the provider said nothing: prompt bytes over a bytes-per-token ratio, output counted locally. */
export function usageEstimated(promptBytes: number, outputTokens: number): Usage {
  return {
    inputTokens: promptTokens(promptBytes),
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    outputTokens,
    reasoningTokens: 0,
    source: 'estimated',
  }
}

/** Where a learned ratio starts (English text); see the admission issue for learning it per model. */
export const BYTES_PER_TOKEN = 4

/** Tokens of a prompt by its bytes. */
export const promptTokens = (bytes: number): number => Math.ceil(bytes / BYTES_PER_TOKEN)
