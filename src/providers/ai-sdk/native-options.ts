/** What OpenAI has a field for and a provider a setting, but the AI SDK's common options no name: its provider options. No I/O. */
import type { LanguageModelV4CallOptions } from '@ai-sdk/provider'
import { isObject, type Json, listOf, stringOf } from './json.ts'

export type Reasoning = Exclude<LanguageModelV4CallOptions['reasoning'], undefined>

/** One request's settings for one provider. */
export interface NativeOptions {
  readonly options: NonNullable<LanguageModelV4CallOptions['providerOptions']>[string]
  /** Fields of the request that found a place in `options`. */
  readonly mapped: readonly string[]
  /** Must `reasoning_effort` be left out of this request? */
  readonly withoutReasoning?: boolean
  /** The bound to say in place of the request's, where the provider does not count reasoning within it. */
  readonly maxOutputTokens?: number
}

/** What a setting may depend on. */
export interface Asked {
  readonly body: Json
  readonly model: string
  readonly reasoning: Reasoning | undefined
  /** Bound of the whole output, reasoning included, as OpenAI has it; the caller's or the target's. */
  readonly maxOutputTokens: number | undefined
}

type Native = (asked: Asked) => NativeOptions

/** By protocol name. A provider that is not here gets the common options and nothing else. */
const NATIVE: Readonly<Record<string, Native>> = { anthropic, google }

const NONE: NativeOptions = { options: {}, mapped: [] }

/** What the named protocol can say of the request besides the common options. */
export function nativeOptions(protocol: string, asked: Asked): NativeOptions {
  return NATIVE[protocol]?.(asked) ?? NONE
}

function anthropic({ body, model, reasoning, maxOutputTokens }: Asked): NativeOptions {
  const user = stringOf(body.safety_identifier) ?? stringOf(body.user)
  const options = {
    ...(body.parallel_tool_calls === false ? { disableParallelToolUse: true } : {}),
    ...(user === undefined ? {} : { metadata: { userId: user } }),
  }
  const mapped = ['parallel_tool_calls', 'user', 'safety_identifier']
  if (reasoning === undefined || reasoning === 'none' || reasoning === 'provider-default' || thinksAdaptively(model))
    return { options, mapped }
  if (continuesToolUse(body)) return { options, mapped, withoutReasoning: true }
  if (maxOutputTokens === undefined) return { options, mapped }
  // The SDK adds a thinking budget of its own choice to the bound; the caller's bound includes it, and so does its price.
  const budgetTokens = Math.max(BUDGET_TOKENS_MIN, Math.floor(maxOutputTokens * BUDGET_SHARES[reasoning]))
  if (maxOutputTokens < 2 * BUDGET_TOKENS_MIN) return { options, mapped, withoutReasoning: true }
  return {
    options: { ...options, thinking: { type: 'enabled', budgetTokens } },
    mapped,
    maxOutputTokens: maxOutputTokens - budgetTokens,
  }
}

/** Anthropic's least thinking budget. */
const BUDGET_TOKENS_MIN = 1024
/** How much of the whole output may be thinking. */
const BUDGET_SHARES: Readonly<Record<Exclude<Reasoning, 'none' | 'provider-default'>, number>> = {
  minimal: 0.1,
  low: 0.2,
  medium: 0.5,
  high: 0.7,
  xhigh: 0.8,
  max: 0.9,
}

function google({ reasoning }: Asked): NativeOptions {
  // Gemini thinks unseen unless asked to show it.
  return reasoning === undefined || reasoning === 'none'
    ? NONE
    : { options: { thinkingConfig: { includeThoughts: true } }, mapped: [] }
}

/**
 * Anthropic models with a thinking budget refuse a turn that goes on after tool calls unless the thinking before the
 * calls comes back signed, which callers who know nothing of `reasoning_details` do not see to.
 */
function continuesToolUse(body: Json): boolean {
  const messages = listOf(body.messages).filter(isObject)
  if (messages.at(-1)?.role !== 'tool') return false
  const asked = messages.findLast(({ role }) => role === 'assistant')
  return !listOf(asked?.reasoning_details).some((detail) => isObject(detail) && detail.format === 'anthropic')
}

/** Claude 4.6 and later think as they see fit and make no such demand. */
function thinksAdaptively(model: string): boolean {
  return /claude-(?:[a-z]+-)?(?:4-[6-9](?!\d)|[5-9](?!\d))/.test(model)
}
