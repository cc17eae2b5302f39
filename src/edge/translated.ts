/** A canonical stream in another skin's events: bytes in, however they are cut, bytes out. No I/O. */
import { parseJson } from '../core/chat-wire.ts'
import type { Refusal } from '../core/errors.ts'
import { isObject } from '../core/loose.ts'
import { concat, endOfEvent, readEventText, searchable } from '../lib/sse.ts'
import type { StreamEncoder } from './skin.ts'

const ENCODER = new TextEncoder()
const UTF8 = new TextDecoder()
const EMPTY = new Uint8Array(0)
const DATA = 'data: '

/** One per stream. */
export class Translation {
  readonly #encoder: StreamEncoder
  /** Bytes of an event that is not whole yet. */
  #partial: Uint8Array = EMPTY

  constructor(encoder: StreamEncoder) {
    this.#encoder = encoder
  }

  /** What the upstream's bytes come to; empty where no event of the skin is complete. */
  push(bytes: Uint8Array): Uint8Array {
    const all = this.#partial.length === 0 ? bytes : concat(this.#partial, bytes)
    const text = searchable(all)
    let out = ''
    let start = 0
    for (let end = endOfEvent(text, Math.max(0, this.#partial.length - 3)); end !== -1; end = endOfEvent(text, start)) {
      out += this.#event(UTF8.decode(all.subarray(start, end)))
      start = end
    }
    this.#partial = start === all.length ? EMPTY : all.slice(start)
    return out === '' ? EMPTY : ENCODER.encode(out)
  }

  /** All is said. */
  end(): Uint8Array {
    // Some upstreams end without the blank line.
    const rest = this.#partial.length === 0 ? '' : this.#event(UTF8.decode(this.#partial))
    return ENCODER.encode(rest + this.#encoder.end())
  }

  /** It broke. */
  fail(refused: Refusal, retryAfterMs: number | null): Uint8Array {
    return ENCODER.encode(this.#encoder.fail(refused, retryAfterMs))
  }

  #event(text: string): string {
    // Nearly every event is one line of data.
    const isPlain = text.startsWith(DATA) && text.indexOf('\n') === text.length - 2
    const data = isPlain ? text.slice(DATA.length, -2) : readEventText(text).data
    if (data === null || data.startsWith('[DONE]')) return ''
    const chunk = parseJson(data)
    return isObject(chunk) ? this.#encoder.chunk(chunk) : ''
  }
}

/** A stream that is there already, in the skin's events. */
export function translatedWhole(encoder: StreamEncoder, text: string): string {
  let out = ''
  for (const event of text.split('\n\n')) {
    const chunk =
      event.startsWith(DATA) && !event.startsWith(`${DATA}[DONE]`) ? parseJson(event.slice(DATA.length)) : null
    if (isObject(chunk)) out += encoder.chunk(chunk)
  }
  return out + encoder.end()
}
