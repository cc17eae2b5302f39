/** What of a Messages request may be sent to an Anthropic target: thinking is bound to whom it came from. No I/O. */
import { field, isObject, items } from '../loose.ts'

type Json = Readonly<Record<string, unknown>>

/** Begins the signature of a thinking block that we wrote ourselves; nobody else can make anything of it. */
export const OWN_MARK = 'sluice:'

/** Is a thinking block with this signature our own? An empty one is no provider's either. */
export function isOwnSignature(signature: unknown): boolean {
  return typeof signature !== 'string' || signature === '' || signature.startsWith(OWN_MARK)
}

/** Edits of the context that a request may ask for only while it asks for thinking. */
const CLEAR_THINKING = /^clear_thinking_/

/**
 * The caller's body without thinking that the target would refuse: our own, always; and all there is, where it is
 * another provider than the one whose signatures these may be (`keepsOwn` false). The same object where nothing is
 * taken out; never changed in place. `dropped` names what was.
 */
export function withoutForeign(
  body: Json,
  keepsOwn: boolean,
): { readonly body: Json; readonly dropped: readonly string[] } {
  const dropped = new Set<string>()
  const messages = items(body.messages)
  const kept = messages.map((message) => withoutBlocks(message, (block) => isForeign(block, keepsOwn), dropped))
  if (dropped.size === 0) return { body, dropped: [] }
  if (!lacksThinking(messages, kept, body.thinking))
    return { body: { ...body, messages: kept.filter(hasContent) }, dropped: [...dropped] }
  dropped.add('thinking')
  return { body: withoutThinking(body, kept, dropped), dropped: [...dropped] }
}

const isThinking = (block: unknown): block is Json =>
  isObject(block) && (block.type === 'thinking' || block.type === 'redacted_thinking')

const isForeign = (block: unknown, keepsOwn: boolean): boolean =>
  isThinking(block) && (!keepsOwn || (block.type === 'thinking' && isOwnSignature(block.signature)))

/** The message itself where it has no such block. */
function withoutBlocks(message: unknown, isUnwanted: (block: unknown) => boolean, dropped: Set<string>): unknown {
  if (!isObject(message) || message.role !== 'assistant' || !Array.isArray(message.content)) return message
  const content = message.content.filter((block: unknown) => {
    if (!isUnwanted(block)) return true
    dropped.add(field(block, 'type') === 'thinking' ? 'thinking.signature' : 'redacted_thinking')
    return false
  })
  return content.length === message.content.length ? message : { ...message, content }
}

/** An assistant's turn may not be empty. Without it the turns around it are both the user's, which are taken as one. */
const hasContent = (message: unknown): boolean =>
  !(isObject(message) && message.role === 'assistant' && Array.isArray(message.content) && message.content.length === 0)

/**
 * With a thinking budget, a turn that goes on (after tool results, most often) must begin with the thinking that came
 * before its calls. Did it lose that? The turn is all that came since the user last said something else than results.
 * (Models that think as they see fit make no such demand.)
 */
function lacksThinking(messages: readonly unknown[], kept: readonly unknown[], thinking: unknown): boolean {
  if (field(thinking, 'type') !== 'enabled') return false
  for (let at = messages.length - 1; at >= 0; at--) {
    const message = kept[at]
    if (field(message, 'role') === 'user' && !isResults(message)) return false
    if (message !== messages[at] && hasContent(message) && !isThinking(items(field(message, 'content'))[0])) return true
  }
  return false
}

const isResults = (message: unknown): boolean =>
  field(message, 'role') === 'user' &&
  items(field(message, 'content')).some((block) => field(block, 'type') === 'tool_result')

/** Without it no thinking may be left in the turn either, nor the wish to have it cleared. */
function withoutThinking(body: Json, kept: readonly unknown[], dropped: Set<string>): Json {
  const { thinking: _, context_management, ...rest } = body
  const messages = kept.map((message) => withoutBlocks(message, isThinking, dropped)).filter(hasContent)
  const managed = withoutClearing(context_management, dropped)
  return { ...rest, messages, ...(managed === undefined ? {} : { context_management: managed }) }
}

function withoutClearing(management: unknown, dropped: Set<string>): unknown {
  if (!isObject(management)) return management
  const edits = items(management.edits)
  const others = edits.filter((edit) => !CLEAR_THINKING.test(String(field(edit, 'type'))))
  if (others.length === edits.length) return management
  dropped.add('context_management')
  return others.length === 0 ? undefined : { ...management, edits: others }
}
