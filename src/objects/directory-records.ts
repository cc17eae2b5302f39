/** Rows of the Directory: config versions, sealed credentials, the list of tenants, erasures to be done, the audit log. */
import type { ConfigDocument } from '../core/config.ts'
import type { AuditEntry, AuditPage, ConfigVersion } from '../core/control.ts'
import { CONFIG_VERSIONS_MAX } from '../core/limits.ts'
import type { SealedRecord } from '../core/sealed.ts'
import type { Tenant, TenantPlace } from '../core/tenant.ts'
import { all, first, run } from './sql.ts'

/** `state` has one row; its revision begins with 1, so that 0 is what nobody knows anything by. A credential's row outlives it, for its version. `begun`: an erasure that cannot be called off. */
export const DIRECTORY_SCHEMA = `
  CREATE TABLE state (revision INTEGER NOT NULL, pepper TEXT);
  INSERT INTO state VALUES (1, NULL);
  CREATE TABLE config_versions (
    version INTEGER PRIMARY KEY, at TEXT NOT NULL, actor TEXT NOT NULL, rollback_of INTEGER, document TEXT NOT NULL);
  CREATE TABLE credentials (name TEXT PRIMARY KEY, version INTEGER NOT NULL, record TEXT) WITHOUT ROWID;
  CREATE TABLE tenants (
    id TEXT PRIMARY KEY, generation TEXT NOT NULL, epoch INTEGER NOT NULL, document TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE erasures (
    generation TEXT PRIMARY KEY, due_ms INTEGER NOT NULL, begun INTEGER NOT NULL, place TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE audit (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, entry TEXT NOT NULL);`

/** A version of the config with its document. */
export interface StoredConfig {
  readonly version: number
  readonly document: ConfigDocument
}

/** Reads and writes the rows. */
export class DirectoryRecords {
  readonly #statements: ReturnType<typeof statements>

  constructor(sql: SqlStorage) {
    this.#statements = statements(sql)
  }

  revision(): number {
    return this.#statements.state()?.revision ?? 0
  }

  bumpRevision(): void {
    this.#statements.bumpRevision()
  }

  pepper(): SealedRecord | null {
    const pepper = this.#statements.state()?.pepper ?? null
    return pepper === null ? null : (JSON.parse(pepper) as SealedRecord)
  }

  putPepper(record: SealedRecord): void {
    this.#statements.putPepper(JSON.stringify(record))
  }

