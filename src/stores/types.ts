/** The small interfaces between the rooms and what remembers: implemented by stores/embedded over Durable Objects. */

import type { ConfigDocument } from '../core/config.ts'
import type { AuditEntry, AuditPage, ConfigChange, ConfigVersion, Fault } from '../core/control.ts'
import type { Ask, AskReply, Counter, LedgerView, Verdict } from '../core/ledger/types.ts'
import type { OwnedThing } from '../core/owned.ts'
import type { CacheNews, CacheStats, PurgeFilter, SealedValue } from '../core/recall/types.ts'
import type { RollupQuery, RollupRow } from '../core/rollup.ts'
import type { SealedRecord } from '../core/sealed.ts'
import type {
  GroupFacts,
  Member,
  Neighbour,
  Observation,
  RouteId,
  RouteView,
  VectorSpace,
} from '../core/semantic/types.ts'
import type { DirectorySnapshot } from '../core/snapshot.ts'
import type { ApiKey, KeyFields, KeyVerdict, Tenant, TenantCredential, TenantPlace } from '../core/tenant.ts'
import type { UsageBatch, UsageRecord } from '../core/usage-record.ts'
import type { TenantWebhook, WebhookChange, WebhookChanged, WebhookSettings } from '../core/webhook.ts'

export type { SessionStore } from '../core/session/store.ts'
export type { KeyVerdict, TenantPlace } from '../core/tenant.ts'
export type { UsageBatch } from '../core/usage-record.ts'
export type * from './types/lasting.ts'
export type * from './types/pools.ts'

/** The Directory as the request path uses it. */
export interface Directory {
  /** The whole snapshot, or null when `knownRevision` is still the newest. */
  snapshot(knownRevision: number): Promise<DirectorySnapshot | null>
  /** Where a tenant lives now; null when there is none. */
  place(tenantId: string): Promise<TenantPlace | null>
  /** Stores a sealed pepper unless there is one; answers with the one that counts. */
  ensurePepper(candidate: SealedRecord): Promise<SealedRecord>
}

/** A tenant's object as the request path uses it. */
export interface TenantStore {
  /** `core/tenant.ts` `placeOf(caller)` gives the place of a caller who is known already. */
  lookUp(place: TenantPlace, keyId: string, digest: string): Promise<KeyVerdict>
  /** Stores a sealed cache secret unless there is one; answers with the one that counts. Null: the tenant is gone. */
  ensureCacheSecret(place: TenantPlace, candidate: SealedRecord): Promise<SealedRecord | null>
  /** What its webhooks are signed with now; null: it has none, or is gone. */
  webhook(place: TenantPlace): Promise<TenantWebhook | null>
  /** Keeps rows and settles their reservations; a row whose requestId is known is dropped. Resolves when durable. */
  record(place: TenantPlace, batch: UsageBatch): Promise<void>
  /** May a request go on? Answers at once. `deadlineMs` is the caller's: out of reach has a policy of its own there. */
  admit(place: TenantPlace, ask: Ask, deadlineMs: number): Promise<AskReply>
  /** Waits for the turn of a request that was `queued`. Rejects when the object is lost meanwhile: ask again. */
  turn(place: TenantPlace, requestId: string, deadlineMs: number): Promise<Verdict>
  /** Takes back what was asked, whether it waits or was granted: it will not go on. */
  withdraw(place: TenantPlace, requestId: string): Promise<void>
  /** Keeps the concurrency leases of requests in flight; unknown ids are passed over. */
  renew(place: TenantPlace, requestIds: readonly string[]): Promise<void>
  /** Has objects erased with the tenant; known ones are kept as long as is said last. What is made often rides in a batch. */
  own(place: TenantPlace, things: readonly OwnedThing[]): Promise<void>
}

