/** The small interfaces between the rooms and what remembers: implemented by stores/embedded over Durable Objects. */

import type { ConfigDocument } from '../core/config.ts'
import type { AuditEntry, AuditPage, ConfigChange, ConfigVersion, Fault } from '../core/control.ts'
import type { RollupQuery, RollupRow } from '../core/rollup.ts'
import type { SealedRecord } from '../core/sealed.ts'
import type { DirectorySnapshot } from '../core/snapshot.ts'
import type { ApiKey, Tenant, TenantCredential } from '../core/tenant.ts'
import type { UsageRecord } from '../core/usage-record.ts'

/** What a tenant's object says of a key: everything a request needs, in one reply. */
export type KeyVerdict =
  | {
      readonly kind: 'known'
      /** Of the tenant's whole policy; changes with every change of it. */
      readonly epoch: number
      readonly tenant: Tenant
      readonly key: Omit<ApiKey, 'digest'>
      readonly credentials: Readonly<Record<string, TenantCredential>>
    }
  /** No such key, or the secret does not match: never told apart. */
  | { readonly kind: 'unknown' }
  /** The object was never provisioned, or was erased: its generation is over. */
  | { readonly kind: 'gone' }

/** A place in the Directory's list of tenants. */
export interface TenantPlace {
  readonly id: string
  readonly generation: string
  readonly region?: string | undefined
  readonly jurisdiction?: string | undefined
}

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
  lookUp(place: TenantPlace, keyId: string, digest: string): Promise<KeyVerdict>
  /** Keeps rows; a row whose requestId is known is dropped. Resolves when they are durable. */
  record(place: Pick<TenantPlace, 'id' | 'generation'>, rows: readonly UsageRecord[]): Promise<void>
}

/** The Directory as the admin API uses it. Every change writes its audit entry in the same transaction. */
export interface DirectoryAdmin {
  config(): Promise<{ version: number; config: ConfigDocument }>
  /** Validates against the credentials that exist; a document with faults changes nothing. */
  applyConfig(
    document: unknown,
    options: { dryRun: boolean; allowPrivate: boolean; protocols: readonly string[]; actor: string },
  ): Promise<{ ok: true; version: number; changes: ConfigChange[] } | { ok: false; faults: Fault[] }>
  configVersions(after: string | undefined, limit: number): Promise<{ data: ConfigVersion[]; hasMore: boolean }>
  rollback(
    version: number,
    actor: string,
  ): Promise<
    | { ok: true; version: number; changes: ConfigChange[] }
    | { ok: false; reason: 'unknown' }
    | { ok: false; reason: 'conflict'; faults: Fault[] }
  >
  credentials(): Promise<{ name: string; record: SealedRecord; usedBy: string[] }[]>
  /** `created` is false for a name that was there. The version in `seal`'s additional data is fixed by `nextCredentialVersion`. */
  nextCredentialVersion(name: string): Promise<number>
  putCredential(name: string, record: SealedRecord, actor: string): Promise<{ created: boolean } | { stale: true }>
  deleteCredential(name: string, actor: string): Promise<'deleted' | 'unknown' | { usedBy: string[] }>
  /** Every sealed record of the operator, pepper included, for reseal. */
  sealedRecords(): Promise<{ name: string; record: SealedRecord }[]>
  /** Replaces a record if it is still at the version and kekVersion that were read. */
  replaceSealed(name: string, before: SealedRecord, after: SealedRecord): Promise<boolean>
  createTenant(tenant: Tenant, actor: string): Promise<TenantPlace | 'exists'>
  tenants(after: string | undefined, limit: number): Promise<{ data: Tenant[]; hasMore: boolean }>
  place(tenantId: string): Promise<TenantPlace | null>
  deleteTenant(tenantId: string, actor: string): Promise<TenantPlace | null>
  audit(after: string | undefined, limit: number): Promise<AuditPage>
  appendAudit(entries: AuditEntry[]): Promise<void>
}

/** One tenant's object as the admin API uses it. */
export interface TenantAdmin {
  provision(tenant: Tenant): Promise<void>
  tenant(): Promise<Tenant | null>
  patch(fields: Partial<Tenant>, actor: string): Promise<Tenant | null>
  /** Forgets everything; what was erased answers `gone`. */
  erase(): Promise<void>
  createKey(key: ApiKey, actor: string): Promise<boolean>
  keys(after: string | undefined, limit: number): Promise<{ data: ApiKey[]; hasMore: boolean }>
  revokeKey(keyId: string, at: string, actor: string): Promise<boolean>
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
  usage(query: RollupQuery): Promise<RollupRow[]>
  requests(after: string | undefined, limit: number): Promise<{ data: UsageRecord[]; hasMore: boolean }>
}
