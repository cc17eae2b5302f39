/** What the path must know of the bytes of an answer, whichever protocol they are in. No I/O. */
import type { Operation } from './inference.ts'
import type { Usage } from './usage.ts'

/**
 * The protocol that an answer's bytes are in. `openai` is the canonical one: chat, completions and embeddings, each in
 * OpenAI's shape. The other two are what an Anthropic or a Responses target says to a caller who speaks the same.
 */
export type Form = 'openai' | 'messages' | 'responses'

type Json = Readonly<Record<string, unknown>>

/** Reads the whole replies and the events of one form. Values are parsed JSON, of any shape. */
export interface Wire {
  /** Is this the complete reply that the operation promises? */
  isReply(operation: Operation, value: unknown): value is Json
  /** The error that a reply or event carries, whatever the status said; null when it carries none. */
  errorIn(value: unknown): Json | null
  /** Usage that it reports, added to what was reported before: of cumulative counts the last one counts. Null: none. */
  usageIn(value: unknown, before: Usage | null): Usage | null
  /** Does this event commit the answer: the first of what was asked for, or the reason why it ended? */
  isContent(value: unknown): boolean
  /** Is it the event that nothing follows? */
  isEnd(value: unknown): boolean
}
