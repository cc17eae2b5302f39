/** A parsed inference request, as the path sees it: no HTTP, every skin decodes into it. No I/O. */

/** What is asked for. `chat` is the canonical form; the other two go to OpenAI-protocol targets as they are. */
export type Operation = 'chat' | 'completions' | 'embeddings'

/** What a caller asks of recall: read and write, write alone, read alone, neither. */
export type CacheMode = 'auto' | 'refresh' | 'no-store' | 'off'

/**
 * Whoever waits for the answer: `signal` aborts when they have left. It is asked for by whoever begins to wait, and not
 * before: with workerd the first look at a request's signal costs a quarter of a hit.
 */
export interface Client {
  readonly signal: AbortSignal
}

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
  /** Its length as text, in UTF-16 units: the fewer of them to a byte, the less of it is ASCII. */
  readonly bodyChars: number
  readonly stream: boolean
  /** Did the client ask for the usage event itself? */
  readonly wantsUsage: boolean
  /** Caller's bounds; they can only shorten the model's. Undefined where not sent. */
  readonly timeoutMs: number | undefined
  readonly firstTokenMs: number | undefined
  /** Longest wait for its turn under a limit; 0: none. Undefined where not sent. */
  readonly maxWaitMs: number | undefined
  /** The end user it is for, in the caller's own words. */
  readonly user: string | undefined
  /** Undefined where not sent, which counts as `auto`; sent as such, it waives the rule on temperature. */
  readonly cacheMode: CacheMode | undefined
  /** How long its reply may be recalled; undefined: as the model has it. */
  readonly cacheTtlSeconds: number | undefined
  /** Tell in headers how it was decided about. */
  readonly debug: boolean
  /** W3C trace context, forwarded as it came. */
  readonly traceparent: string | undefined
}

/** Only a longer text can be a file, and only of a longer request is it looked for. */
const MEDIA_CHARS_MIN = 4096
/** What a file counts for in their place: about a thousand tokens, as an image costs. */
const MEDIA_COUNTED_BYTES = 4000

/** Bytes of a prompt for an estimate of its tokens: files travel as base64, and cost nothing like their bytes. */
export function promptBytes({ body, bodyBytes }: Pick<InferenceRequest, 'body' | 'bodyBytes'>): number {
  return bodyBytes <= MEDIA_CHARS_MIN ? bodyBytes : Math.max(0, bodyBytes - uncounted(body))
}

function uncounted(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let bytes = 0
  if (Array.isArray(value)) {
    for (const item of value) bytes += typeof item === 'string' ? uncountedOf('', item) : uncounted(item)
    return bytes
  }
  // Parsed JSON has no inherited names, and of a long conversation this is several times faster than its entries.
  for (const name in value) {
    const inner = (value as Readonly<Record<string, unknown>>)[name]
    bytes += typeof inner === 'string' ? uncountedOf(name, inner) : uncounted(inner)
  }
  return bytes
}

const uncountedOf = (name: string, text: string): number =>
  isMedia(name, text) ? text.length - MEDIA_COUNTED_BYTES : 0

/** A data URL, or the bare base64 of `input_audio`. */
const isMedia = (name: string, text: string): boolean =>
  text.length > MEDIA_CHARS_MIN && (text.startsWith('data:') || name === 'data')
