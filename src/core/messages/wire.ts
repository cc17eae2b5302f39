/** What Anthropic's messages and events say, as far as the path needs to know: content, end, usage, errors. No I/O. */
import { errorIn } from '../chat-wire.ts'
import { field, isObject } from '../loose.ts'
import type { Usage } from '../usage.ts'
import type { Wire } from '../wire.ts'

type Json = Readonly<Record<string, unknown>>

/** Anthropic's form. Its errors have their place where OpenAI's have it, beside `type: 'error'`. */
export const messagesWire: Wire = {
  isReply: (operation, value): value is Json =>
    isObject(value) &&
    (operation === 'count_tokens'
      ? typeof value.input_tokens === 'number'
      : value.type === 'message' && Array.isArray(value.content)),
  errorIn,
  usageIn(value, before) {
    const usage = usageObjectIn(value)
    return isObject(usage) ? added(usage, before) : null
  },
  isContent(value) {
    if (!isObject(value)) return false
    switch (value.type) {
      case 'content_block_start':
        return isContentBlock(value.content_block)
      case 'content_block_delta':
        return saysSomething(value.delta)
      case 'message_delta':
        return typeof field(value.delta, 'stop_reason') === 'string'
      default:
        return false
    }
  },
  isEnd: (value) => isObject(value) && value.type === 'message_stop',
}

/** Where the three that have one have it: the first event, the last but one, and the whole message. */
function usageObjectIn(value: unknown): unknown {
  switch (field(value, 'type')) {
    case 'message_start':
      return field(field(value, 'message'), 'usage')
    case 'message_delta':
    case 'message':
      return field(value, 'usage')
    default:
      return undefined
  }
}

/**
 * Every count is a total so far: where it is said again it replaces what was said before, and is never added to it. The
 * buckets are Anthropic's own: `input_tokens` is without what was read from a cache and written to it.
 */
function added(usage: Json, before: Usage | null): Usage | null {
  const count = (name: string, known = 0): number => {
    const value = usage[name]
    return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? Math.round(value) : known
  }
  if (typeof usage.input_tokens !== 'number' && typeof usage.output_tokens !== 'number') return null
  const outputTokens = count('output_tokens', before?.outputTokens)
  const thinking = field(usage.output_tokens_details, 'thinking_tokens')
  return {
    inputTokens: count('input_tokens', before?.inputTokens),
    cachedInputTokens: count('cache_read_input_tokens', before?.cachedInputTokens),
    cacheWriteTokens: count('cache_creation_input_tokens', before?.cacheWriteTokens),
    outputTokens,
    reasoningTokens: Math.min(outputTokens, typeof thinking === 'number' ? thinking : (before?.reasoningTokens ?? 0)),
    source: 'provider',
  }
}

/** Text and thinking begin empty; every other block begins with what it is about. */
function isContentBlock(block: unknown): boolean {
  if (!isObject(block)) return false
  return block.type === 'text' || block.type === 'thinking' ? saysSomething(block) : true
}

/** Any member but its type that is not empty: text, thinking, a signature, a citation, a piece of input. */
function saysSomething(value: unknown): boolean {
  if (!isObject(value)) return false
  for (const name in value) {
    const member = value[name]
    if (name === 'type') continue
    if (typeof member === 'string' || Array.isArray(member) ? member.length > 0 : isObject(member)) return true
  }
  return false
}
