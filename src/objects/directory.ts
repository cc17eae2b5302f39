/** DirectoryObject: one per deployment, named `directory`. */

/*
 * It coordinates what all tenants share: versions of the
 * config document, the operator's sealed credentials and the pepper (`revision` counts every change of them), the list
 * of tenants with the generation each lives under, and the audit log, which it alone writes. Isolates ask it for
 * snapshots, never for a request. Eviction loses nothing.
 */
import { DurableObject } from 'cloudflare:workers'
import { auditEntry } from '../core/audit.ts'
import { type ConfigDocument, configSchema } from '../core/config.ts'
import { configChanges } from '../core/config-diff.ts'
import { checkConfig, missingCredentials, usesOfCredential } from '../core/config-faults.ts'
import type { AuditEntry, AuditPage, ConfigChange, ConfigVersion, Fault } from '../core/control.ts'
import { ERASURES_BATCH_MAX, TENANT_MAKING_MS, TIMER_RETRY_MS } from '../core/limits.ts'
import { missingPrices } from '../core/missing-prices.ts'
import { CACHE_SHARDS, VECTOR_SHARDS } from '../core/recall/limits.ts'
import { isSameSealed, PEPPER_NAME, type SealedRecord } from '../core/sealed.ts'
import type { DirectorySnapshot } from '../core/snapshot.ts'
import type { Tenant, TenantPlace } from '../core/tenant.ts'
import { shardStub, tenantStub } from '../lib/object-places.ts'
import { TIMERS_SCHEMA, Timers } from './alarms.ts'
import { DIRECTORY_SCHEMA, DirectoryRecords } from './directory-records.ts'
import { migrate } from './sql.ts'

/** Append-only. */
const SCHEMA = [`${TIMERS_SCHEMA}; ${DIRECTORY_SCHEMA}`]

const ERASE = 'erase'

