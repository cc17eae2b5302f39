/** TenantObject: one per tenant, named `<id>.<generation>`. */

/*
 * It coordinates the tenant's policy (the document, keys, own
 * credentials; `epoch` counts every change) and adds up its usage, because both need one writer. An object that was not
 * provisioned, or was erased, stores nothing: it answers `gone`, and drops what it is sent. Eviction loses nothing but
 * the memory of recent request ids, which a look at the segments stands in for.
 */
import { DurableObject } from 'cloudflare:workers'
import { auditEntry, picked } from '../core/audit.ts'
import type { AuditEntry } from '../core/control.ts'
import { OUTBOX_BATCH_MAX, REVOKED_KEY_MS, TIMER_RETRY_MS, USAGE_PRUNE_MS } from '../core/limits.ts'
import type { RollupQuery, RollupRow } from '../core/rollup.ts'
import type { SealedRecord } from '../core/sealed.ts'
import { type ApiKey, type KeyVerdict, keyState, type Tenant, type TenantCredential } from '../core/tenant.ts'
import type { UsageRecord } from '../core/usage-record.ts'
import { dayOf } from '../core/usage-segments.ts'
import { directoryStub } from '../lib/object-places.ts'
import { TIMERS_SCHEMA, Timers } from './alarms.ts'
import { migrate, schemaVersion } from './sql.ts'
import { TENANT_SCHEMA, TenantRecords } from './tenant-records.ts'
import { USAGE_SCHEMA, UsageLog } from './usage-log.ts'

/** Append-only. */
const SCHEMA = [`${TIMERS_SCHEMA}; ${TENANT_SCHEMA} ${USAGE_SCHEMA}`]

const DELIVER = 'deliver'
const PRUNE = 'prune'

/** Compared where there is no such key, so that a wrong id takes the time of a wrong secret. */
const NO_DIGEST = Buffer.alloc(32)

/** What an object with a schema works with. */
interface Stored {
  readonly records: TenantRecords
  readonly usage: UsageLog
  readonly timers: Timers
}

