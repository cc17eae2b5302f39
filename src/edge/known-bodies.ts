/** Bodies whose answers were recalled a moment ago, as they were decoded: the same text again needs no second reading. */
import type { InferenceRequest, Operation } from '../core/inference.ts'
import { KNOWN_BODIES_BYTES_MAX, KNOWN_BODY_CHARS_MAX } from '../core/recall/limits.ts'
import { Sieve } from '../core/recall/sieve.ts'

type Body = InferenceRequest['body']

interface Known {
  /** Generation of the tenant whose request it was. */
  readonly owner: string
  readonly body: Body
}

/** What an entry takes besides its text, about; parsed, the text is there about three times more. */
const ENTRY_BYTES = 512
const TIMES_TEXT = 4

/**
 * One per isolate. What is recalled is asked again and again, and reading it costs a good part of a hit; what is new is
 * not kept. Each tenant's is its own: not even by the time it takes may one learn what another has asked.
 */
export class KnownBodies {
  readonly #bodies: Readonly<Record<Operation, Sieve<Known>>> = {
    chat: new Sieve(KNOWN_BODIES_BYTES_MAX),
    completions: new Sieve(KNOWN_BODIES_BYTES_MAX),
    embeddings: new Sieve(KNOWN_BODIES_BYTES_MAX),
  }

  /** The very object that the text was decoded to; undefined where that is not known. */
  get(operation: Operation, text: string, owner: string): Body | undefined {
    const known = text.length <= KNOWN_BODY_CHARS_MAX ? this.#bodies[operation].get(text) : undefined
    return known?.owner === owner ? known.body : undefined
  }

  /** Keeps what a text was decoded to. */
  keep(operation: Operation, text: string, owner: string, body: Body): void {
    if (text.length > KNOWN_BODY_CHARS_MAX || this.get(operation, text, owner) === body) return
    this.#bodies[operation].set(text, { owner, body }, TIMES_TEXT * text.length + ENTRY_BYTES)
  }
}
