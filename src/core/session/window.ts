/** How much of a history is sent: the newest items within so many tokens and bytes, beginning where it can. No I/O. */
import { isObject } from '../loose.ts'

/** What of an item tells where a history may begin. */
export interface ItemTraits {
  readonly tokens: number
  /** Of it as JSON. */
  readonly bytes: number
  /** `call_id` of a tool call that it is, or whose output it is. */
  readonly call: string | null
  readonly output: string | null
  readonly isReasoning: boolean
  readonly isUser: boolean
}

/** Reads them of an item of the Conversations API. */
export function traitsOf(item: unknown, { tokens, bytes }: Pick<ItemTraits, 'tokens' | 'bytes'>): ItemTraits {
  const { type, role, call_id: id } = isObject(item) ? item : {}
  const callId = typeof id === 'string' && typeof type === 'string' ? { type, id } : null
  const isOutput = callId?.type.endsWith('_output') === true
  return {
    tokens,
    bytes,
    call: callId !== null && !isOutput ? callId.id : null,
    output: callId !== null && isOutput ? callId.id : null,
    isReasoning: type === 'reasoning',
    isUser: role === 'user',
  }
}

/** What a window holds at most. */
export interface WindowBounds {
  readonly tokensMax: number
  readonly bytesMax: number
}

/** Less than this share of what fits is not given up for beginning with somebody who asks. */
const KEPT_SHARE = 0.5

/**
 * Index of the first item that is sent. Never between a call and its output, nor between reasoning and what it led to;
 * with a user's message where that keeps most of it, for there are providers who insist; where nothing begins so within
 * the bounds, earlier than that. `following`: outputs that come after all of them. `isCut`: there are older ones, so not
 * even the first may be one to begin with.
 */
export function windowStart(
  items: readonly ItemTraits[],
  bounds: WindowBounds,
  following: readonly string[] = [],
  isCut = false,
): number {
  const cut = cutOf(items, bounds)
  if (cut === 0 && !isCut) return 0
  /** Outputs whose calls were not met yet, on the way to the oldest. */
  const wanted = new Set(following)
  let tokens = 0
  let safe = wanted.size === 0 ? { index: items.length, tokens } : null
  let asked: typeof safe = null
  for (let index = items.length - 1; index >= 0 && !(index < cut && safe !== null); index -= 1) {
    const item = items[index] as ItemTraits
    tokens += item.tokens
    if (item.output !== null) wanted.add(item.output)
    if (item.call !== null) wanted.delete(item.call)
    if (wanted.size > 0 || items[index - 1]?.isReasoning === true) continue
    safe = { index, tokens }
    if (item.isUser) asked = safe
  }
  // Outputs of calls that are nowhere: then any part of it says as much as all.
  if (safe === null) return cut
  return asked !== null && asked.tokens >= safe.tokens * KEPT_SHARE ? asked.index : safe.index
}

/** Where the tokens end, or the bytes, going back from the newest. */
function cutOf(items: readonly ItemTraits[], { tokensMax, bytesMax }: WindowBounds): number {
  let [tokens, bytes] = [0, 0]
  for (let index = items.length; index > 0; index -= 1) {
    tokens += items[index - 1]?.tokens ?? 0
    bytes += items[index - 1]?.bytes ?? 0
    if (tokens > tokensMax || bytes > bytesMax) return index
  }
  return 0
}
