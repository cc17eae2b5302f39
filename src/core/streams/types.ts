/** A generation that outlives its client: what is asked of the object that owns it, and what is known of it. No I/O. */
import type { SealedRecord } from '../sealed.ts'
import type { Caller, TenantPlace } from '../tenant.ts'
import type { WebhookReport } from '../webhook.ts'

/** Everything that is needed to answer a request in an object of its own. Plain data; the key is not in it. */
export interface StreamJob {
  /** Names the stream to its callers: `strm_…`, or the response that it makes. */
  readonly id: string
  readonly place: TenantPlace
  readonly caller: Omit<Caller, 'mayCall'>
  /** The model asked for, where one is. */
  readonly alias: string | null
  /** Which skin is spoken. */
  readonly path: string
  /** The body as it came; what is no text as base64. */
  readonly text: string
  readonly isBase64: boolean
  /** Of the request, those that say how it is to be answered. */
  readonly headers: Readonly<Record<string, string>>
  readonly requestId: string
  readonly startedAtMs: number
  /** What the reply's own id is made of, where that was told before. */
  readonly headingId: string | null
  /** Answered as a stream, whatever the body says. */
  readonly isBackground: boolean
  /** What becomes of it when nobody reads it any more. */
  readonly whenDeserted: 'run' | 'cancel'
  /** How long it is kept after its end; null: as STREAM_KEPT_MS and STREAM_ABANDONED_MS say. */
  readonly keptMs: number | null
  /** Where its end is told, checked; null: nowhere. */
  readonly webhook: string | null
  /** Stands for the request: another one under the same id is refused. Null: whoever comes reads along. */
  readonly digest: string | null
}

/** `failed`: it was refused, or ended in an error frame; `interrupted`: the process that owned it died. */
export type StreamStatus = 'running' | 'finished' | 'failed' | 'cancelled' | 'interrupted'

/** What is kept of a stream beside its events. */
export interface StreamAbout {
  readonly id: string
  readonly place: TenantPlace
  readonly cacheSecret: SealedRecord | null
  readonly path: string
  readonly alias: string | null
  readonly requestId: string
  /** Id of the API key. */
  readonly key: string
  readonly bodyChars: number
  readonly startedAtMs: number
  readonly isBackground: boolean
  readonly whenDeserted: StreamJob['whenDeserted']
  readonly keptMs: number | null
  readonly webhook: string | null
  readonly digest: string | null
}

/** Status and headers of a reply. */
export interface ReplyHead {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
}

/** How a stream stands. */
export interface StreamState {
  readonly id: string
  readonly status: StreamStatus
  readonly startedAtMs: number
  readonly endedAtMs: number | null
  /** Number of the last event that is kept; null where there is none. */
  readonly lastEvent: number | null
  /** What became of telling its end. */
  readonly webhook: readonly WebhookReport[]
}

/** A reply as it is read from its object. */
export type StreamOpened =
  | (ReplyHead & {
      readonly kind: 'open'
      readonly body: ReadableStream<Uint8Array>
      /** Somebody else's request began it. */
      readonly isJoined: boolean
    })
  /** The id is taken by another request. */
  | { readonly kind: 'conflict' }
  /** It has as many readers as it takes. */
  | { readonly kind: 'crowded' }
  /** It was stopped, broke, or died before it had answered. */
  | { readonly kind: 'cancelled' | 'failed' | 'dead' }
