/** Server-sent events at the byte layer: finds where events end, whatever the chunking, and reads one event. No I/O. */

/**
 * Every byte becomes one character, so offsets in the text are offsets in the bytes and native string search does the
 * scanning. (windows-1252 is what the web calls latin1; ASCII, all that framing needs, is the same in both.)
 */
const LATIN1 = new TextDecoder('latin1')
const UTF8 = new TextDecoder()

/** Bytes as one character each, for searching. */
export function searchable(bytes: Uint8Array): string {
  return LATIN1.decode(bytes)
}

/** Two line ends in a row. A CR at the very end may be half of a CRLF: whoever cuts there takes a leading LF with it. */
const BLANK_LINE = /(?:\r\n|\n|\r(?!\n))(?:\r\n|\n|\r)/g

/**
 * Index just behind the first event that ends after `from`, its separator included, or -1. Begin up to three
 * characters early where an earlier chunk may have left part of a separator.
 */
export function endOfEvent(text: string, from: number): number {
  // Nearly all streams use LF alone, and native indexOf is several times faster than the expression.
  if (!text.includes('\r')) {
    const at = text.indexOf('\n\n', from)
    return at === -1 ? -1 : at + 2
  }
  BLANK_LINE.lastIndex = from
  return BLANK_LINE.test(text) ? BLANK_LINE.lastIndex : -1
}

/** One event, read. `data` is null when the event has no data line (a comment, say). */
export interface SseEvent {
  readonly event: string | null
  readonly data: string | null
}

/** Reads the fields of one event from its bytes. Several data lines are joined by LF; one space after the colon goes. */
export function readEvent(bytes: Uint8Array): SseEvent {
  return readEventText(UTF8.decode(bytes))
}

/** The same of an event that is text already. */
export function readEventText(text: string): SseEvent {
  let event: string | null = null
  let data: string | null = null
  for (const line of text.split(/\r\n|\n|\r/)) {
    if (line.startsWith('data')) {
      const value = fieldValue(line, 'data')
      if (value !== null) data = data === null ? value : `${data}\n${value}`
    } else if (line.startsWith('event')) event = fieldValue(line, 'event') ?? event
  }
  return { event, data }
}

function fieldValue(line: string, name: string): string | null {
  if (line.length === name.length) return ''
  if (line[name.length] !== ':') return null
  const value = line.slice(name.length + 1)
  return value.startsWith(' ') ? value.slice(1) : value
}

/** Joins two byte arrays. */
export function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  const joined = new Uint8Array(first.length + second.length)
  joined.set(first)
  joined.set(second, first.length)
  return joined
}
