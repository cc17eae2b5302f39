/** What recall stands on, its verdict, and what it keeps of a request until that has been answered. */
import type { Breaker } from '../core/breaker.ts'
import type { ByteBudget } from '../core/byte-budget.ts'
import type { Operation } from '../core/inference.ts'
import type { Outbox } from '../core/recall/outbox.ts'
import type { Remembered } from '../core/recall/remembered.ts'
import type { PreparedReply } from '../core/recall/replay.ts'
import type { Sieve } from '../core/recall/sieve.ts'
import type { CacheNews, HitKind, RecordedReply } from '../core/recall/types.ts'
import type { Model } from '../core/snapshot.ts'
import type { Caller, TenantPlace } from '../core/tenant.ts'
import type { Usage } from '../core/usage.ts'
import type { Clock } from '../lib/clock.ts'
import type { ReplyCache, SemanticRoutes, VectorIndex } from '../stores/types.ts'
import type { CacheKeyring, CacheKeys } from '../vault/types.ts'
import type { Bypass } from './cacheability.ts'
import type { Meaning } from './meaning.ts'

/** What recall needs of the services. One per isolate; values only. */
export interface RecallServices {
  readonly clock: Clock
  readonly random: () => number
  readonly background: (work: Promise<unknown>) => void
  readonly log: (line: Readonly<Record<string, unknown>>) => void
  readonly replyCache: ReplyCache
  readonly vectorIndex: VectorIndex
  readonly semanticRoutes: SemanticRoutes
  readonly cacheKeys: CacheKeys
  /** Replies by key: level 1. */
  readonly memory: Sieve<Remembered>
  /** Vectors of questions by key. */
  readonly vectors: Sieve<Float32Array>
  /** Answers and hits of which the store is to be told. */
  readonly outbox: Outbox
  /** Bytes of answers that are being recorded while they stream. */
  readonly recordings: ByteBudget
  /** Of this isolate's calls to the reply cache, to the embedder and to the vectors. */
  readonly cacheBreaker: Breaker
  readonly embedBreaker: Breaker
  readonly vectorBreaker: Breaker
}

/** Makes vectors of texts. */
export interface Embedder {
  /** Alias and target: vectors of one embedder, and of one length, are comparable. */
  readonly id: string
  /** Vectors of unit length, one a text; null where they cannot be had. Never rejects. */
  embed(texts: readonly string[], signal?: AbortSignal): Promise<readonly Float32Array[] | null>
}

/** Compares answers that are not the same by their words. */
export interface Judge {
  readonly id: string
  /** Do they say the same? Null where it cannot tell. Never rejects. */
  isSame(one: string, other: string): Promise<boolean | null>
}

/** The verdict of the stage. */
export type Recall =
  | { readonly kind: 'hit'; readonly hit: Hit }
  /** `ticket`: what is needed to keep the answer; null where it is not to be kept. */
  | { readonly kind: 'miss'; readonly ticket: Ticket | null }
  | { readonly kind: 'bypass'; readonly reason: Bypass }
  /** The client left meanwhile. */
  | { readonly kind: 'cancelled' }

/** An answer that was given before. */
export interface Hit {
  readonly as: HitKind
  readonly reply: RecordedReply
  readonly prepared: PreparedReply
  readonly ageS: number
  /** Cosine of the questions, of a semantic hit. */
  readonly similarity: number | null
}

/** Kept from the look-up until the answer: plain data, but for a lease's timer, which is the request's own. */
export interface Ticket {
  readonly place: TenantPlace
  readonly key: string
  readonly keyring: CacheKeyring
  readonly operation: Operation
  readonly model: Model
  readonly ttlSeconds: number
  /** Others wait for this answer. */
  readonly lease: Lease | null
  /** What was looked at by meaning, to be learned from; null where nothing was. */
  readonly asked: AskedByMeaning | null
}

/** A question whose answer teaches its route. */
export interface AskedByMeaning {
  readonly meaning: Meaning
  readonly embedder: Embedder
  readonly judge: Judge | null
  /** Its vector, if that is not in the store yet. */
  readonly news: CacheNews | null
}

/** The lead over identical requests. */
export interface Lease {
  readonly id: string
  /** Stops renewing it. */
  readonly stop: () => void
}

/** A complete answer on its way to the store. */
export interface Answer {
  readonly ticket: Ticket
  /** The whole reply as it came, or as it was assembled. */
  readonly body: string | Uint8Array
  readonly isAssembled: boolean
  readonly target: string
  readonly usage: Usage
  readonly costMicroUsd: number | null
  readonly endedAtMs: number
}

/** Who is asking, as far as recall looks. */
export type Asking = Pick<Caller, 'tenantId' | 'generation' | 'tenant' | 'key' | 'cacheSecret'>