export class DirectoryObject extends DurableObject<Env> {
  readonly #records: DirectoryRecords
  readonly #timers: Timers
  /** The snapshot of the newest revision, made once for all isolates that ask. */
  #snapshot: DirectorySnapshot | null = null

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    // Synchronous, so that nothing is answered before it is done, and a failure fails the call that met it.
    migrate(ctx.storage, SCHEMA)
    this.#records = new DirectoryRecords(ctx.storage.sql)
    this.#timers = new Timers(ctx.storage)
  }

  snapshot(knownRevision: number): DirectorySnapshot | null {
    const revision = this.#records.revision()
    if (revision === knownRevision) return null
    if (this.#snapshot?.revision !== revision) {
      const { version, document } = this.#records.config()
      this.#snapshot = {
        revision,
        configVersion: version,
        config: configSchema.parse(document),
        credentials: this.#records.credentials(),
        pepper: this.#records.pepper(),
      }
    }
    return this.#snapshot
  }

  ensurePepper(candidate: SealedRecord): SealedRecord {
    const known = this.#records.pepper()
    if (known !== null) return known
    this.ctx.storage.transactionSync(() => {
      this.#records.putPepper(candidate)
      this.#records.bumpRevision()
    })
    return candidate
  }

  config(): { version: number; config: ConfigDocument } {
    const { version, document } = this.#records.config()
    return { version, config: document }
  }

  applyConfig(
    document: unknown,
    options: { dryRun: boolean; allowPrivate: boolean; protocols: readonly string[]; actor: string },
  ): { ok: true; version: number; changes: ConfigChange[] } | { ok: false; faults: Fault[] } {
    const credentials = new Set(Object.keys(this.#records.credentials()))
    const checked = checkConfig(document, { ...options, credentials })
    if (!checked.ok) return checked
    const current = this.#records.config()
    const changes = configChanges(current.document, document)
    const isNew = changes.length > 0 || current.version === 0
    if (options.dryRun || !isNew) return { ok: true, version: current.version, changes }
    // Checked above: the schema's input is what it has parsed.
    const version = this.#replaceConfig(document as ConfigDocument, changes, options.actor, null)
    return { ok: true, version, changes }
  }

  configVersions(after: string | undefined, limit: number): { data: ConfigVersion[]; hasMore: boolean } {
    return this.#records.configVersions(after, limit)
  }

  rollback(
    version: number,
    actor: string,
  ):
    | { ok: true; version: number; changes: ConfigChange[] }
    | { ok: false; reason: 'unknown' }
    | { ok: false; reason: 'conflict'; faults: Fault[] } {
    const old = this.#records.configAt(version)
    if (old === null) return { ok: false, reason: 'unknown' }
    const faults = missingCredentials(old.document, new Set(Object.keys(this.#records.credentials())))
    if (faults.length > 0) return { ok: false, reason: 'conflict', faults }
    const changes = configChanges(this.#records.config().document, old.document)
    return { ok: true, version: this.#replaceConfig(old.document, changes, actor, version), changes }
  }

  credentials(): { name: string; record: SealedRecord; usedBy: string[] }[] {
    const { document } = this.#records.config()
    return Object.entries(this.#records.credentials()).map(([name, record]) => {
      const usedBy = new Set(usesOfCredential(document, name).map(({ provider }) => provider))
      return { name, record, usedBy: [...usedBy] }
    })
  }

  nextCredentialVersion(name: string): number {
    return this.#records.credentialVersion(name) + 1
  }

  putCredential(name: string, record: SealedRecord, actor: string): { created: boolean } | { stale: true } {
    if (record.version !== this.nextCredentialVersion(name)) return { stale: true }
    const created = this.#records.credentials()[name] === undefined
    const entry = this.#entry(actor, created ? 'credential.create' : 'credential.replace', `credentials/${name}`, {
      after: { version: record.version },
    })
    this.#change(entry, () => this.#records.putCredential(name, record.version, record))
    return { created }
  }

  deleteCredential(name: string, actor: string): 'deleted' | 'unknown' | { usedBy: string[] } {
    const record = this.#records.credentials()[name]
    if (record === undefined) return 'unknown'
    const usedBy = usesOfCredential(this.#records.config().document, name).map(({ path }) => path)
    if (usedBy.length > 0) return { usedBy }
    const sides = { before: { version: record.version } }
    const entry = this.#entry(actor, 'credential.delete', `credentials/${name}`, sides)
    this.#change(entry, () => this.#records.putCredential(name, record.version, null))
    return 'deleted'
  }

  sealedRecords(): { name: string; record: SealedRecord }[] {
    const pepper = this.#records.pepper()
    const credentials = Object.entries(this.#records.credentials()).map(([name, record]) => ({ name, record }))
    return pepper === null ? credentials : [{ name: PEPPER_NAME, record: pepper }, ...credentials]
  }

  /** The same value under another master key: isolates must hear of it, the audit log need not. */
  replaceSealed(name: string, before: SealedRecord, after: SealedRecord): boolean {
    const stored = name === PEPPER_NAME ? this.#records.pepper() : this.#records.credentials()[name]
    if (stored === undefined || stored === null || !isSameSealed(stored, before)) return false
    this.ctx.storage.transactionSync(() => {
      if (name === PEPPER_NAME) this.#records.putPepper(after)
      else this.#records.putCredential(name, after.version, after)
      this.#records.bumpRevision()
    })
    return true
  }

  /**
   * The object is provisioned first, under an erasure that is called off when the tenant is in the list: if this
   * object dies in between, nothing is left of it.
   */
  async createTenant(tenant: Tenant, actor: string): Promise<TenantPlace | 'exists'> {
    const { id, region, jurisdiction } = tenant
    if (this.#records.place(id) !== null) return 'exists'
    const place: TenantPlace = { id, generation: crypto.randomUUID().replaceAll('-', ''), region, jurisdiction }
    const dueMs = Date.now() + TENANT_MAKING_MS
    this.#records.insertErasure(place, dueMs, false)
    this.#timers.arm(ERASE, dueMs)
    await tenantStub(this.env.TENANT, place).provision(place.generation, tenant)
    // Another call may have made the tenant meanwhile, or the erasure have begun: then this one is left to be erased.
    if (this.#records.place(id) !== null || !this.#records.callOff(place.generation)) return 'exists'
    this.ctx.storage.transactionSync(() => {
      this.#records.insertTenant(place.generation, tenant)
      this.#records.append(this.#entry(actor, 'tenant.create', `tenants/${id}`, { after: tenant }))
    })
    this.#rearm()
    return place
  }

  tenants(after: string | undefined, limit: number): { data: Tenant[]; hasMore: boolean } {
    return this.#records.tenants(after, limit)
  }

  place(tenantId: string): TenantPlace | null {
    return this.#records.place(tenantId)
  }

  async deleteTenant(tenantId: string, actor: string): Promise<TenantPlace | null> {
    const place = this.#records.place(tenantId)
    if (place === null) return null
    const nowMs = Date.now()
    this.ctx.storage.transactionSync(() => {
      this.#records.dropTenant(tenantId)
      this.#records.insertErasure(place, nowMs, true)
      this.#timers.arm(ERASE, nowMs + TIMER_RETRY_MS)
      this.#records.append(this.#entry(actor, 'tenant.delete', `tenants/${tenantId}`))
    })
    await this.#erase(place)
    this.#rearm()
    return place
  }

  audit(after: string | undefined, limit: number): AuditPage {
    return this.#records.audit(after, limit)
  }

  appendAudit(entries: AuditEntry[]): void {
    this.ctx.storage.transactionSync(() => {
      for (const entry of entries) this.#records.append(entry)
    })
  }

  /** Called by tenants' objects: what changed there, and how the tenant is now (null: it is being erased). */
  deliver(policy: { generation: string; epoch: number; tenant: Tenant } | null, entries: AuditEntry[]): void {
    this.ctx.storage.transactionSync(() => {
      for (const entry of entries) this.#records.append(entry)
      if (policy !== null) this.#records.updateTenant(policy.generation, policy.epoch, policy.tenant)
    })
  }

  override async alarm(): Promise<void> {
    await this.#timers.fire(Date.now(), { [ERASE]: () => this.#eraseDue() })
  }

  /** One batch of erasures; those that fail stay, for the next time. */
  async #eraseDue(): Promise<number | null> {
    const places = this.#records.beginErasures(Date.now(), ERASURES_BATCH_MAX)
    await Promise.all(places.map((place) => this.#erase(place)))
    const nextMs = this.#records.nextErasureMs()
    return nextMs === null ? null : Math.max(nextMs, Date.now() + TIMER_RETRY_MS)
  }

  async #erase(place: TenantPlace): Promise<void> {
    try {
      // Its own object first: from then on no key is good, and nothing new is kept.
      await tenantStub(this.env.TENANT, place).erase()
      await Promise.all([
        ...Array.from({ length: CACHE_SHARDS }, (_, shard) => shardStub(this.env.CACHE, place, shard).erase()),
        ...Array.from({ length: VECTOR_SHARDS }, (_, shard) => shardStub(this.env.INDEX, place, shard).erase()),
      ])
      this.#records.erased(place.generation)
    } catch {
      // Out of reach: its row stays, and the alarm comes back to it.
    }
  }

  #rearm(): void {
    if (this.#records.nextErasureMs() === null) this.#timers.disarm(ERASE)
  }

  #replaceConfig(document: ConfigDocument, changes: ConfigChange[], actor: string, rollbackOf: number | null): number {
    const version = this.#records.config().version + 1
    const action = rollbackOf === null ? 'config.apply' : 'config.rollback'
    const unpriced = missingPrices(configSchema.parse(document))
    const entry = this.#entry(actor, action, 'config', {
      before: { version: version - 1 },
      after: {
        version,
        // First, and not one of the changes: it is of the whole document that is in force from now on.
        ...(unpriced.length === 0 ? {} : { missingPrices: unpriced }),
        changes,
        ...(rollbackOf === null ? {} : { rollbackOf }),
      },
    })
    this.#change(entry, () => this.#records.insertConfig({ version, document }, entry.at, actor, rollbackOf))
    return version
  }

  /** A change that isolates must hear of, with its audit entry, in one transaction. */
  #change(entry: AuditEntry, change: () => void): void {
    this.ctx.storage.transactionSync(() => {
      change()
      this.#records.bumpRevision()
      this.#records.append(entry)
    })
  }

  #entry(
    actor: string,
    action: string,
    subject: string,
    sides: { before?: unknown; after?: unknown } = {},
  ): AuditEntry {
    return auditEntry({ id: crypto.randomUUID(), at: new Date().toISOString(), actor, action, subject }, sides)
  }
}
