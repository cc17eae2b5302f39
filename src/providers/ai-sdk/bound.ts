/** What only one provider can read: signed and encrypted thinking, out to the caller and back; and its marks of caches. No I/O. */
// Anthropic signs what its models think, and some of them refuse to go on after tool calls unless it comes back. It
// travels as `reasoning_details`, under its provider's name, so that no other provider is ever sent it.
import type { LanguageModelV4ReasoningPart, SharedV4ProviderMetadata, SharedV4ProviderOptions } from '@ai-sdk/provider'
import { isObject, type Json, listOf, stringOf } from './json.ts'

/** One block of thinking as the canonical form has it. */
export type ReasoningDetail =
  | { readonly type: 'reasoning.text'; readonly format: 'anthropic'; readonly text: string; readonly signature: string }
  | { readonly type: 'reasoning.encrypted'; readonly format: 'anthropic'; readonly data: string }

/** The detail of a block that is complete; null where nothing of it is bound to anybody. */
export function detailOf(text: string, metadata: SharedV4ProviderMetadata | undefined): ReasoningDetail | null {
  const data = stringOf(metadata?.anthropic?.redactedData)
  if (data !== undefined) return { type: 'reasoning.encrypted', format: 'anthropic', data }
  const signature = stringOf(metadata?.anthropic?.signature)
  return signature === undefined ? null : { type: 'reasoning.text', format: 'anthropic', text, signature }
}

/** A caller's assistant message: the thinking in it that may go to a provider of this protocol, and is there more? */
export function reasoningParts(
  message: Json,
  protocol: string,
  keepsBound: boolean,
): { readonly parts: LanguageModelV4ReasoningPart[]; readonly isLess: boolean } {
  const details = listOf(message.reasoning_details).filter(isObject)
  const own = keepsBound ? details.filter(({ format }) => format === protocol) : []
  const parts = own.flatMap((detail): LanguageModelV4ReasoningPart[] => {
    const signature = stringOf(detail.signature)
    const redactedData = stringOf(detail.data)
    if (signature !== undefined)
      return [{ type: 'reasoning', text: stringOf(detail.text) ?? '', providerOptions: { [protocol]: { signature } } }]
    return redactedData === undefined
      ? []
      : [{ type: 'reasoning', text: '', providerOptions: { [protocol]: { redactedData } } }]
  })
  return { parts, isLess: parts.length < details.length }
}

/** Where a cache may begin, as Anthropic has it on whatever it may stand on; others do not read it. */
export function cacheOptions(value: unknown): { providerOptions?: SharedV4ProviderOptions } {
  const mark = isObject(value) ? value.cache_control : undefined
  return isObject(mark) ? { providerOptions: { anthropic: { cacheControl: mark as never } } } : {}
}

/** The same of a list of parts that become one: the last mark counts. */
export function cacheOptionsIn(parts: unknown): { providerOptions?: SharedV4ProviderOptions } {
  return cacheOptions(listOf(parts).findLast((part) => isObject(part) && isObject(part.cache_control)))
}
