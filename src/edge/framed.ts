/** A request put into its frame, in every form that it has: canonical, Messages, Responses. No I/O. */
import type { NativeRequest } from '../core/inference.ts'
import { items } from '../core/loose.ts'
import type { Frame, FrameMessage } from '../core/prompts/types.ts'
import { utf8 } from '../lib/hash.ts'
import type { Exchange } from './exchange.ts'

type Json = Readonly<Record<string, unknown>>

/** Skins whose requests have messages, so that something can be put before them. */
const FRAMED: ReadonlySet<string> = new Set(['chat', 'messages', 'count_tokens', 'responses'])

/** Can a request of this skin be framed? */
export const takesFrame = ({ name }: { readonly name: string }): boolean => FRAMED.has(name)

/**
 * The request with the profile first, then the template's messages, then its own. It is longer by all of that, so that
 * it is known and estimated by it; and it is not what its text says any more.
 */
export function withFrame(exchange: Exchange, { system, messages }: Frame): Exchange {
  const { request } = exchange
  const before: readonly FrameMessage[] = [
    ...(system === null ? [] : [{ role: 'system' as const, content: system }]),
    ...messages,
  ]
  const native = request.native && { ...request.native, body: nativeBody(request.native, before) }
  // What cannot be said in the canonical form, or is never asked in it, is in its own form in both places.
  const body =
    native !== undefined && request.body === request.native?.body
      ? native.body
      : { ...request.body, messages: [...before.map(canonical), ...items(request.body.messages)] }
  const added = before.length === 0 ? '' : JSON.stringify(before)
  return {
    ...exchange,
    request: {
      ...request,
      body,
      ...(native === undefined ? {} : { native }),
      bodyBytes: request.bodyBytes + utf8(added).length,
      bodyChars: request.bodyChars + added.length,
    },
    text: null,
  }
}

const isInstruction = ({ role }: FrameMessage): boolean => role === 'system' || role === 'developer'

/** To OpenAI the two are the same; servers that copy its protocol often know `system` alone. */
const canonical = (message: FrameMessage): FrameMessage =>
  message.role === 'developer' ? { ...message, role: 'system' } : message

function nativeBody({ form, body }: NativeRequest, before: readonly FrameMessage[]): Json {
  return form === 'messages' ? messagesBody(body, before) : responsesBody(body, before)
}

/** All instructions stand in the one field that Messages has for them. Turns of one role behind each other are one to it. */
function messagesBody(body: Json, before: readonly FrameMessage[]): Json {
  const instructions = before.filter(isInstruction).map(({ content }) => ({ type: 'text', text: content }))
  const turns = before.filter((message) => !isInstruction(message))
  return {
    ...body,
    ...(instructions.length === 0 ? {} : { system: [...instructions, ...blocksOf(body.system)] }),
    messages: [...turns, ...items(body.messages)],
  }
}

const blocksOf = (system: unknown): readonly unknown[] =>
  typeof system === 'string' ? (system === '' ? [] : [{ type: 'text', text: system }]) : items(system)

/** `instructions` stay the caller's own, as the response says them again. The name of a template is ours alone. */
function responsesBody({ prompt: _, input, ...body }: Json, before: readonly FrameMessage[]): Json {
  const own = typeof input === 'string' ? [{ role: 'user', content: input }] : items(input)
  return { ...body, input: [...before.map((message) => ({ type: 'message', ...message })), ...own] }
}
