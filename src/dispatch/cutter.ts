/** What the path needs of whoever watches a stream go by. No I/O. */
import type { Usage } from '../core/usage.ts'

/** What one chunk came to. */
export interface Cut {
  /** Bytes for the client, in order; may be empty. */
  readonly bytes: Uint8Array
  /** The upstream reported an error in the stream; `bytes` end before it. */
  readonly error: boolean
}

/** One per attempt: what of the upstream's bytes goes on to the client, and what they say. */
export interface Cutter {
  push(chunk: Uint8Array): Cut
  /** The upstream has closed: what is still the client's. */
  end(): Uint8Array
  /** Have bytes of an unfinished event gone to the client? Then nothing of ours may be put between. */
  readonly isInsideEvent: boolean
  /** Bytes held back for now. */
  readonly heldBytes: number
  /** Complete events seen that had data: what was produced, where the provider never says. */
  readonly events: number
  readonly usage: Usage | null
  /** As the provider wrote it. */
  readonly reportedUsage: unknown
  /** Of `events`, those up to the last one that reported usage. */
  readonly reported: number
  /** The event that nothing follows was seen. */
  readonly done: boolean
  /** The first content was seen; set where as much was held back as may be. */
  committed: boolean
}
