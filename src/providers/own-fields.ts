/** Fields that our skins add to canonical requests, taken out again where the target would not know them. No I/O. */
import { isObject, items } from '../core/loose.ts'

type Json = Readonly<Record<string, unknown>>

/** A request without them, and the names of those that were something to the answer. */
export interface Bare {
  readonly body: Json
  readonly dropped: readonly string[]
}

/**
 * What a target of OpenAI's protocol gets of a request that came in another one. Engines of the operator's own
 * (`isOwn`) take `top_k`, and the reasoning of earlier turns, which their templates have a place for; OpenAI refuses
 * both. Signatures and encrypted reasoning are another provider's, and go to neither.
 */
export function withoutOwnFields(body: Json, isOwn: boolean): Bare {
  const dropped = new Set<string>()
  const { top_k, messages, tools, ...rest } = body
  const drop = (name: string): undefined => void dropped.add(name)
  const without = (value: unknown, names: readonly string[]): unknown => {
    if (!isObject(value) || !names.some((name) => name in value)) return value
    for (const name of names) if (name in value) drop(name)
    return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)))
  }
  const bareMessage = (message: unknown): unknown => {
    const bare = without(message, isOwn ? ['cache_control', 'reasoning_details'] : OF_MESSAGES)
    if (!isObject(bare)) return bare
    const { content, tool_calls } = bare
    return {
      ...bare,
      ...(Array.isArray(content) ? { content: content.map((part) => without(part, ['cache_control'])) } : {}),
      ...(Array.isArray(tool_calls) ? { tool_calls: tool_calls.map((call) => without(call, ['extra_content'])) } : {}),
    }
  }
  if (top_k !== undefined && !isOwn) drop('top_k')
  return {
    body: {
      ...rest,
      messages: items(messages).map(bareMessage),
      ...(Array.isArray(tools) ? { tools: tools.map((tool) => without(tool, ['cache_control'])) } : {}),
      ...(top_k !== undefined && isOwn ? { top_k } : {}),
    },
    dropped: [...dropped],
  }
}

const OF_MESSAGES = ['cache_control', 'reasoning_details', 'reasoning_content']
