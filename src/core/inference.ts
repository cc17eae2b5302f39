/** A parsed inference request, as the path sees it: no HTTP, every skin decodes into it. No I/O. */
import type { Refusal } from './errors.ts'
import type { Priority } from './pool/types.ts'

/**
 * What is asked for. `chat` is the canonical form; `completions` and `embeddings` go to OpenAI-protocol targets as they
 * are; `count_tokens` asks how long a chat's prompt is, and generates nothing; `relay` is any other endpoint of OpenAI's
 * that takes a model: nothing more is known of what goes there, nor of what comes back.
 */
export type Operation = 'chat' | 'completions' | 'embeddings' | 'count_tokens' | 'relay'

/** What a caller asks of recall: read and write, write alone, read alone, neither. */
export type CacheMode = 'auto' | 'refresh' | 'no-store' | 'off'

/**
 * Whoever waits for the answer: `signal` aborts when they have left. It is asked for by whoever begins to wait, and not
 * before: with workerd the first look at a request's signal costs a quarter of a hit.
 */
export interface Client {
  readonly signal: AbortSignal
}

/** A request as its caller wrote it, in a protocol of its own: for targets who speak the same. */
export interface NativeRequest {
  readonly form: 'messages' | 'responses'
  /** The caller's JSON; never changed in place. */
  readonly body: Readonly<Record<string, unknown>>
  /** What that protocol says in headers: `anthropic-version`, `anthropic-beta`. As the caller wrote it. */
  readonly headers: Readonly<Record<string, string>>
  /** Fields that the canonical form has no place for, as `x-sluice-dropped-params` names them. */
  readonly dropped: readonly string[]
  /** No target is spoken to in it: the answer has an id before anybody was asked. */
  readonly isTranslated?: true
  /**
   * It asks for what can be said in no other protocol: a tool that the provider runs, say. Then `body` is not the whole
   * of it, and only a target that speaks this one may be asked. What to tell the caller where there is none.
   */
  readonly unsayable?: { readonly param: string; readonly message: string }
}

/** An endpoint that is passed on as it is. */
export interface Relayed {
  /** Where it lies under a provider's base URL: `/audio/speech`. */
  readonly path: string
  /** What is sent where that is no JSON; absent, it is the request's `body`. */
  readonly upload?: Upload
}

/** A body that goes on while it comes. It comes once: what has been taken can be sent to nobody else. */
export interface Upload {
  readonly contentType: string
  readonly isTaken: boolean
  /** Why its end will not come: its client left, or what came of it is refused. Null while it may. */
  readonly fault: 'left' | Refusal | null
  /** Aborts when there is a fault: whoever has taken it must drop the call, or what was sent would pass for all of it. */
  readonly broken: AbortSignal
  /** All of it, for a target that knows the model by this name. */
  take(model: string): ReadableStream<Uint8Array>
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
  /** Absent where the caller speaks OpenAI's protocol, which is what `body` is in. */
  readonly native?: NativeRequest
  /** Of the operation `relay`, and of no other. */
  readonly relay?: Relayed
  /** Bytes of the body as it came; 0 of an upload, whose files are no measure of tokens. */
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
  /** Who goes first where a pool's replicas are busy; undefined where not sent, which counts as `interactive`. */
  readonly priority?: Priority | undefined
  /** The end user it is for, in the caller's own words. */
  readonly user: string | undefined
  /** Undefined where not sent, which counts as `auto`; sent as such, it waives the rule on temperature. */
  readonly cacheMode: CacheMode | undefined
  /** How long its reply may be recalled; undefined: as the model has it. */
  readonly cacheTtlSeconds: number | undefined
  /** Target that answered this conversation a moment ago, and has its beginning in a cache: first, if it can be asked. */
  readonly preferredTarget?: string
  /** The conversation that it is of: what comes under the same name had better meet the same replica. */
  readonly session?: string
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
