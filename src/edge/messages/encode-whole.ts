/** A canonical reply → Anthropic's message. No I/O. */
import { field, isObject, items } from '../../core/loose.ts'
import { isOwnSignature } from '../../core/messages/bound.ts'
import { parseLossless } from '../../lib/json.ts'
import type { Heading } from '../skin.ts'
import { stopOf, usageOf } from './ending.ts'
import { markOf, readMark } from './mark.ts'
import { boundIn, reasoningIn, textIn, thoughtSignatureIn } from './said.ts'
import { toAnthropicId } from './tool-ids.ts'

type Json = Readonly<Record<string, unknown>>

/** The message of a whole `chat.completion`. */
export function messageOf(completion: Json, heading: Heading): Json {
  const choice = items(completion.choices)[0]
  const said = field(choice, 'message')
  const message = isObject(said) ? said : {}
  const calls = items(message.tool_calls).filter(isObject)
  return {
    id: `msg_${heading.id}`,
    type: 'message',
    role: 'assistant',
    model: heading.model,
    content: contentOf(message, calls, heading),
    ...stopOf(isObject(choice) ? choice : {}, calls.length > 0),
    usage: usageOf(completion.usage),
  }
}

function contentOf(message: Json, calls: readonly Json[], heading: Heading): readonly Json[] {
  const blocks = thinkingOf(message)
  const text = textIn(message)
  if (text !== '') blocks.push({ type: 'text', text })
  for (const [position, call] of calls.entries()) {
    const id = callId(call.id, position, heading)
    const signature = thoughtSignatureIn(call)
    if (signature !== undefined) sign(blocks, id, signature)
    const { name, arguments: written } = isObject(call.function) ? call.function : {}
    blocks.push({
      type: 'tool_use',
      id: toAnthropicId(id),
      name: typeof name === 'string' ? name : '',
      input: inputOf(typeof written === 'string' ? written : ''),
    })
  }
  return blocks
}

/** Thinking that Anthropic signed, as it was; any other is ours to sign. */
function thinkingOf(message: Json): Json[] {
  const bound = boundIn(message.reasoning_details)
  const reasoning = bound.some(({ type }) => type === 'thinking') ? '' : reasoningIn(message)
  if (reasoning === '') return [...bound]
  return [{ type: 'thinking', thinking: reasoning, signature: markOf(new Map()) }, ...bound]
}

/** Puts a call's thought signature into the block before it: into our mark there, or into one with nothing else in it. */
function sign(blocks: Json[], id: string, signature: string): void {
  const last = blocks.at(-1)
  const isOurs = last?.type === 'thinking' && isOwnSignature(last.signature)
  const marked = isOurs ? readMark(last.signature) : new Map<string, string>()
  const mark = markOf(new Map([...marked, [id, signature]]))
  if (isOurs) blocks[blocks.length - 1] = { ...last, signature: mark }
  else blocks.push({ type: 'thinking', thinking: '', signature: mark })
}

/** The id that the provider gave a call, or one of ours: a result has to name it. */
export function callId(given: unknown, position: number, heading: Heading): string {
  return typeof given === 'string' && given !== '' ? given : `toolu_${heading.id}${position}`
}

/**
 * Input is an object, always. Text that is none (a call cut off in its middle, most often) is not mended, which would
 * make up arguments: it goes into one, under the name that Anthropic documents for input that is no JSON.
 */
function inputOf(written: string): unknown {
  if (written.trim() === '') return {}
  try {
    const input = parseLossless(written)
    if (isObject(input)) return input
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  return { INVALID_JSON: written }
}