export class TenantObject extends DurableObject<Env> {
  #stored: Stored | null = null
  /** When the prune timer fires at the latest, so that a batch of usage need not ask. */
  #pruneAtMs = Number.POSITIVE_INFINITY

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    // An object that stores nothing must not begin to because somebody asked it something.
    if (schemaVersion(ctx.storage.sql) > 0) this.#open()
  }

  /** Makes the object a tenant's. Again: no change. After `erase` has begun: refused, its generation is over. */
  provision(generation: string, tenant: Tenant): boolean {
    if (this.#stored !== null) return this.#stored.records.policy()?.generation === generation
    const stored = this.#open()
    stored.records.insertPolicy(generation, tenant)
    return true
  }

  tenant(): Tenant | null {
    return this.#live()?.records.policy()?.tenant ?? null
  }

  async patch(fields: Partial<Tenant>, actor: string): Promise<Tenant | null> {
    const before = this.tenant()
    if (before === null) return null
    const { id, region, jurisdiction, createdAt } = before
    const after: Tenant = { ...before, ...fields, id, region, jurisdiction, createdAt }
    const names = Object.keys(fields).filter((name) => differs(Reflect.get(before, name), Reflect.get(after, name)))
    if (names.length === 0) return before
    const sides = { before: picked(before, names), after: picked(after, names) }
    await this.#change(actor, 'tenant.update', '', sides, ({ records }) => records.replaceTenant(after))
    return after
  }

  /** Gone at once; what the audit log has not seen is delivered before all is forgotten. Rejects to be called again. */
  async erase(): Promise<void> {
    const stored = this.#stored
    if (stored === null) return
    stored.records.dropPolicy()
    while (await this.#deliver(stored)) {}
    this.#stored = null
    await this.ctx.storage.deleteAll()
  }

  async createKey(key: ApiKey, actor: string): Promise<boolean> {
    const stored = this.#live()
    if (stored === null || stored.records.key(key.id) !== undefined) return false
    const sides = { after: publicKey(key) }
    await this.#change(actor, 'key.create', `/keys/${key.id}`, sides, ({ records }) => records.insertKey(key))
    return true
  }

  keys(after: string | undefined, limit: number): { data: ApiKey[]; hasMore: boolean } {
    return this.#live()?.records.keys(after, limit) ?? { data: [], hasMore: false }
  }

  async revokeKey(id: string, at: string, actor: string): Promise<boolean> {
    const key = this.#live()?.records.key(id)
    if (key === undefined || key.revokedAt !== null) return false
    await this.#change(actor, 'key.revoke', `/keys/${id}`, {}, ({ records, timers }) => {
      records.replaceKey({ ...key, revokedAt: at })
      timers.arm(PRUNE, Date.now() + USAGE_PRUNE_MS)
    })
    return true
  }

  async rotateKey(
    id: string,
    successor: Pick<ApiKey, 'id' | 'digest' | 'createdAt'>,
    overlapUntil: string,
    actor: string,
  ): Promise<boolean> {
    const stored = this.#live()
    const key = stored?.records.key(id)
    if (key === undefined || stored?.records.key(successor.id) !== undefined) return false
    const state = keyState(key, Date.now())
    // The successor of an expired key would be one from its first moment.
    if (state === 'revoked' || state === 'expired') return false
    const sides = { after: { successor: successor.id, overlapUntil } }
    await this.#change(actor, 'key.rotate', `/keys/${id}`, sides, ({ records }) => {
      records.insertKey({ ...key, ...successor, overlapUntil: null, lastUsedOn: null })
      records.replaceKey({ ...key, overlapUntil })
    })
    return true
  }

  credentials(): { name: string; credential: TenantCredential }[] {
    return Object.entries(this.#live()?.records.credentials() ?? {}).map(([name, credential]) => ({ name, credential }))
  }

  nextCredentialVersion(name: string): number {
    return (this.#live()?.records.credentialVersion(name) ?? 0) + 1
  }

  async putCredential(
    name: string,
    credential: TenantCredential,
    actor: string,
  ): Promise<{ created: boolean } | { stale: true }> {
    const { version } = credential.record
    const stored = this.#live()
    if (stored === null || version !== this.nextCredentialVersion(name)) return { stale: true }
    const created = stored.records.credentials()[name] === undefined
    const sides = { after: { version, fallbackToOperator: credential.fallbackToOperator } }
    const action = created ? 'credential.create' : 'credential.replace'
    await this.#change(actor, action, `/credentials/${name}`, sides, ({ records }) =>
      records.putCredential(name, version, credential),
    )
    return { created }
  }

  async deleteCredential(name: string, actor: string): Promise<boolean> {
    const known = this.#live()?.records.credentials()[name]
    if (known === undefined) return false
    await this.#change(actor, 'credential.delete', `/credentials/${name}`, {}, ({ records }) =>
      records.putCredential(name, known.record.version, null),
    )
    return true
  }

  /** The same value under another master key: no change that an audit log or an epoch would name. */
  replaceSealed(name: string, before: SealedRecord, after: SealedRecord): boolean {
    return this.#live()?.records.replaceSealed(name, before, after) ?? false
  }

  lookUp(id: string, digest: string): KeyVerdict {
    const stored = this.#live()
    const policy = stored?.records.policy() ?? null
    if (stored === null || policy === null) return { kind: 'gone' }
    const known = stored.records.key(id)
    const right = matches(digest, known?.digest)
    if (known === undefined || !right || isForgotten(known, Date.now())) return { kind: 'unknown' }
    const { digest: _, ...key } = known
    const { epoch, tenant } = policy
    return { kind: 'known', epoch, tenant, key: this.#used(stored, key), credentials: stored.records.credentials() }
  }

  /** Keeps usage, JSON of UsageRecord[]; answers when it is durable. */
  record(rows: string): void {
    const stored = this.#live()
    if (stored === null) return
    const nowMs = Date.now()
    stored.usage.record(JSON.parse(rows) as UsageRecord[], nowMs)
    if (this.#pruneAtMs <= nowMs + USAGE_PRUNE_MS) return
    this.#pruneAtMs = nowMs + USAGE_PRUNE_MS
    stored.timers.arm(PRUNE, this.#pruneAtMs)
  }

  usage(query: RollupQuery): RollupRow[] {
    return this.#live()?.usage.usage(query, Date.now()) ?? []
  }

  requests(after: string | undefined, limit: number): { data: UsageRecord[]; hasMore: boolean; last: string | null } {
    return this.#live()?.usage.requests(after, limit) ?? { data: [], hasMore: false, last: null }
  }

  override async alarm(): Promise<void> {
    const stored = this.#live()
    await stored?.timers.fire(Date.now(), {
      [DELIVER]: async () => ((await this.#deliver(stored)) ? Date.now() : null),
      [PRUNE]: () => this.#prune(stored),
    })
  }

  #open(): Stored {
    const { storage } = this.ctx
    migrate(storage, SCHEMA)
    const records = new TenantRecords(storage.sql)
    this.#stored = { records, usage: new UsageLog(storage), timers: new Timers(storage) }
    return this.#stored
  }

  /** Null for an object that is nobody's, or is being erased. */
  #live(): Stored | null {
    return this.#stored?.records.policy() == null ? null : this.#stored
  }

  /** Makes a change and its audit entry in one transaction, then delivers the entry; the alarm is its backstop. */
  async #change(
    actor: string,
    action: string,
    where: string,
    sides: { before?: unknown; after?: unknown },
    change: (stored: Stored) => void,
  ): Promise<void> {
    const stored = this.#live()
    const tenant = stored?.records.policy()?.tenant
    if (stored === null || tenant === undefined) return
    const head = { id: crypto.randomUUID(), at: new Date().toISOString(), actor, action }
    try {
      this.ctx.storage.transactionSync(() => {
        change(stored)
        stored.records.bumpEpoch()
        stored.records.enqueue(auditEntry({ ...head, subject: `tenants/${tenant.id}${where}` }, sides))
        stored.timers.arm(DELIVER, Date.now() + TIMER_RETRY_MS)
      })
    } finally {
      stored.records.forget()
    }
    try {
      if (!(await this.#deliver(stored))) stored.timers.disarm(DELIVER)
    } catch {
      // The change is made; its entry waits for the alarm.
    }
  }

  /** Hands audit entries, and the tenant as it is now, to the Directory. True when more are left. */
  async #deliver(stored: Stored): Promise<boolean> {
    const rows = stored.records.outbox(OUTBOX_BATCH_MAX)
    const final = rows.at(-1)
    if (final === undefined) return false
    const entries: AuditEntry[] = rows.map(({ entry }) => entry)
    await directoryStub(this.env.DIRECTORY).deliver(stored.records.policy(), entries)
    // An erase that ran meanwhile has taken the outbox with everything else.
    if (this.#stored === null) return false
    stored.records.delivered(final.seq)
    return stored.records.outbox(1).length > 0
  }

  #prune({ records, usage }: Stored): number | null {
    const nowMs = Date.now()
    records.dropKeysRevokedBefore(new Date(nowMs - REVOKED_KEY_MS).toISOString())
    const nextMs = usage.prune(nowMs) ?? (records.hasRevokedKeys() ? nowMs + USAGE_PRUNE_MS : null)
    this.#pruneAtMs = nextMs ?? Number.POSITIVE_INFINITY
    return nextMs
  }

  /** Notes the day of a key's use, once a day. */
  #used({ records }: Stored, key: Omit<ApiKey, 'digest'>): Omit<ApiKey, 'digest'> {
    const nowMs = Date.now()
    const today = dayOf(nowMs)
    const state = keyState(key, nowMs)
    if (key.lastUsedOn === today || state === 'revoked' || state === 'expired') return key
    records.touchKey(key.id, today)
    return { ...key, lastUsedOn: today }
  }
}

/** In constant time, and with the same work where there is no such key. */
function matches(presented: string, stored: string | undefined): boolean {
  const left = Buffer.from(presented, 'base64')
  const right = stored === undefined ? NO_DIGEST : Buffer.from(stored, 'base64')
  const sameLength = left.byteLength === right.byteLength
  const same = crypto.subtle.timingSafeEqual(sameLength ? left : right, right)
  return same && sameLength && stored !== undefined
}

/** A revoked key is told so for a while; then it is as good as never made. */
function isForgotten({ revokedAt }: ApiKey, nowMs: number): boolean {
  return revokedAt !== null && Date.parse(revokedAt) + REVOKED_KEY_MS <= nowMs
}

function differs(before: unknown, after: unknown): boolean {
  return JSON.stringify(before) !== JSON.stringify(after)
}

/** A key as an audit entry may show it. */
function publicKey({ id, name, expiresAt, models, limits, debug }: ApiKey): object {
  return { id, name, expiresAt, models, limits, debug }
}
