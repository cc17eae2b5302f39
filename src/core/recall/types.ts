/** Words of recall: replies as they are kept, and what their stores are told and asked. Plain data. No I/O. */
import type { Operation } from '../inference.ts'
import type { Usage } from '../usage.ts'

/** One complete answer as it is kept, before it is sealed. Whole and streamed replies replay from it alike. */
export interface RecordedReply {
  readonly operation: Operation
  /** The whole reply in OpenAI's JSON, without `id` and `created` at its top level; assembled where it was streamed. */
  readonly body: string
  /** `provider/model` that answered. */
  readonly target: string
  /** What it took: a hit saves that. */
  readonly usage: Usage
  readonly costMicroUsd: number | null
  /** End of the answer, ms since the epoch: a hit's `age` counts from here. */
  readonly answeredAtMs: number
}

/** What is kept: replies; vectors of questions; what retrieval found. Each under a prefix of its own. */
export type KeptKind = 'reply' | 'embedding' | 'retrieval'

/** What a store knows of a sealed value in clear. */
export interface KeptAbout {
  readonly kind: KeptKind
  /** Alias it belongs to. */
  readonly model: string
  readonly storedAtMs: number
  readonly expiresAtMs: number
  /** Version of the knowledge it was made with; null where there is none. */
  readonly knowledgeVersion: string | null
  /** What one hit saves. `savedMicroUsd` null: unknown. */
  readonly savedTokens: number
  readonly savedMicroUsd: number | null
}

/** A value as it lies in a store. */
export interface SealedValue {
  /** HMAC-SHA-256 of the fingerprint under the tenant's secret, base64url, 43 characters. */
  readonly key: string
  /** Base64 of what `vault/cache-keys.ts` has sealed. */
  readonly sealed: string
  readonly about: KeptAbout
}

/** How a hit was had. */
export type HitKind = 'hit' | 'semantic' | 'coalesced'

/** What a store is told of, in batches. */
export type CacheNews =
  /** A new value. Whoever waits for `leaseId`'s answer is told. */
  | { readonly kind: 'put'; readonly value: SealedValue; readonly leaseId: string | null }
  /** Replies that were served, from this level or one before it. */
  | { readonly kind: 'hits'; readonly key: string; readonly as: HitKind; readonly count: number }
  /** A value that did not open: it is dropped and counted. */
  | { readonly kind: 'corrupt'; readonly key: string }

/** What is purged: all that fits every field that is named. */
export interface PurgeFilter {
  readonly model?: string | undefined
  /** Stored before this moment. */
  readonly beforeMs?: number | undefined
  readonly knowledgeVersion?: string | undefined
}

/** How a tenant's cache stands. Counters since the tenant began, or since its store lost them. */
export interface CacheStats {
  readonly entries: number
  readonly bytes: number
  readonly hits: Readonly<Record<HitKind, number>>
  readonly corrupt: number
  readonly savedTokens: number
  /** Of the hits whose saving is known. */
  readonly savedMicroUsd: number
}