/** The Directory as the admin API uses it. Every change writes its audit entry in the same transaction. */
export interface DirectoryAdmin {
  /** The document as the operator wrote it; version 0 and `{}` before the first. */
  config(): Promise<{ version: number; config: ConfigDocument }>
  /**
   * Validates against the credentials that exist; a document with faults changes nothing. One that changes nothing
   * makes no new version; `version` is the one in force afterwards (dry run: still the old one).
   */
  applyConfig(
    document: unknown,
    options: { dryRun: boolean; allowPrivate: boolean; protocols: readonly string[]; actor: string },
  ): Promise<{ ok: true; version: number; changes: ConfigChange[] } | { ok: false; faults: Fault[] }>
  /** Newest first; `after` is a version number. */
  configVersions(after: string | undefined, limit: number): Promise<{ data: ConfigVersion[]; hasMore: boolean }>
  rollback(
    version: number,
    actor: string,
  ): Promise<
    | { ok: true; version: number; changes: ConfigChange[] }
    | { ok: false; reason: 'unknown' }
    | { ok: false; reason: 'conflict'; faults: Fault[] }
  >
  /** By name. `usedBy` holds names of providers in the config in force. */
  credentials(): Promise<{ name: string; record: SealedRecord; usedBy: string[] }[]>
  /** The version to seal the next value of this name with; never one that was used before, even by a deleted record. */
  nextCredentialVersion(name: string): Promise<number>
  /** `created` is false for a name that was there; `stale`: not sealed with `nextCredentialVersion`, seal again. */
  putCredential(name: string, record: SealedRecord, actor: string): Promise<{ created: boolean } | { stale: true }>
  /** `usedBy`: JSON Pointers into the config in force. */
  deleteCredential(name: string, actor: string): Promise<'deleted' | 'unknown' | { usedBy: string[] }>
  /** Every sealed record of the operator for reseal, the pepper included under PEPPER_NAME. */
  sealedRecords(): Promise<{ name: string; record: SealedRecord }[]>
  /** Replaces a record if it is still at the version and kekVersion that were read. */
  replaceSealed(name: string, before: SealedRecord, after: SealedRecord): Promise<boolean>
  /** Makes the tenant and provisions its object; when that fails, there is no tenant. */
  createTenant(tenant: Tenant, actor: string): Promise<TenantPlace | 'exists'>
  /** By id; `after` is an id. */
  tenants(after: string | undefined, limit: number): Promise<{ data: Tenant[]; hasMore: boolean }>
  place(tenantId: string): Promise<TenantPlace | null>
  /** Gone at once; its object is erased now, or by the Directory's alarm until that is done. */
  deleteTenant(tenantId: string, actor: string): Promise<TenantPlace | null>
  /** Oldest first, so that a reader can follow; `after` is an entry's id. */
  audit(after: string | undefined, limit: number): Promise<AuditPage>
  /** For doings that change no record of the Directory. An id that is known is dropped. */
  appendAudit(entries: AuditEntry[]): Promise<void>
}

/** One tenant's object as the admin API uses it. The Directory makes and erases it. */
export interface TenantAdmin {
  tenant(): Promise<Tenant | null>
  /** Replaces the fields named; `undefined` removes one. Id, place and creation time do not change. */
  patch(fields: Partial<Tenant>, actor: string): Promise<Tenant | null>
  /** False when the id is taken, or the tenant is gone. */
  createKey(key: ApiKey, actor: string): Promise<boolean>
  /** Oldest first; `after` is a key's id. */
  keys(after: string | undefined, limit: number): Promise<{ data: ApiKey[]; hasMore: boolean }>
  /** Replaces the fields named; `undefined` removes one. Null for a key that is unknown or no longer lives. */
  patchKey(keyId: string, fields: KeyFields, actor: string): Promise<ApiKey | null>
  /** False when there is no such key, or it is revoked already. */
  revokeKey(keyId: string, at: string, actor: string): Promise<boolean>
  /** The successor inherits name, models, limits, debug and expiry. False for a key that is unknown or no longer lives. */
  rotateKey(
    keyId: string,
    successor: Pick<ApiKey, 'id' | 'digest' | 'createdAt'>,
    overlapUntil: string,
    actor: string,
  ): Promise<boolean>
  credentials(): Promise<{ name: string; credential: TenantCredential }[]>
  nextCredentialVersion(name: string): Promise<number>
  putCredential(
    name: string,
    credential: TenantCredential,
    actor: string,
  ): Promise<{ created: boolean } | { stale: true }>
  deleteCredential(name: string, actor: string): Promise<boolean>
  /** Null: the tenant is gone. */
  webhook(): Promise<WebhookSettings | null>
  /** `stale`: not sealed with `nextVersion`, or there is one already. */
  changeWebhook(change: WebhookChange, actor: string): Promise<WebhookChanged>
  /**
   * Every sealed record of the tenant's for reseal: the cache secret too, under CACHE_SECRET_NAME, and those of its
   * webhook, under `webhookSecretName`.
   */
  sealedRecords(): Promise<{ name: string; record: SealedRecord }[]>
  replaceSealed(name: string, before: SealedRecord, after: SealedRecord): Promise<boolean>
  /**
   * How its limits stand: the counters named here as far as they count anything, read from storage and at these
   * amounts, and whatever else the object has in memory.
   */
  ledger(counters: readonly Counter[]): Promise<LedgerView>
  usage(query: RollupQuery): Promise<RollupRow[]>
  /** Newest start first; `after` is the `last` of the page before: opaque, null on an empty page. */
  requests(
    after: string | undefined,
    limit: number,
  ): Promise<{ data: UsageRecord[]; hasMore: boolean; last: string | null }>
}

