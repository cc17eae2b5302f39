/** The usage object of Responses and that of chat, each from the other. No I/O. */
import { field, isObject } from '../loose.ts'

type Json = Readonly<Record<string, unknown>>

const count = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0)

/** Chat's `usage` of a Responses one; null when it is none. The buckets overlap alike: cached tokens are input tokens. */
export function chatUsage(usage: unknown): Json | null {
  if (!isObject(usage) || (typeof usage.input_tokens !== 'number' && typeof usage.output_tokens !== 'number'))
    return null
  const prompt = count(usage.input_tokens)
  const completion = count(usage.output_tokens)
  const written = count(field(usage.input_tokens_details, 'cache_write_tokens'))
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: {
      cached_tokens: count(field(usage.input_tokens_details, 'cached_tokens')),
      ...(written === 0 ? {} : { cache_write_tokens: written }),
    },
    completion_tokens_details: { reasoning_tokens: count(field(usage.output_tokens_details, 'reasoning_tokens')) },
  }
}

/** Responses' `usage` of a chat one; null when it is none. Its SDKs read every field, so all are there. */
export function responsesUsage(usage: unknown): Json | null {
  if (!isObject(usage) || (typeof usage.prompt_tokens !== 'number' && typeof usage.completion_tokens !== 'number'))
    return null
  const input = count(usage.prompt_tokens)
  const output = count(usage.completion_tokens)
  return {
    input_tokens: input,
    input_tokens_details: {
      cached_tokens: count(field(usage.prompt_tokens_details, 'cached_tokens')),
      cache_write_tokens: count(field(usage.prompt_tokens_details, 'cache_write_tokens')),
    },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: count(field(usage.completion_tokens_details, 'reasoning_tokens')) },
    total_tokens: input + output,
  }
}
