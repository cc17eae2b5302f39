/**
 * What OpenAI has a field for, a provider has a setting for, and the AI SDK's common call options have no name for:
 * said in the SDK's provider options, under the provider's own name. No I/O.
 */
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
}

type Native = (body: Json, model: string, reasoning: Reasoning | undefined) => NativeOptions

/** By protocol name. A provider that is not here gets the common options and nothing else. */
const NATIVE: Readonly<Record<string, Native>> = { anthropic, google }

const NONE: NativeOptions = { options: {}, mapped: [] }

/** What the named protocol can say of the request besides the common options. */
export function nativeOptions(
  protocol: string,
  body: Json,
  model: string,
  reasoning: Reasoning | undefined,
): NativeOptions {
  return NATIVE[protocol]?.(body, model, reasoning) ?? NONE
}

function anthropic(body: Json, model: string): NativeOptions {
  const user = stringOf(body.safety_identifier) ?? stringOf(body.user)
  return {
    options: {
      ...(body.parallel_tool_calls === false ? { disableParallelToolUse: true } : {}),
      ...(user === undefined ? {} : { metadata: { userId: user } }),
    },
    mapped: ['parallel_tool_calls', 'user', 'safety_identifier'],
    withoutReasoning: continuesToolUse(body) && !thinksAdaptively(model),
  }
}

function google(_body: Json, _model: string, reasoning: Reasoning | undefined): NativeOptions {
  // Gemini thinks unseen unless asked to show it.
  return reasoning === undefined || reasoning === 'none'
    ? NONE
    : { options: { thinkingConfig: { includeThoughts: true } }, mapped: [] }
}

/**
 * Anthropic models with a thinking budget refuse a turn that goes on after tool calls unless the thinking before the
 * calls comes back signed, and OpenAI's messages have no place for it.
 */
function continuesToolUse(body: Json): boolean {
  const last = listOf(body.messages).at(-1)
  return isObject(last) && last.role === 'tool'
}

/** Claude 4.6 and later think as they see fit and make no such demand. */
function thinksAdaptively(model: string): boolean {
  return /claude-(?:[a-z]+-)?(?:4-[6-9](?!\d)|[5-9](?!\d))/.test(model)
}
