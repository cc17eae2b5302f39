/** The small interfaces between the rooms and what remembers: implemented by stores/embedded over Durable Objects. */

import type { ConfigDocument } from '../core/config.ts'
import type { AuditEntry, AuditPage, ConfigChange, ConfigVersion, Fault } from '../core/control.ts'
import type { Ask, AskReply, Counter, LedgerView, Verdict } from '../core/ledger/types.ts'
import type { RollupQuery, RollupRow } from '../core/rollup.ts'
import type { SealedRecord } from '../core/sealed.ts'
import type { DirectorySnapshot } from '../core/snapshot.ts'
import type { ApiKey, KeyFields, KeyVerdict, Tenant, TenantCredential, TenantPlace } from '../core/tenant.ts'
import type { UsageBatch, UsageRecord } from '../core/usage-record.ts'

export type { KeyVerdict, TenantPlace } from '../core/tenant.ts'
export type { UsageBatch } from '../core/usage-record.ts'

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
