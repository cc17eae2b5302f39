/** Cuts an OpenAI event stream into what goes on to the client and what is ours, byte for byte. No I/O. */
import { errorIn, isContent, isUsageEvent, parseJson, usageIn } from '../core/chat-wire.ts'
import { HELD_EVENT_BYTES_MAX } from '../core/limits.ts'
import { isObject } from '../core/loose.ts'
import type { Usage } from '../core/usage.ts'
import { joined } from '../lib/pieces.ts'
import { concat, endOfEvent, readEvent, searchable } from '../lib/sse.ts'
import type { Cut, Cutter } from './cutter.ts'

/** `choices` with something in it: such an event is not the usage event. Quotes inside strings are escaped, so this cannot match there. */
const HAS_CHOICES = /"choices"\s*:\s*\[\s*\{/
/** Some vendors send an error beside choices. */
const HAS_ERROR = /"error"\s*:\s*[{"]|"object"\s*:\s*"error"|^event: ?error/m
/** Only these need parsing once the stream is committed; `"usage":null` is on every chunk of some providers. */
const OF_INTEREST = new RegExp(`"usage"\\s*:\\s*\\{|${HAS_ERROR.source}`, 'm')
/** JSON may be cut into data lines anywhere, so no pattern can tell what is in several of them. */
const SEVERAL_DATA_LINES = /^data:[\s\S]*?[\r\n]data:/m
const DATA_LINE = /^data/m
const DONE = /^data: ?\[DONE\]/m
const LINE_FEED = 10
const EMPTY = new Uint8Array(0)

/**
 * One per attempt. Events pass as they come; a partial one too, once it is known that it is neither the usage event
 * (which must be left out whole) nor an error (which must not reach the client in the provider's words).
 */
export class EventCutter implements Cutter {
  readonly #dropUsage: boolean
  /** Bytes of a partial event that are held back. */
  #held: Uint8Array = EMPTY
  /** The partial event's text so far, held or handed on; cut to its tail once it is too long to be of interest. */
  #partial = ''
  #partialReleased = false
  /** The usage event was left out and ended in a CR at the end of its chunk: a leading LF is the rest of its separator. */
  #dropsLineFeed = false
  events = 0
  usage: Usage | null = null
  reportedUsage: unknown
  reported = 0
  /** `[DONE]` was seen. */
  done = false
  committed = false

  constructor(dropUsage: boolean) {
    this.#dropUsage = dropUsage
  }

  get isInsideEvent(): boolean {
    return this.#partialReleased
  }

  get heldBytes(): number {
    return this.#held.length
  }

  push(chunk: Uint8Array): Cut {
    if (this.committed && this.#partial === '' && !this.#dropsLineFeed && isPlainEvent(chunk)) {
      this.events += 1
      return { bytes: chunk, error: false }
    }
    const bytes = this.#held.length === 0 ? chunk : concat(this.#held, chunk)
    // Where `text` begins, as an offset in `bytes`: negative when earlier parts of the event were handed on.
    const origin = bytes.length - chunk.length - this.#partial.length
    const text = this.#partial + searchable(chunk)
    const from = Math.max(0, this.#partial.length - 3)
    let start = 0
    let keptFrom = 0
    const kept: Uint8Array[] = []
    const resumes = this.#partial.length > 0
    if (this.#dropsLineFeed && text.length > 0) {
      if (text[0] === '\n') start = keptFrom = 1
      this.#dropsLineFeed = false
    }
    for (;;) {
      // Line ends beyond the one blank line belong to no event: they pass, whatever becomes of the event behind them.
      const isBlank = (start > 0 || !resumes) && (text[start] === '\n' || text[start] === '\r')
      const end = isBlank ? start + 1 : endOfEvent(text, Math.max(from, start))
      if (end === -1) break
      const verdict = isBlank ? 'pass' : this.#event(text.slice(start, end), bytes, start + origin, end + origin)
      if (verdict !== 'pass') {
        kept.push(bytes.subarray(keptFrom, Math.max(keptFrom, start + origin)))
        keptFrom = end + origin
        if (verdict === 'error') return { bytes: joined(kept), error: true }
      }
      this.#dropsLineFeed = verdict === 'drop' && end === text.length && text[end - 1] === '\r'
      this.#partialReleased = false
      start = end
    }
    const partial = text.slice(start)
    const partialAt = Math.max(keptFrom, start + origin)
    this.#partial = partial
    if (partial.length > 0 && !this.#mayRelease(partial)) {
      this.#held = bytes.subarray(partialAt)
      kept.push(bytes.subarray(keptFrom, partialAt))
    } else {
      this.#held = EMPTY
      this.#partialReleased = partial.length > 0
      kept.push(bytes.subarray(keptFrom))
      if (partial.length > HELD_EVENT_BYTES_MAX) this.#partial = partial.slice(-3)
    }
    return { bytes: joined(kept), error: false }
  }

  /**
   * The upstream has closed: what is still the client's. A last `[DONE]` without its blank line is complete all the
   * same, since some vendors end so; any other partial event is cut.
   */
  end(): Uint8Array {
    if (DONE.test(this.#partial)) this.done = true
    const rest = this.done ? this.#held : EMPTY
    this.#held = EMPTY
    return rest
  }

  #mayRelease(partial: string): boolean {
    if (partial.length > HELD_EVENT_BYTES_MAX) return true
    return (this.#partialReleased || HAS_CHOICES.test(partial)) && !HAS_ERROR.test(partial)
  }

  #event(text: string, bytes: Uint8Array, from: number, to: number): 'pass' | 'drop' | 'error' {
    if (this.committed && !OF_INTEREST.test(text) && !SEVERAL_DATA_LINES.test(text)) {
      if (text.includes('[DONE]') && DONE.test(text)) this.done = true
      else if (from < 0 || DATA_LINE.test(text)) this.events += 1
      return 'pass'
    }
    // What was handed on already (`from` < 0) is read from its text: it had choices, so only its usage matters.
    const { event, data } = readEvent(from >= 0 ? bytes.subarray(from, to) : bytesOf(text))
    if (data === null) return 'pass'
    if (data.startsWith('[DONE]')) {
      this.done = true
      this.committed = true
      return 'pass'
    }
    const value = parseJson(data)
    if (!isUsageEvent(value)) this.events += 1
    // A malformed event passes unchanged: it may mean something to the client.
    if (errorIn(value) !== null || event === 'error') return 'error'
    const usage = usageIn(value)
    if (usage !== null) {
      this.usage = usage
      this.reportedUsage = isObject(value) ? value.usage : undefined
      this.reported = this.events
    }
    if (isContent(value)) this.committed = true
    return this.#dropUsage && isUsageEvent(value) ? 'drop' : 'pass'
  }
}

/**
 * Is the chunk one whole event of one data line, and nothing in it ours? Nearly every chunk of a stream is, and knowing
 * it without cutting anything takes a third off the cost of an event.
 */
function isPlainEvent(chunk: Uint8Array): boolean {
  if (chunk[chunk.length - 1] !== LINE_FEED || chunk[chunk.length - 2] !== LINE_FEED) return false
  const text = searchable(chunk)
  if (!text.startsWith('data:') || text.indexOf('\n') !== text.length - 2 || text.includes('\r')) return false
  if (text.includes('[DONE]')) return false
  return !((text.includes('"usage"') || text.includes('error')) && OF_INTEREST.test(text))
}

/**
 * Good for ASCII, which is all that is read of an event that was handed on in parts. What windows-1252 has beyond a
 * byte (the last byte of ’ is its ™) must not become a quote by being cut to one.
 */
function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => Math.min(character.charCodeAt(0), 0xff))
}
