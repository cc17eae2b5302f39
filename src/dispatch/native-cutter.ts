/** Watches a stream in the caller's own protocol: every event passes as it came, but an error. No I/O. */
import { parseJson } from '../core/chat-wire.ts'
import { HELD_EVENT_BYTES_MAX } from '../core/limits.ts'
import type { Usage } from '../core/usage.ts'
import type { Wire } from '../core/wire.ts'
import { joined } from '../lib/pieces.ts'
import { concat, endOfEvent, readEvent, searchable } from '../lib/sse.ts'
import type { Cut, Cutter } from './cutter.ts'

/** Events that are nothing but the next piece of an answer that has begun: nearly all of a stream. Not worth parsing. */
const MERE_DELTA = /^event: ?(?:content_block_delta|response\.[a-z_]+(?:\.[a-z_]+)*\.delta)\r?\n/
const EMPTY = new Uint8Array(0)

/**
 * One per attempt. An event goes on when it is whole, unless it is longer than what may be held: then the rest of it
 * passes as it comes, for an error is never as long.
 */
export class NativeCutter implements Cutter {
  readonly #wire: Wire
  /** Bytes of the event that has begun, held back. */
  #held: Uint8Array = EMPTY
  /** The last characters of an event that is being handed on in parts: its end may be cut in two. */
  #tail: string | null = null
  readonly reportedUsage = undefined
  events = 0
  usage: Usage | null = null
  reported = 0
  done = false
  committed = false

  constructor(wire: Wire) {
    this.#wire = wire
  }

  get isInsideEvent(): boolean {
    return this.#tail !== null
  }

  get heldBytes(): number {
    return this.#held.length
  }

  push(chunk: Uint8Array): Cut {
    let passed: Uint8Array = EMPTY
    let rest = chunk
    if (this.#tail !== null) {
      const text = this.#tail + searchable(chunk)
      const end = endOfEvent(text, 0)
      if (end === -1) {
        this.#tail = text.slice(-3)
        return { bytes: chunk, error: false }
      }
      passed = chunk.subarray(0, end - this.#tail.length)
      rest = chunk.subarray(passed.length)
      this.#tail = null
      this.events += 1
    }
    const bytes = this.#held.length === 0 ? rest : concat(this.#held, rest)
    const text = searchable(bytes)
    const seen = Math.max(0, this.#held.length - 3)
    // A line end beyond the blank line, the second half of a CRLF say, belongs to no event.
    let start = /^[\r\n]*/.exec(text)?.[0].length ?? 0
    for (let end = endOfEvent(text, Math.max(seen, start)); end !== -1; end = endOfEvent(text, start)) {
      if (this.#isError(text, bytes, start, end)) {
        this.#held = EMPTY
        return { bytes: joined([passed, bytes.subarray(0, start)]), error: true }
      }
      start = end
    }
    this.#held = bytes.subarray(start)
    if (this.#held.length <= HELD_EVENT_BYTES_MAX)
      return { bytes: joined([passed, bytes.subarray(0, start)]), error: false }
    this.#tail = text.slice(-3)
    this.#held = EMPTY
    return { bytes: joined([passed, bytes]), error: false }
  }

  /** What ends without its blank line is cut; unless all was said, and then it belongs to nothing. */
  end(): Uint8Array {
    const rest = this.done ? this.#held : EMPTY
    this.#held = EMPTY
    return rest
  }

  #isError(text: string, bytes: Uint8Array, from: number, to: number): boolean {
    if (this.committed && MERE_DELTA.test(text.slice(from, from + 80))) {
      this.events += 1
      return false
    }
    const { event, data } = readEvent(bytes.subarray(from, to))
    if (data === null) return false
    this.events += 1
    const value = parseJson(data)
    if (event === 'error' || this.#wire.errorIn(value) !== null) return true
    const usage = this.#wire.usageIn(value, this.usage)
    if (usage !== null) {
      this.usage = usage
      this.reported = this.events
    }
    if (this.#wire.isContent(value)) this.committed = true
    if (this.#wire.isEnd(value)) {
      this.done = true
      this.committed = true
    }
    return false
  }
}
