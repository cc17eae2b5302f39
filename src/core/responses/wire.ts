/** What replies and events of OpenAI's Responses say, as far as the path needs to know. No I/O. */
import { field, isObject } from '../loose.ts'
import type { Usage } from '../usage.ts'
import { usageOfOpenai } from '../usage.ts'
import type { Wire } from '../wire.ts'
import { chatUsage } from './usage.ts'

type Json = Record<string, unknown>

const COMPLETE: ReadonlySet<unknown> = new Set(['completed', 'incomplete'])
const LAST: ReadonlySet<unknown> = new Set(['response.completed', 'response.incomplete', 'response.failed'])
const ANSWERED: ReadonlySet<unknown> = new Set(['response.completed', 'response.incomplete'])
/** Items that are announced empty: what is in them comes as deltas. All others are calls, and a call is content. */
const ANNOUNCED_EMPTY: ReadonlySet<unknown> = new Set(['message', 'reasoning'])

/** Replies in the `responses` form. */
export const responsesWire: Wire = {
  isReply: (_, value): value is Json =>
    isObject(value) && value.object === 'response' && Array.isArray(value.output) && COMPLETE.has(value.status),
  errorIn,
  usageIn,
  isContent,
  isEnd: (value) => LAST.has(field(value, 'type')),
}

function errorIn(value: unknown): Json | null {
  if (!isObject(value)) return null
  if (value.type === 'error') return isObject(value.error) ? value.error : value
  const response = value.type === 'response.failed' ? value.response : value
  if (!isObject(response)) return value.type === 'response.failed' ? {} : null
  if (isObject(response.error)) return response.error
  if (typeof response.error === 'string') return { message: response.error }
  return response.status === 'failed' ? {} : null
}

/** The only report of a run is at its end, so that nothing has to be added up. */
function usageIn(value: unknown): Usage | null {
  const usage = chatUsage(field(LAST.has(field(value, 'type')) ? field(value, 'response') : value, 'usage'))
  return usage === null ? null : usageOfOpenai(usage)
}

function isContent(value: unknown): boolean {
  if (!isObject(value) || typeof value.type !== 'string') return false
  if (ANSWERED.has(value.type)) return true
  if (value.type === 'response.output_item.added') return isCall(value.item)
  // Text, refusal, reasoning, arguments, code, audio: whatever it is a piece of.
  return value.type.endsWith('.delta') && typeof value.delta === 'string' && value.delta !== ''
}

const isCall = (item: unknown): boolean => isObject(item) && !ANNOUNCED_EMPTY.has(item.type)
