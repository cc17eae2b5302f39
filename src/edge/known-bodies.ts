/** Bodies whose answers were recalled a moment ago, as they were decoded: the same text again needs no second reading. */
import type { InferenceRequest, Operation } from '../core/inference.ts'
import { KNOWN_BODIES_BYTES_MAX, KNOWN_BODY_CHARS_MAX } from '../core/recall/limits.ts'
import { Sieve } from '../core/recall/sieve.ts'

type Body = InferenceRequest['body']

/** What an entry takes besides its text, about; parsed, the text is there about three times more. */
const ENTRY_BYTES = 512
const TIMES_TEXT = 4

/**
 * One per isolate. Decoding is the same for everybody, so it matters to nobody whose text it was. What is recalled is
 * asked again and again, and reading it costs as much as all the rest of a hit; what is new is not kept.
 */
export class KnownBodies {
  readonly #bodies: Readonly<Record<Operation, Sieve<Body>>> = {
    chat: new Sieve(KNOWN_BODIES_BYTES_MAX),
    completions: new Sieve(KNOWN_BODIES_BYTES_MAX),
    embeddings: new Sieve(KNOWN_BODIES_BYTES_MAX),
  }

  /** The very object that the text was decoded to; undefined where that is not known. */
  get(operation: Operation, text: string): Body | undefined {
    return text.length <= KNOWN_BODY_CHARS_MAX ? this.#bodies[operation].get(text) : undefined
  }

  /** Keeps what a text was decoded to. */
  keep(operation: Operation, text: string, body: Body): void {
    const bodies = this.#bodies[operation]
    if (text.length > KNOWN_BODY_CHARS_MAX || bodies.get(text) === body) return
    bodies.set(text, body, TIMES_TEXT * text.length + ENTRY_BYTES)
  }
}
