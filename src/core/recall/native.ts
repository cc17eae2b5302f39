/** Replies in a caller's own protocol as they are kept: in the canonical form, from which all skins replay. No I/O. */
import { parseJson } from '../chat-wire.ts'
import { isObject } from '../loose.ts'
import { MessageEventsToChat, messageToChat } from '../messages/reply-to-chat.ts'
import { ResponseEventsToChat, responseToChat } from '../responses/reply-to-chat.ts'
import type { Form } from '../wire.ts'
import { WIRES } from '../wires.ts'

type Json = Record<string, unknown>

/** Reads the events of a stream as canonical chunks. */
export interface ChunkReader {
  /** Null: the event says what no chunk can, and the reply is not kept. */
  push(event: Json): readonly Readonly<Json>[] | null
  isEnd(event: Json): boolean
}

type Native = Exclude<Form, 'openai'>

const WHOLE = { messages: messageToChat, responses: responseToChat }

/** The reader of one stream; null for the canonical form, which needs none. */
export function chunkReader(form: Form): ChunkReader | null {
  if (form === 'openai') return null
  const reader = form === 'messages' ? new MessageEventsToChat() : new ResponseEventsToChat()
  return { push: (event) => reader.push(event), isEnd: (event) => WIRES[form].isEnd(event) }
}

/** The JSON of a whole reply in the canonical form; null where that has no place for what it says. */
export function canonicalWhole(form: Native, body: string | Uint8Array): string | null {
  const value = parseJson(typeof body === 'string' ? body : new TextDecoder().decode(body))
  const whole = isObject(value) ? WHOLE[form](value) : null
  return whole === null ? null : JSON.stringify(whole)
}
