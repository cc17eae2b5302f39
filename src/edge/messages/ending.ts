/** How a message ends: why it stopped, and what it took. No I/O. */
import { NOTHING_USED, usageOfOpenai } from '../../core/usage.ts'

type Json = Readonly<Record<string, unknown>>

const STOP_REASONS: ReadonlyMap<unknown, string> = new Map([
  ['length', 'max_tokens'],
  ['tool_calls', 'tool_use'],
  ['content_filter', 'refusal'],
])
/** Where a choice says which stop sequence it met: ours, vLLM's, SGLang's. A number there is a token. */
const STOP_FIELDS = ['stop_sequence', 'stop_reason', 'matched_stop']

/** Why a message stopped. */
export interface Stop {
  readonly stop_reason: string
  readonly stop_sequence: string | null
}

/**
 * Why a choice ended, from it or its last chunk. Clients run tools only where `tool_use` says so, and there are providers
 * who say `stop` of a choice with calls.
 */
export function stopOf(choice: Json, hasCalls: boolean): Stop {
  const reason = STOP_REASONS.get(choice.finish_reason)
  if (reason !== undefined) return { stop_reason: reason, stop_sequence: null }
  if (hasCalls) return { stop_reason: 'tool_use', stop_sequence: null }
  const met = STOP_FIELDS.map((name) => choice[name]).find((value) => typeof value === 'string' && value !== '')
  if (typeof met !== 'string') return { stop_reason: 'end_turn', stop_sequence: null }
  return { stop_reason: 'stop_sequence', stop_sequence: met }
}

/** Anthropic's usage object from OpenAI's. Clients count on its numbers: what nobody reported is 0. */
export function usageOf(usage: unknown): Json {
  const { inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens, reasoningTokens } =
    usageOfOpenai(usage) ?? NOTHING_USED
  return {
    input_tokens: inputTokens,
    cache_creation_input_tokens: cacheWriteTokens,
    cache_read_input_tokens: cachedInputTokens,
    output_tokens: outputTokens,
    ...(reasoningTokens === 0 ? {} : { output_tokens_details: { thinking_tokens: reasoningTokens } }),
  }
}
