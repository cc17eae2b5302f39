/** Rows of a tenant's object: its policy, keys, own credentials, secrets, and audit entries still to be delivered. */
import type { AuditEntry } from '../core/control.ts'
import { isSameSealed, type SealedRecord } from '../core/sealed.ts'
import type { ApiKey, Tenant, TenantCredential } from '../core/tenant.ts'
import { all, first, run } from './sql.ts'

/** `policy` has one row, or none once the tenant is being erased. A credential's row outlives it, for its version. */
export const TENANT_SCHEMA = `
  CREATE TABLE policy (generation TEXT NOT NULL, epoch INTEGER NOT NULL, document TEXT NOT NULL);
  CREATE TABLE keys (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, revoked_at TEXT, last_used_on TEXT, document TEXT NOT NULL);
  CREATE TABLE credentials (
    name TEXT PRIMARY KEY, version INTEGER NOT NULL, credential TEXT) WITHOUT ROWID;
  CREATE TABLE outbox (seq INTEGER PRIMARY KEY, entry TEXT NOT NULL);`

/** Secrets of the gateway's own, made once per tenant. */
export const SECRETS_SCHEMA = 'CREATE TABLE secrets (name TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;'

/** One row once there was a webhook, which outlives it for its version; `document` a WebhookDocument, or null. */
export const WEBHOOK_SCHEMA =
  'CREATE TABLE webhook (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL, document TEXT);'

/** What is stored of a webhook beside its secrets. */
export interface WebhookDocument {
  readonly url: string | null
  /** RFC 3339: until when the secret of the version before signs, too. */
  readonly previousUntil: string | null
}

interface Webhook {
  /** Of the newest secret. */
  readonly version: number
  /** Null once it was deleted. */
  readonly document: WebhookDocument | null
}

/** The one row of the policy. */
export interface Policy {
  readonly generation: string
  readonly epoch: number
  readonly tenant: Tenant
}

interface KeyRow extends Record<string, SqlStorageValue> {
  seq: number
  revoked_at: string | null
  last_used_on: string | null
  document: string
}

/** Reads and writes the rows. Only for an object that has its schema. */
export class TenantRecords {
  readonly #statements: ReturnType<typeof statements>
  /** Read on every look-up: kept parsed, read again after every change. */
  #policy: Policy | null | undefined
  #credentials: Readonly<Record<string, TenantCredential>> | undefined
  #secrets: ReadonlyMap<string, SealedRecord> | undefined
  #webhook: Webhook | null | undefined

  constructor(sql: SqlStorage) {
    this.#statements = statements(sql)
  }

  /** Null once the tenant is being erased. */
  policy(): Policy | null {
    if (this.#policy === undefined) {
      const row = this.#statements.policy()
      const tenant = row === undefined ? null : (JSON.parse(row.document) as Tenant)
      this.#policy = row === undefined || tenant === null ? null : { ...row, tenant }
    }
    return this.#policy
  }

  insertPolicy(generation: string, tenant: Tenant): void {
    this.#statements.insertPolicy(generation, JSON.stringify(tenant))
    this.forget()
  }

  replaceTenant(tenant: Tenant): void {
    this.#statements.updatePolicy(JSON.stringify(tenant))
    this.forget()
  }

  dropPolicy(): void {
    this.#statements.dropPolicy()
    this.forget()
  }

  /** Counts a change of anything that a look-up answers with. */
  bumpEpoch(): void {
    this.#statements.bumpEpoch()
    this.forget()
  }

  /** What is kept parsed is read again: also for a transaction that was rolled back. */
  forget(): void {
    this.#policy = undefined
    this.#credentials = undefined
    this.#secrets = undefined
    this.#webhook = undefined
  }

  key(id: string): ApiKey | undefined {
    const row = this.#statements.key(id)
    return row === undefined ? undefined : keyOf(row)
  }

  keys(after: string | undefined, limit: number): { data: ApiKey[]; hasMore: boolean } {
    const seq = after === undefined ? 0 : (this.#statements.key(after)?.seq ?? Number.MAX_SAFE_INTEGER)
    const rows = this.#statements.keys(seq, limit + 1)
    return { data: rows.slice(0, limit).map(keyOf), hasMore: rows.length > limit }
  }

  insertKey(key: ApiKey): void {
    this.#statements.insertKey(key.id, key.revokedAt, key.lastUsedOn, JSON.stringify(key))
  }

  replaceKey(key: ApiKey): void {
    this.#statements.updateKey(key.revokedAt, JSON.stringify(key), key.id)
  }

  touchKey(id: string, day: string): void {
    this.#statements.touchKey(day, id)
  }

  dropKeysRevokedBefore(at: string): void {
    this.#statements.dropKeys(at)
  }

  hasRevokedKeys(): boolean {
    return this.#statements.revokedKey() !== undefined
  }

  credentials(): Readonly<Record<string, TenantCredential>> {
    this.#credentials ??= Object.fromEntries(
      this.#statements
        .credentials()
        .flatMap(({ name, credential }): [string, TenantCredential][] =>
          credential === null ? [] : [[name, JSON.parse(credential) as TenantCredential]],
        ),
    )
    return this.#credentials
  }

  /** The last version of a name, 0 for one that never was. */
  credentialVersion(name: string): number {
    return this.#statements.credential(name)?.version ?? 0
  }

