/** Watches a stream of chat for a model that is caught in its own words, and ends it as one that ran out of room. No I/O. */
import { parseJson } from '../core/chat-wire.ts'
import { field, items } from '../core/loose.ts'
import { Repetition, type RepetitionRule } from '../core/repetition.ts'
import type { Usage } from '../core/usage.ts'
import { concat, endOfEvent, readEvent, searchable } from '../lib/sse.ts'
import type { Cut, Cutter } from './cutter.ts'

const EMPTY = new Uint8Array(0)
const ENCODER = new TextEncoder()
/** What tells that it was us: as a comment, for no field of a chunk could. */
const MARKER = ': sluice stopped=repetition\n\n'

/**
 * Around the cutter of one attempt. Every event is parsed, which is why it is only there where the model's policy asks
 * for it. The event that shows it goes out; then a chunk with `finish_reason: "length"`, the marker, and the end.
 */
export class RepetitionCutter implements Cutter {
  readonly #inner: Cutter
  readonly #text: Repetition
  readonly #reasoning: Repetition
  #partial: Uint8Array = EMPTY
  #isStopped = false

  constructor(inner: Cutter, rule: RepetitionRule) {
    this.#inner = inner
    this.#text = new Repetition(rule)
    this.#reasoning = new Repetition(rule)
  }

  push(chunk: Uint8Array): Cut {
    if (this.#isStopped) return { bytes: EMPTY, error: true }
    const cut = this.#inner.push(chunk)
    const seen = this.#partial.length
    const all = seen === 0 ? cut.bytes : concat(this.#partial, cut.bytes)
    const text = searchable(all)
    let start = 0
    for (let end = endOfEvent(text, Math.max(0, seen - 3)); end !== -1; end = endOfEvent(text, start)) {
      const value = parseJson(readEvent(all.subarray(start, end)).data ?? '')
      if (this.#isCaught(value)) {
        this.#isStopped = true
        // What has gone out of this event before is not sent again.
        return { bytes: concat(all.subarray(seen, Math.max(seen, end)), ENCODER.encode(endingOf(value))), error: true }
      }
      start = end
    }
    this.#partial = start === all.length ? EMPTY : all.slice(start)
    return cut
  }

  end(): Uint8Array {
    return this.#isStopped ? EMPTY : this.#inner.end()
  }

  get isInsideEvent(): boolean {
    return !this.#isStopped && this.#inner.isInsideEvent
  }

  get heldBytes(): number {
    return this.#inner.heldBytes
  }

  get events(): number {
    return this.#inner.events
  }

  get usage(): Usage | null {
    return this.#inner.usage
  }

  get reportedUsage(): unknown {
    return this.#inner.reportedUsage
  }

  get reported(): number {
    return this.#inner.reported
  }

  get done(): boolean {
    return this.#isStopped || this.#inner.done
  }

  get committed(): boolean {
    return this.#inner.committed
  }

  set committed(is: boolean) {
    this.#inner.committed = is
  }

  /** Of the first choice: several are not told apart by who looks for loops. */
  #isCaught(value: unknown): boolean {
    const delta = field(items(field(value, 'choices'))[0], 'delta')
    const [text, thought] = [field(delta, 'content'), field(delta, 'reasoning_content') ?? field(delta, 'reasoning')]
    const isText = typeof text === 'string' && this.#text.feed(text)
    return isText || (typeof thought === 'string' && this.#reasoning.feed(thought))
  }
}

/** The end of a stream, in the words of its own chunks. */
function endingOf(chunk: unknown): string {
  const about = Object.fromEntries(['id', 'object', 'created', 'model'].map((name) => [name, field(chunk, name)]))
  const last = { ...about, choices: [{ index: 0, delta: {}, finish_reason: 'length' }] }
  return `${MARKER}data: ${JSON.stringify(last)}\n\ndata: [DONE]\n\n`
}