  /** The version in force; 0 and an empty document before the first. */
  config(): StoredConfig {
    return configOf(this.#statements.newestConfig()) ?? { version: 0, document: {} }
  }

  configAt(version: number): StoredConfig | null {
    return configOf(this.#statements.config(version))
  }

  configVersions(after: string | undefined, limit: number): { data: ConfigVersion[]; hasMore: boolean } {
    const before = after === undefined ? Number.MAX_SAFE_INTEGER : Number(after)
    // What is no number is no version, and nothing comes after it.
    const rows = this.#statements.configVersions(Number.isSafeInteger(before) ? before : 0, limit + 1)
    const data = rows.slice(0, limit).map(({ rollback_of: rollbackOf, ...version }) => ({ ...version, rollbackOf }))
    return { data, hasMore: rows.length > limit }
  }

  insertConfig(config: StoredConfig, at: string, actor: string, rollbackOf: number | null): void {
    this.#statements.insertConfig(config.version, at, actor, rollbackOf, JSON.stringify(config.document))
    this.#statements.dropConfigs(config.version - CONFIG_VERSIONS_MAX)
  }

  /** Sealed credentials by name. */
  credentials(): Record<string, SealedRecord> {
    return Object.fromEntries(
      this.#statements
        .credentials()
        .map(({ name, record }): [string, SealedRecord] => [name, JSON.parse(record) as SealedRecord]),
    )
  }

  /** The last version of a name, 0 for one that never was. */
  credentialVersion(name: string): number {
    return this.#statements.credentialVersion(name)?.version ?? 0
  }

  putCredential(name: string, version: number, record: SealedRecord | null): void {
    this.#statements.putCredential(name, version, record === null ? null : JSON.stringify(record))
  }

  place(id: string): TenantPlace | null {
    const row = this.#statements.tenant(id)
    return row === undefined ? null : placeOfRow(row)
  }

  tenants(after: string | undefined, limit: number): { data: Tenant[]; hasMore: boolean } {
    const rows = this.#statements.tenants(after ?? '', limit + 1)
    const data = rows.slice(0, limit).map(({ document }) => JSON.parse(document) as Tenant)
    return { data, hasMore: rows.length > limit }
  }

  insertTenant(generation: string, tenant: Tenant): void {
    this.#statements.insertTenant(tenant.id, generation, JSON.stringify(tenant))
  }

  /** Takes over a tenant's document from its object, unless it is of another generation or an older one. */
  updateTenant(generation: string, epoch: number, tenant: Tenant): void {
    this.#statements.updateTenant(epoch, JSON.stringify(tenant), tenant.id, generation, epoch)
  }

  dropTenant(id: string): void {
    this.#statements.dropTenant(id)
  }

  insertErasure(place: TenantPlace, dueMs: number, begun: boolean): void {
    this.#statements.insertErasure(place.generation, dueMs, begun ? 1 : 0, JSON.stringify(place))
  }

  /** Calls an erasure off; false when it has begun. */
  callOff(generation: string): boolean {
    if (this.#statements.erasure(generation)?.begun !== 0) return false
    this.#statements.dropErasure(generation)
    return true
  }

  /** Erasures that are due; from now on they cannot be called off. */
  beginErasures(nowMs: number, limit: number): TenantPlace[] {
    return this.#statements.dueErasures(nowMs, limit).map(({ generation, place }) => {
      this.#statements.beginErasure(generation)
      return JSON.parse(place) as TenantPlace
    })
  }

  erased(generation: string): void {
    this.#statements.dropErasure(generation)
  }

  nextErasureMs(): number | null {
    return this.#statements.nextErasure()?.due_ms ?? null
  }

  /** An entry that is known stays as it is. */
  append(entry: AuditEntry): void {
    this.#statements.append(entry.id, JSON.stringify(entry))
  }

  audit(after: string | undefined, limit: number): AuditPage {
    const seq = after === undefined ? 0 : (this.#statements.auditSeq(after)?.seq ?? Number.MAX_SAFE_INTEGER)
    const rows = this.#statements.audit(seq, limit + 1)
    return {
      data: rows.slice(0, limit).map(({ entry }) => JSON.parse(entry) as AuditEntry),
      hasMore: rows.length > limit,
    }
  }
}

function configOf(row: { version: number; document: string } | undefined): StoredConfig | null {
  return row === undefined ? null : { version: row.version, document: JSON.parse(row.document) as ConfigDocument }
}

function placeOfRow({ id, generation, document }: { id: string; generation: string; document: string }): TenantPlace {
  const { region, jurisdiction } = JSON.parse(document) as Tenant
  return { id, generation, region, jurisdiction }
}

function statements(sql: SqlStorage) {
  type Config = { version: number; document: string }
  type Version = { version: number; at: string; actor: string; rollback_of: number | null }
  return {
    state: first<{ revision: number; pepper: string | null }>(sql, 'SELECT revision, pepper FROM state'),
    bumpRevision: run(sql, 'UPDATE state SET revision = revision + 1'),
    putPepper: run<[string]>(sql, 'UPDATE state SET pepper = ?'),
    newestConfig: first<Config>(sql, 'SELECT version, document FROM config_versions ORDER BY version DESC LIMIT 1'),
    config: first<Config, [number]>(sql, 'SELECT version, document FROM config_versions WHERE version = ?'),
    configVersions: all<Version, [number, number]>(
      sql,
      'SELECT version, at, actor, rollback_of FROM config_versions WHERE version < ? ORDER BY version DESC LIMIT ?',
    ),
    insertConfig: run<[number, string, string, number | null, string]>(
      sql,
      'INSERT INTO config_versions VALUES (?, ?, ?, ?, ?)',
    ),
    dropConfigs: run<[number]>(sql, 'DELETE FROM config_versions WHERE version <= ?'),
    credentials: all<{ name: string; record: string }>(
      sql,
      'SELECT name, record FROM credentials WHERE record IS NOT NULL ORDER BY name',
    ),
    credentialVersion: first<{ version: number }, [string]>(sql, 'SELECT version FROM credentials WHERE name = ?'),
    putCredential: run<[string, number, string | null]>(sql, 'INSERT OR REPLACE INTO credentials VALUES (?, ?, ?)'),
    tenant: first<{ id: string; generation: string; document: string }, [string]>(
      sql,
      'SELECT id, generation, document FROM tenants WHERE id = ?',
    ),
    tenants: all<{ document: string }, [string, number]>(
      sql,
      'SELECT document FROM tenants WHERE id > ? ORDER BY id LIMIT ?',
    ),
    insertTenant: run<[string, string, string]>(sql, 'INSERT INTO tenants VALUES (?, ?, 1, ?)'),
    updateTenant: run<[number, string, string, string, number]>(
      sql,
      'UPDATE tenants SET epoch = ?, document = ? WHERE id = ? AND generation = ? AND epoch < ?',
    ),
    dropTenant: run<[string]>(sql, 'DELETE FROM tenants WHERE id = ?'),
    insertErasure: run<[string, number, number, string]>(sql, 'INSERT INTO erasures VALUES (?, ?, ?, ?)'),
    erasure: first<{ begun: number }, [string]>(sql, 'SELECT begun FROM erasures WHERE generation = ?'),
    dueErasures: all<{ generation: string; place: string }, [number, number]>(
      sql,
      'SELECT generation, place FROM erasures WHERE due_ms <= ? ORDER BY due_ms LIMIT ?',
    ),
    beginErasure: run<[string]>(sql, 'UPDATE erasures SET begun = 1 WHERE generation = ?'),
    dropErasure: run<[string]>(sql, 'DELETE FROM erasures WHERE generation = ?'),
    nextErasure: first<{ due_ms: number }>(sql, 'SELECT due_ms FROM erasures ORDER BY due_ms LIMIT 1'),
    append: run<[string, string]>(sql, 'INSERT OR IGNORE INTO audit (id, entry) VALUES (?, ?)'),
    auditSeq: first<{ seq: number }, [string]>(sql, 'SELECT seq FROM audit WHERE id = ?'),
    audit: all<{ entry: string }, [number, number]>(sql, 'SELECT entry FROM audit WHERE seq > ? ORDER BY seq LIMIT ?'),
  }
}
