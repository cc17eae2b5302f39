/** What OpenAI's replies and events say, as far as the path needs to know: content, end, usage, errors. No I/O. */
import type { Operation } from './inference.ts'
import { isObject } from './loose.ts'
import { type Usage, usageOfOpenai } from './usage.ts'
import type { Wire } from './wire.ts'

type Json = Record<string, unknown>

/** Parses JSON; undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The error a reply or event carries at its top level, whatever the status said; null when it carries none. */
export function errorIn(value: unknown): Json | null {
  if (!isObject(value)) return null
  if (isObject(value.error)) return value.error
  if (typeof value.error === 'string') return { message: value.error }
  // Older vLLM puts the fields at the top level.
  return value.object === 'error' ? value : null
}

/** Is this the complete reply that the operation promises? */
export function isReply(operation: Operation, value: unknown): value is Json {
  return isObject(value) && Array.isArray(operation === 'embeddings' ? value.data : value.choices)
}

/** Usage of a whole reply or of an event; null when it reports none. */
export function usageIn(value: unknown): Usage | null {
  return isObject(value) ? usageOfOpenai(value.usage) : null
}

/** The event that exists only to report usage: `choices` is `[]` and `usage` is not null. */
export function isUsageEvent(value: unknown): boolean {
  return isObject(value) && Array.isArray(value.choices) && value.choices.length === 0 && isObject(value.usage)
}

/** Does it say anything: a text, a list or an object with something in it? */
export const full = (value: unknown): boolean =>
  typeof value === 'string' || Array.isArray(value)
    ? value.length > 0
    : isObject(value) && Object.keys(value).length > 0

/** Delta fields that are content. `reasoning_content` is vLLM's and DeepSeek's name, `reasoning` the newer one. */
const CONTENT_FIELDS = [
  'content',
  'reasoning_content',
  'reasoning',
  'reasoning_details',
  'refusal',
  'tool_calls',
  'function_call',
  'audio',
]

/** Does this event commit the answer: a non-empty delta of any kind, or a finish reason? Role-only deltas do not. */
export function isContent(value: unknown): boolean {
  if (!isObject(value) || !Array.isArray(value.choices)) return false
  return value.choices.some((choice: unknown) => {
    if (!isObject(choice)) return false
    if (typeof choice.finish_reason === 'string') return true
    if (full(choice.text)) return true
    const delta = choice.delta
    return isObject(delta) && CONTENT_FIELDS.some((field) => full(delta[field]))
  })
}

/** OpenAI's own form; its end is no JSON, but `[DONE]`. */
export const openaiWire: Wire = {
  isReply,
  errorIn,
  usageIn: (value) => usageIn(value),
  isContent,
  isEnd: () => false,
}
