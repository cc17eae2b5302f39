/** The events of a reply, numbered as their readers resume them. Bytes in, however they are cut. No I/O. */
import { EventPieces } from '../../lib/event-pieces.ts'
import { joined } from '../../lib/pieces.ts'
import { concat, searchable } from '../../lib/sse.ts'

/** One event with its number, as it is sent: the `id:` line is in it. */
export interface NumberedEvent {
  readonly number: number
  readonly bytes: Uint8Array
}

/** `count`: one after the other from 0; `sequence`: as the events of Responses say it themselves. */
export type Numbering = 'count' | 'sequence'

const UTF8 = new TextDecoder()
const ENCODER = new TextEncoder()
const COLON = 58
const CARRIAGE_RETURN = 13
const LINE_FEED = 10
const SEQUENCE = /"sequence_number":\s*(\d+)/g
/** An upstream's own ids would stand in the way of ours, and nobody can resume by them here. */
const OWN_ID = /^id:?[^\n\r]*(?:\r\n|\n|\r)/gm
const COMMENT = /^:[^\n\r]*$/

/** One per stream. */
export class EventCounter {
  readonly #id: string
  readonly #numbering: Numbering
  readonly #pieces = new EventPieces()
  /** An event that ended in a CR: the other half of a CRLF may be still to come. */
  #halfEnded: Uint8Array | null = null
  #last = -1
  /** A comment that is to be read with the event after it. */
  #told = ''

  /** `id` names the stream in every `id:` line. */
  constructor(id: string, numbering: Numbering) {
    this.#id = id
    this.#numbering = numbering
  }

  /** The events that end in these bytes. Keep-alive comments are each reader's own, and left out. */
  push(bytes: Uint8Array): NumberedEvent[] {
    const events: NumberedEvent[] = []
    if (this.#halfEnded === null && this.#pieces.heldBytes === 0 && isOneEvent(bytes)) {
      this.#take(bytes, events)
      return events
    }
    let rest = bytes
    if (this.#halfEnded !== null && bytes.length > 0) {
      const isWhole = bytes[0] !== LINE_FEED
      this.#take(isWhole ? this.#halfEnded : concat(this.#halfEnded, bytes.subarray(0, 1)), events)
      this.#halfEnded = null
      if (!isWhole) rest = bytes.subarray(1)
    }
    const whole = this.#pieces.push(rest)
    for (const [index, event] of whole.entries()) {
      const isLast = index === whole.length - 1 && this.#pieces.heldBytes === 0
      if (isLast && event.at(-1) === CARRIAGE_RETURN) this.#halfEnded = event.slice()
      else this.#take(event, events)
    }
    return events
  }

  /** What came without a blank line at its end, if anything. */
  end(): NumberedEvent[] {
    const events: NumberedEvent[] = []
    if (this.#halfEnded !== null) this.#take(this.#halfEnded, events)
    this.#halfEnded = null
    const rest = this.#pieces.flush()
    if (rest.length > 0) this.#take(concat(rest, ENCODER.encode('\n\n')), events)
    return events
  }

  #take(bytes: Uint8Array, into: NumberedEvent[]): void {
    if (bytes[0] === COLON) {
      const text = UTF8.decode(bytes).trimEnd()
      if (COMMENT.test(text)) {
        if (text !== ': keep-alive') this.#told += `${text}\n`
        return
      }
    }
    const needsText = this.#numbering === 'sequence' || this.#told !== '' || bytes[0] === LOWER_I
    let text = needsText ? UTF8.decode(bytes) : ''
    const said = this.#numbering === 'sequence' ? [...text.matchAll(SEQUENCE)].at(-1)?.[1] : undefined
    this.#last = Math.max(this.#last + 1, said === undefined ? 0 : Number(said))
    const line = `id: ${this.#id}:${this.#last}\n`
    if (needsText) {
      text = line + this.#told + text.replace(OWN_ID, '')
      this.#told = ''
    }
    into.push({
      number: this.#last,
      bytes: needsText ? ENCODER.encode(text) : concat(ENCODER.encode(line), bytes),
    })
  }
}

/** One event and nothing else, as servers mostly send them. */
function isOneEvent(bytes: Uint8Array): boolean {
  if (bytes.at(-1) !== LINE_FEED || bytes.at(-2) !== LINE_FEED) return false
  const text = searchable(bytes)
  return text.indexOf('\n\n') === text.length - 2 && !text.includes('\r')
}

/** Pieces of a reply that has no events, numbered as if it had. Small ones are put together. */
export class PieceCounter {
  #held: Uint8Array[] = []
  #heldBytes = 0
  #next = 0

  push(bytes: Uint8Array): NumberedEvent[] {
    // A copy: who reads a body may be given the same memory again.
    this.#held.push(bytes.slice())
    this.#heldBytes += bytes.length
    return this.#heldBytes < PIECE_BYTES_MIN ? [] : this.end()
  }

  /** What is held. */
  end(): NumberedEvent[] {
    if (this.#heldBytes === 0) return []
    const piece = { number: this.#next++, bytes: joined(this.#held) }
    this.#held = []
    this.#heldBytes = 0
    return [piece]
  }
}

const PIECE_BYTES_MIN = 64 * 1024

/** Events mostly begin with `data` or `event`: an id that comes first is looked for, one in the middle stays. */
const LOWER_I = 105

/** Does the last event say that the answer failed? */
export const isFailure = (event: string): boolean =>
  /(?:^|\n)event: (?:error|response\.failed)\n/.test(event) || /(?:^|\n)data: \{"error":/.test(event)

/** The number in what a reader names its last event by: `<stream id>:<number>`, or the number alone; null: neither. */
export function numberIn(lastEventId: string, id: string): number | null {
  const [, of, number] = /^(?:([!-~]{1,128}):)?(\d{1,15})$/.exec(lastEventId) ?? []
  return number === undefined || (of !== undefined && of !== id) ? null : Number(number)
}

/** Did the last event say that the answer ran out of room? On Responses alone that is an end of its own. */
export const isIncomplete = (event: string): boolean => /(?:^|\n)event: response\.incomplete\n/.test(event)

/** What a stream's object is named by: its id without what that begins with, so that one key names one of them. */
export const streamName = (id: string): string => id.slice(id.indexOf('_') + 1)
