/** How much of a history is sent: the newest items within a number of tokens, beginning where a history can. No I/O. */
import { isObject } from '../loose.ts'

/** What of an item tells where a history may begin. */
export interface ItemTraits {
  readonly tokens: number
  /** `call_id` of a tool call that it is, or whose output it is. */
  readonly call: string | null
  readonly output: string | null
  readonly isReasoning: boolean
  readonly isUser: boolean
}

/** Reads them of an item of the Conversations API. */
export function traitsOf(item: unknown, tokens: number): ItemTraits {
  const { type, role, call_id: id } = isObject(item) ? item : {}
  const callId = typeof id === 'string' && typeof type === 'string' ? { type, id } : null
  const isOutput = callId?.type.endsWith('_output') === true
  return {
    tokens,
    call: callId !== null && !isOutput ? callId.id : null,
    output: callId !== null && isOutput ? callId.id : null,
    isReasoning: type === 'reasoning',
    isUser: role === 'user',
  }
}

/** Less than this share of what fits is not given up for beginning with somebody who asks. */
const KEPT_SHARE = 0.5

/**
 * Index of the first item that is sent. Never between a call and its output, nor between reasoning and what it led to;
 * with a user's message where that keeps most of it, for there are providers who insist; where nothing begins so within
 * the tokens, earlier than that. `following`: outputs that come after all of them. `isCut`: there are older ones, so not
 * even the first may be one to begin with.
 */
export function windowStart(
  items: readonly ItemTraits[],
  tokensMax: number,
  following: readonly string[] = [],
  isCut = false,
): number {
  const cut = cutOf(items, tokensMax)
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

/** Where the tokens end, going back from the newest. */
function cutOf(items: readonly ItemTraits[], tokensMax: number): number {
  let tokens = 0
  for (let index = items.length; index > 0; index -= 1) {
    tokens += items[index - 1]?.tokens ?? 0
    if (tokens > tokensMax) return index
  }
  return 0
}