  putCredential(name: string, version: number, credential: TenantCredential | null): void {
    this.#statements.putCredential(name, version, credential === null ? null : JSON.stringify(credential))
    this.forget()
  }

  secret(name: string): SealedRecord | null {
    return this.secrets().get(name) ?? null
  }

  /** By name. */
  secrets(): ReadonlyMap<string, SealedRecord> {
    this.#secrets ??= new Map(
      this.#statements.secrets().map(({ name, record }) => [name, JSON.parse(record) as SealedRecord]),
    )
    return this.#secrets
  }

  putSecret(name: string, record: SealedRecord): void {
    this.#statements.putSecret(name, JSON.stringify(record))
    this.forget()
  }

  dropSecret(name: string): void {
    this.#statements.dropSecret(name)
    this.forget()
  }

  /** Null before the first. */
  webhook(): Webhook | null {
    if (this.#webhook === undefined) {
      const row = this.#statements.webhook()
      const document = row?.document == null ? null : (JSON.parse(row.document) as WebhookDocument)
      this.#webhook = row === undefined ? null : { version: row.version, document }
    }
    return this.#webhook
  }

  putWebhook(version: number, document: WebhookDocument | null): void {
    this.#statements.putWebhook(version, document === null ? null : JSON.stringify(document))
    this.forget()
  }

  /** Replaces the record of a secret or a credential if it is the one that was read; no name is of both. */
  replaceSealed(name: string, before: SealedRecord, after: SealedRecord): boolean {
    const secret = this.secret(name)
    if (secret !== null) {
      if (!isSameSealed(secret, before)) return false
      this.putSecret(name, after)
      return true
    }
    const credential = this.credentials()[name]
    if (credential === undefined || !isSameSealed(credential.record, before)) return false
    this.putCredential(name, after.version, { ...credential, record: after })
    return true
  }

  enqueue(entry: AuditEntry): void {
    this.#statements.enqueue(JSON.stringify(entry))
  }

  outbox(limit: number): { seq: number; entry: AuditEntry }[] {
    return this.#statements.outbox(limit).map(({ seq, entry }) => ({ seq, entry: JSON.parse(entry) as AuditEntry }))
  }

  delivered(seq: number): void {
    this.#statements.delivered(seq)
  }
}

function keyOf({ document, revoked_at: revokedAt, last_used_on: lastUsedOn }: KeyRow): ApiKey {
  return { ...(JSON.parse(document) as ApiKey), revokedAt, lastUsedOn }
}

function statements(sql: SqlStorage) {
  return {
    policy: first<{ generation: string; epoch: number; document: string }>(sql, 'SELECT * FROM policy'),
    insertPolicy: run<[string, string]>(sql, 'INSERT INTO policy VALUES (?, 1, ?)'),
    updatePolicy: run<[string]>(sql, 'UPDATE policy SET document = ?'),
    dropPolicy: run(sql, 'DELETE FROM policy'),
    bumpEpoch: run(sql, 'UPDATE policy SET epoch = epoch + 1'),
    key: first<KeyRow, [string]>(sql, 'SELECT * FROM keys WHERE id = ?'),
    keys: all<KeyRow, [number, number]>(sql, 'SELECT * FROM keys WHERE seq > ? ORDER BY seq LIMIT ?'),
    insertKey: run<[string, string | null, string | null, string]>(
      sql,
      'INSERT INTO keys (id, revoked_at, last_used_on, document) VALUES (?, ?, ?, ?)',
    ),
    updateKey: run<[string | null, string, string]>(sql, 'UPDATE keys SET revoked_at = ?, document = ? WHERE id = ?'),
    touchKey: run<[string, string]>(sql, 'UPDATE keys SET last_used_on = ? WHERE id = ?'),
    dropKeys: run<[string]>(sql, 'DELETE FROM keys WHERE revoked_at < ?'),
    revokedKey: first<{ id: string }>(sql, 'SELECT id FROM keys WHERE revoked_at IS NOT NULL LIMIT 1'),
    credentials: all<{ name: string; credential: string | null }>(sql, 'SELECT name, credential FROM credentials'),
    credential: first<{ version: number }, [string]>(sql, 'SELECT version FROM credentials WHERE name = ?'),
    putCredential: run<[string, number, string | null]>(sql, 'INSERT OR REPLACE INTO credentials VALUES (?, ?, ?)'),
    secrets: all<{ name: string; record: string }>(sql, 'SELECT name, record FROM secrets'),
    putSecret: run<[string, string]>(sql, 'INSERT OR REPLACE INTO secrets VALUES (?, ?)'),
    dropSecret: run<[string]>(sql, 'DELETE FROM secrets WHERE name = ?'),
    webhook: first<{ version: number; document: string | null }>(sql, 'SELECT version, document FROM webhook'),
    putWebhook: run<[number, string | null]>(sql, 'INSERT OR REPLACE INTO webhook VALUES (1, ?, ?)'),
    enqueue: run<[string]>(sql, 'INSERT INTO outbox (entry) VALUES (?)'),
    outbox: all<{ seq: number; entry: string }, [number]>(sql, 'SELECT seq, entry FROM outbox ORDER BY seq LIMIT ?'),
    delivered: run<[number]>(sql, 'DELETE FROM outbox WHERE seq <= ?'),
  }
}
