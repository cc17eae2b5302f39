/** A parsed inference request, as the path sees it: no HTTP, every skin decodes into it. No I/O. */

/** What is asked for. `chat` is the canonical form; the other two go to OpenAI-protocol targets as they are. */
export type Operation = 'chat' | 'completions' | 'embeddings'

/** One request, decoded once and kept: every attempt is made afresh from it. */
export interface InferenceRequest {
  /** Ours, a UUID. */
  readonly requestId: string
  /** When it came in, ms since the epoch. */
  readonly startedAtMs: number
  readonly operation: Operation
  readonly alias: string
  /** The caller's JSON, unknown fields included; never changed in place. */
  readonly body: Readonly<Record<string, unknown>>
  /** Bytes of the body as it came. */
  readonly bodyBytes: number
  readonly stream: boolean
  /** Did the client ask for the usage event itself? */
  readonly wantsUsage: boolean
  /** Caller's bounds; they can only shorten the model's. Undefined where not sent. */
  readonly timeoutMs: number | undefined
  readonly firstTokenMs: number | undefined
  /** W3C trace context, forwarded as it came. */
  readonly traceparent: string | undefined
}