/** What a request rate is held to: so many in any window of so many seconds, about. */
export interface RateRule {
  readonly requests: number
  readonly perSeconds: number
}

/** A coarse request rate per key: it may be off by some, and is never asked about tokens or money. */
export interface RateLimiter {
  /** Counts one request of `key` if it is within the rule. Rejects when its store cannot tell. */
  limit(
    key: string,
    rule: RateRule,
  ): Promise<{ readonly allowed: true } | { readonly allowed: false; readonly retryAfterMs: number }>
}

/** What an isolate can tell of a key without asking its store. */
export interface CacheKnowledge {
  /** Changes with every purge of the tenant's cache. Null: not known well enough to serve from memory; ask. */
  readonly mark: string | null
  /** False: a moment ago the store had no such value, so asking is of no use. */
  readonly mayHold: boolean
}

/** What a store answers to a look-up. */
export interface CacheLookUp {
  readonly mark: string
  /** Never one that has expired. */
  readonly found: SealedValue | null
  /** Of a caller who brought a lease and found nothing: it leads, or somebody else does. */
  readonly turn: 'lead' | 'wait' | null
}

/**
 * Sealed replies, by tenant and keyed hash. A call rejects when the store cannot tell in time; whoever asks goes on
 * without. Values are opaque to it. A `lease` names a request that would lead others with the same key: it must be
 * renewed within CACHE_LEASE_MS or it is over.
 */
export interface ReplyCache {
  know(place: TenantPlace, key: string): CacheKnowledge
  lookUp(place: TenantPlace, key: string, lease: string | null, deadlineMs: number): Promise<CacheLookUp>
  /** Waits behind a leader: its reply is there (look up again), it is your turn to lead, or go on alone. */
  wait(place: TenantPlace, key: string, lease: string, deadlineMs: number): Promise<'stored' | 'lead' | 'alone'>
  /** Keeps a lease. False: it is over, and somebody else may lead. */
  renew(place: TenantPlace, key: string, lease: string): Promise<boolean>
  /** Ends a lease without a reply. `lead`: the next who waits leads; `alone`: nobody need wait for this key. */
  release(place: TenantPlace, key: string, lease: string, next: 'lead' | 'alone'): Promise<void>
  /** Keeps values and counts hits; resolves when it is durable. */
  tell(place: TenantPlace, news: readonly CacheNews[]): Promise<void>
  /** Removes what fits; answers how many values. In force in every isolate within 10 s. */
  purge(place: TenantPlace, filter: PurgeFilter): Promise<number>
  stats(place: TenantPlace): Promise<CacheStats>
  /** Removes everything, counters too. */
  erase(place: TenantPlace): Promise<void>
}

/** The nearest stored questions, and what is known of their groups where the index knows it. */
export interface Nearest {
  /** Most similar first. */
  readonly neighbours: readonly Neighbour[]
  /** By group; absent where the index is not the routes' own store: ask `SemanticRoutes.look` then. */
  readonly facts?: RouteFacts
}

/** What a decision looks at besides neighbours. */
export interface RouteFacts {
  /** State of the route's decision, as `core/semantic/decision.ts` writes it; null for a new route. */
  readonly state: string | null
  readonly groups: Readonly<Record<string, GroupFacts>>
}

/** Vectors of questions, by tenant and space. Vectors are of unit length. Rejects when it cannot tell in time. */
export interface VectorIndex {
  nearest(
    place: TenantPlace,
    space: VectorSpace,
    vector: Float32Array,
    count: number,
    deadlineMs: number,
  ): Promise<Nearest>
  /** A member of a known id is replaced. Bounded: the oldest leave. */
  add(place: TenantPlace, space: VectorSpace, member: Member, vector: Float32Array): Promise<void>
  /** Forgets the members of one group, whose answer is gone. */
  dropGroup(place: TenantPlace, space: VectorSpace, group: string): Promise<void>
  purge(place: TenantPlace, filter: PurgeFilter): Promise<number>
  erase(place: TenantPlace): Promise<void>
}

/** What routes have learned: one writer per tenant and shard, whatever keeps the vectors. */
export interface SemanticRoutes {
  look(place: TenantPlace, route: RouteId, groups: readonly string[], deadlineMs: number): Promise<RouteFacts>
  /** Applies observations to the route's state; a threshold that rises for its error is told to the audit log. */
  learn(
    place: TenantPlace,
    route: RouteId,
    maxErrorRate: number,
    observations: readonly Observation[],
    /** Group that a member joined or founded; null where none did. */
    joined: string | null,
  ): Promise<void>
  views(place: TenantPlace): Promise<RouteView[]>
  /** Removes everything that was learned; of an index that keeps both, the vectors too. */
  erase(place: TenantPlace): Promise<void>
}
