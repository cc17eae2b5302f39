/** Bodies whose answers were recalled a moment ago, as they were decoded: the same text again needs no second reading. */
import { KNOWN_BODIES_BYTES_MAX, KNOWN_BODY_CHARS_MAX } from '../core/recall/limits.ts'
import { Sieve } from '../core/recall/sieve.ts'
import type { Read } from './skin.ts'

interface Known {
  /** Generation of the tenant whose request it was. */
  readonly owner: string
  readonly read: Read
}

/** What an entry takes besides its text, about; parsed, the text is there about three times more. */
const ENTRY_BYTES = 512
const TIMES_TEXT = 4

/**
 * One per isolate. What is recalled is asked again and again, and reading it costs a good part of a hit; what is new is
 * not kept. Each tenant's is its own: not even by the time it takes may one learn what another has asked.
 */
export class KnownBodies {
  /** By skin: the same text may be read in several ways. */
  readonly #bodies = new Map<string, Sieve<Known>>()

  /** What the text was read as, with the very same `body`; undefined where that is not known. */
  get(skin: string, text: string, owner: string): Read | undefined {
    const known = text.length <= KNOWN_BODY_CHARS_MAX ? this.#bodies.get(skin)?.get(text) : undefined
    return known?.owner === owner ? known.read : undefined
  }

  /** Keeps what a text was read as. */
  keep(skin: string, text: string, owner: string, { body, native }: Read): void {
    if (text.length > KNOWN_BODY_CHARS_MAX || this.get(skin, text, owner)?.body === body) return
    const read = native === undefined ? { body } : { body, native }
    // Where there is a second form of it, that takes as much again.
    const bytes = (native === undefined ? 1 : 2) * TIMES_TEXT * text.length + ENTRY_BYTES
    let bodies = this.#bodies.get(skin)
    if (bodies === undefined) {
      bodies = new Sieve(KNOWN_BODIES_BYTES_MAX)
      this.#bodies.set(skin, bodies)
    }
    bodies.set(text, { owner, read }, bytes)
  }
}
