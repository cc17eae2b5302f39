/** The events of a reply, numbered as their readers resume them. Bytes in, however they are cut. No I/O. */
import { concat, endOfEvent, searchable } from '../../lib/sse.ts'

/** One event with its number, as it is sent: the `id:` line is in it. */
export interface NumberedEvent {
  readonly number: number
  readonly bytes: Uint8Array
}

/** `count`: one after the other from 0; `sequence`: as the events of Responses say it themselves. */
export type Numbering = 'count' | 'sequence'

const UTF8 = new TextDecoder()
const ENCODER = new TextEncoder()
const EMPTY = new Uint8Array(0)
const COLON = 58
const CARRIAGE_RETURN = 13
const SEQUENCE = /"sequence_number":\s*(\d+)/g
/** An upstream's own ids would stand in the way of ours, and nobody can resume by them here. */
const OWN_ID = /^id:?[^\n\r]*(?:\r\n|\n|\r)/gm
const COMMENT = /^:[^\n\r]*$/

/** One per stream. */
export class EventCounter {
  readonly #id: string
  readonly #numbering: Numbering
  #partial: Uint8Array = EMPTY
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
    const all = this.#partial.length === 0 ? bytes : concat(this.#partial, bytes)
    const text = searchable(all)
    const events: NumberedEvent[] = []
    let start = 0
    for (let end = endOfEvent(text, Math.max(0, this.#partial.length - 3)); end !== -1; end = endOfEvent(text, start)) {
      // The other half of a CRLF may be still to come.
      if (end === all.length && all.at(-1) === CARRIAGE_RETURN) break
      this.#take(all.subarray(start, end), events)
      start = end
    }
    this.#partial = start === all.length ? EMPTY : all.slice(start)
    return events
  }

  /** What came without a blank line at its end, if anything. */
  end(): NumberedEvent[] {
    const events: NumberedEvent[] = []
    if (this.#partial.length > 0) this.#take(concat(this.#partial, ENCODER.encode('\n\n')), events)
    this.#partial = EMPTY
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

/** Events mostly begin with `data` or `event`: an id that comes first is looked for, one in the middle stays. */
const LOWER_I = 105

/** Does the last event say that the answer failed? */
export const isFailure = (event: string): boolean =>
  /(?:^|\n)event: (?:error|response\.failed)\n/.test(event) || /(?:^|\n)data: \{"error":/.test(event)

/** Does the last event say that a response was cut short by a bound of its own? */
export const isIncomplete = (event: string): boolean => /(?:^|\n)event: response\.incomplete\n/.test(event)

/** The number in what a reader names its last event by: `<stream id>:<number>`, or the number alone; null: neither. */
export function numberIn(lastEventId: string, id: string): number | null {
  const [, of, number] = /^(?:([!-~]{1,128}):)?(\d{1,15})$/.exec(lastEventId) ?? []
  return number === undefined || (of !== undefined && of !== id) ? null : Number(number)
}
