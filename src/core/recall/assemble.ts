/** Records complete replies as they are kept: whole ones, and streamed ones while they pass. No I/O. */

import { parseLossless } from '../../lib/json.ts'
import { concat, endOfEvent, readEventText, searchable } from '../../lib/sse.ts'
import { errorIn, isReply, parseJson } from '../chat-wire.ts'
import type { Operation } from '../inference.ts'
import { HELD_EVENT_BYTES_MAX } from '../limits.ts'
import { field, isObject, items } from '../loose.ts'
import { Assembly } from './assembly.ts'
import { RECORDED_REPLY_BYTES_MAX } from './limits.ts'
import type { ChunkReader } from './native.ts'

/** Ends of a complete answer. One that ran out of room, or was cut for its content, is not to be had again. */
const COMPLETE: ReadonlySet<unknown> = new Set(['stop', 'tool_calls', 'function_call'])
const UTF8 = new TextDecoder()
const ENCODER = new TextEncoder()
const EMPTY = new Uint8Array(0)
const LINE_FEED = 10

/**
 * One per stream: takes the bytes of an OpenAI stream (chat or completions), or of one that `reader` reads as such, however
 * they are cut. What is too long, not understood or an error ends the recording, and what was held goes.
 */
export class StreamRecorder {
  readonly #reader: ChunkReader | null
  #assembly: Assembly | null = new Assembly()
  #partial: Uint8Array = EMPTY
  #isDone = false

  constructor(reader: ChunkReader | null = null) {
    this.#reader = reader
  }

  /** Memory that it holds, about. */
  get heldBytes(): number {
    return (this.#assembly?.heldBytes ?? 0) + this.#partial.length
  }

  push(bytes: Uint8Array): void {
    if (this.#assembly === null || this.#isDone) return
    const all = this.#partial.length === 0 ? bytes : concat(this.#partial, bytes)
    const end = endOfEvents(all, this.#partial.length)
    if (end > 0 && !this.#events(UTF8.decode(end === all.length ? all : all.subarray(0, end)))) this.giveUp()
    else if (all.length - end > HELD_EVENT_BYTES_MAX) this.giveUp()
    // A copy: what is held must not keep the chunk it came in.
    else this.#partial = this.#isDone || end === all.length ? EMPTY : all.slice(end)
  }

  /** Drops everything: nothing will be recorded. */
  giveUp(): void {
    this.#assembly = null
    this.#partial = EMPTY
  }

  /**
   * The whole reply, without `id` and `created`; null where the stream did not end with a complete one. Drops what it
   * holds. `usage`: the usage object as reported, where the event that had it was left out of what was pushed.
   */
  finish(usage: unknown = null): string | null {
    const assembly = this.#assembly
    // Some vendors end without the blank line.
    if (/^data: ?\[DONE\]\s*$/.test(UTF8.decode(this.#partial))) this.#isDone = true
    this.giveUp()
    if (assembly === null || !this.#isDone) return null
    const whole = assembly.whole(usage)
    return hasEnded(whole) ? unlessTooLong(JSON.stringify(whole)) : null
  }

  /** Takes text that ends with an event. False: give up. */
  #events(text: string): boolean {
    const hasCarriageReturns = text.includes('\r')
    let start = 0
    while (start < text.length && !this.#isDone) {
      const end = hasCarriageReturns ? endOfEvent(text, start) : text.indexOf('\n\n', start) + 2
      if (end < 2) return true
      if (end - start > HELD_EVENT_BYTES_MAX || !this.#event(text.slice(start, end))) return false
      start = end
    }
    return true
  }

  #event(text: string): boolean {
    const data = dataOf(text)
    if (data === null) return true
    if (data === undefined) return false
    if (data.startsWith('[DONE]')) {
      this.#isDone = true
      return true
    }
    const assembly = this.#assembly
    const event = parseJson(data)
    if (assembly === null || !isObject(event) || errorIn(event) !== null) return false
    if (this.#reader === null) return assembly.add(event) && assembly.bytesMin <= RECORDED_REPLY_BYTES_MAX
    const chunks = this.#reader.push(event)
    if (chunks === null || !chunks.every((chunk) => assembly.add(chunk))) return false
    this.#isDone = this.#reader.isEnd(event)
    return assembly.bytesMin <= RECORDED_REPLY_BYTES_MAX
  }
}

/**
 * A whole reply as it is kept: as it came, but without `id` and `created` at its top level. Null where it is not the
 * complete one that the operation promises, or too long.
 */
export function recordableWhole(operation: Operation, reply: string | Uint8Array): string | null {
  if (reply.length > RECORDED_REPLY_BYTES_MAX) return null
  const text = typeof reply === 'string' ? reply : UTF8.decode(reply)
  let value: unknown
  try {
    value = parseLossless(text)
  } catch {
    return null
  }
  if (!isReply(operation, value) || errorIn(value) !== null) return null
  if (operation === 'embeddings' ? items(value.data).length === 0 : !hasEnded(value)) return null
  const { id, created, ...kept } = value
  return unlessTooLong(id === undefined && created === undefined ? text.trim() : JSON.stringify(kept))
}

/** Is every answer of the reply complete? */
const hasEnded = ({ choices }: Readonly<Record<string, unknown>>): boolean =>
  items(choices).length > 0 && items(choices).every((choice) => COMPLETE.has(field(choice, 'finish_reason')))

/** A character is one to three bytes, so that few texts need to be counted. */
const unlessTooLong = (text: string): string | null =>
  3 * text.length <= RECORDED_REPLY_BYTES_MAX || ENCODER.encode(text).length <= RECORDED_REPLY_BYTES_MAX ? text : null

/** The data of one event; null where it has none, undefined where it reports an error. */
function dataOf(text: string): string | null | undefined {
  if (text.startsWith('data: ') && text.indexOf('\n') === text.length - 2 && !text.includes('\r'))
    return text.slice('data: '.length, -2)
  const { event, data } = readEventText(text)
  return event === 'error' ? undefined : data
}

/** Where the last complete event of the bytes ends; 0 where none does. `seen`: bytes known not to hold an end. */
function endOfEvents(bytes: Uint8Array, seen: number): number {
  if (bytes.at(-1) === LINE_FEED && bytes.at(-2) === LINE_FEED) return bytes.length
  const text = searchable(bytes)
  if (!text.includes('\r')) {
    const at = text.lastIndexOf('\n\n')
    return at === -1 ? 0 : at + 2
  }
  let last = 0
  for (let end = endOfEvent(text, Math.max(0, seen - 3)); end !== -1; end = endOfEvent(text, end)) last = end
  return last
}
