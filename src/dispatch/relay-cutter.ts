/** Watches a reply go by of which nothing is known: every byte passes, and what was used is looked for at its end. No I/O. */
import { parseJson } from '../core/chat-wire.ts'
import { RELAYED_TAIL_BYTES } from '../core/limits.ts'
import { field } from '../core/loose.ts'
import { chatUsage } from '../core/responses/usage.ts'
import { type Usage, usageOfOpenai } from '../core/usage.ts'
import type { Cut, Cutter } from './cutter.ts'

const EMPTY = new Uint8Array(0)

/** One per attempt. Whole JSON and events may say what was used; audio and images do not. */
export class RelayCutter implements Cutter {
  readonly isInsideEvent = false
  readonly heldBytes = 0
  readonly events = 0
  readonly reported = 0
  committed = true
  done = false
  usage: Usage | null = null
  reportedUsage: unknown
  readonly #isJson: boolean
  readonly #isWatched: boolean
  /** The last pieces, RELAYED_TAIL_BYTES of them or more; all there were, where they are not `isCut`. */
  #tail: Uint8Array[] = []
  #tailBytes = 0
  #isCut = false

  constructor(type: string) {
    this.#isJson = /^application\/(?:[a-z.]+\+)?json/i.test(type)
    this.#isWatched = this.#isJson || /^text\/event-stream/i.test(type)
  }

  push(bytes: Uint8Array): Cut {
    if (this.#isWatched) this.#watch(bytes)
    return { bytes, error: false }
  }

  end(): Uint8Array {
    this.done = true
    const text = decoded(this.#tail)
    this.reportedUsage =
      this.#isJson && !this.#isCut
        ? field(parseJson(text), 'usage')
        : parseJson(LAST_USAGE.exec(lastOf(text))?.[1] ?? '')
    this.usage = usageOfOpenai(this.reportedUsage) ?? usageOfOpenai(chatUsage(this.reportedUsage))
    this.#tail = []
    return EMPTY
  }

  #watch(bytes: Uint8Array): void {
    // A copy: a small piece may lie in a large buffer.
    this.#tail.push(bytes.slice())
    this.#tailBytes += bytes.length
    for (;;) {
      const first = this.#tail[0]?.length ?? 0
      if (first === 0 || this.#tailBytes - first < RELAYED_TAIL_BYTES) return
      this.#tail.shift()
      this.#tailBytes -= first
      this.#isCut = true
    }
  }
}

/**
 * A usage object that is the last member of the last object: where OpenAI puts it behind an image or a transcript. One
 * further in could be of a text that the caller has sent, and says nothing.
 */
const LAST_USAGE = /^"usage"\s*:\s*(\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\})\s*\}\s*(?:data: \[DONE\]\s*)?$/

/** From the last `"usage"` on: the expression is tried in one place only. */
const lastOf = (text: string): string => text.slice(Math.max(0, text.lastIndexOf('"usage"')))

function decoded(pieces: readonly Uint8Array[]): string {
  const decoder = new TextDecoder()
  return pieces.map((piece) => decoder.decode(piece, { stream: true })).join('')
}
