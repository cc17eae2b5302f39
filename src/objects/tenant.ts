/** TenantObject: one per tenant, named `<id>.<generation>`. */

/*
 * It coordinates the tenant's policy (the document, keys, own credentials; `epoch` counts every change), adds up its
 * usage, and counts its limits, because all need one writer. An object that was not provisioned, or was erased, stores
 * nothing: it answers `gone`, and drops what it is sent. Eviction loses nothing but the memory of recent request ids,
 * which a look at the segments stands in for, and who waits for a turn: they ask again.
 */
import { DurableObject } from 'cloudflare:workers'
import type { Ask, AskReply, Counter, LedgerView, Turn } from '../core/ledger/types.ts'
import { USAGE_PRUNE_MS } from '../core/limits.ts'
import type { OwnedThing } from '../core/owned.ts'
import type { TemplateAsk } from '../core/prompts/types.ts'
import type { RollupQuery, RollupRow } from '../core/rollup.ts'
import type { SealedRecord } from '../core/sealed.ts'
import type { ApiKey, KeyFields, KeyVerdict, Tenant, TenantCredential } from '../core/tenant.ts'
import { readBatch } from '../core/usage-pack.ts'
import type { UsageRecord } from '../core/usage-record.ts'
import type { WebhookChange, WebhookChanged, WebhookSettings } from '../core/webhook.ts'
import { TIMERS_SCHEMA, Timers } from './alarms.ts'
import { migrate, schemaVersion } from './sql.ts'
import { TenantChanges } from './tenant-changes.ts'
import { type Successor, TenantKeyChanges } from './tenant-key-changes.ts'
import { sidesOf, verdictOn } from './tenant-keys.ts'
import { LEDGER_SCHEMA, TenantLedger } from './tenant-ledger.ts'
import { OWNED_SCHEMA, TenantOwned } from './tenant-owned.ts'
import { PROMPTS_SCHEMA, TenantPrompts } from './tenant-prompts.ts'
import { SECRETS_SCHEMA, TENANT_SCHEMA, TenantRecords, WEBHOOK_SCHEMA } from './tenant-records.ts'
import { type NamedCredential, type NamedRecord, TenantSealed } from './tenant-sealed.ts'
import { prune, reap } from './tenant-upkeep.ts'
import { TenantWebhooks } from './tenant-webhook.ts'
import { USAGE_SCHEMA, UsageLog } from './usage-log.ts'

/** Append-only. */
const SCHEMA = [
  `${TIMERS_SCHEMA}; ${TENANT_SCHEMA} ${USAGE_SCHEMA}`,
  LEDGER_SCHEMA,
  SECRETS_SCHEMA,
  OWNED_SCHEMA,
  PROMPTS_SCHEMA,
  WEBHOOK_SCHEMA,
]

const DELIVER = 'deliver'
const PRUNE = 'prune'
const REAP = 'reap'
const ERASE = 'erase'
const RETIRE = 'retire'

/** What an object with a schema works with. */
interface Stored {
  readonly records: TenantRecords
  readonly sealed: TenantSealed
  readonly webhook: TenantWebhooks
  readonly usage: UsageLog
  readonly ledger: TenantLedger
  readonly timers: Timers
  readonly changes: TenantChanges
  readonly keys: TenantKeyChanges
  readonly owned: TenantOwned
  readonly prompts: TenantPrompts
}

export class TenantObject extends DurableObject<Env> {
  #stored: Stored | null = null

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
    const sides = sidesOf(before, after, Object.keys(fields))
    if (sides === null) return before
    const { changes, records } = this.#stored ?? this.#open()
    await changes.make({ actor, action: 'tenant.update', where: '' }, sides, () => records.replaceTenant(after))
    return after
  }

  /** Gone at once; audit entries are delivered and owned objects erased before all is forgotten. Rejects to be called again. */
  async erase(): Promise<void> {
    const stored = this.#stored
    if (stored === null) return
    stored.records.dropPolicy()
    stored.ledger.close()
    while (await stored.changes.deliver()) {}
    await stored.owned.eraseAll()
    this.#stored = null
    await this.ctx.storage.deleteAll()
  }

  async createKey(key: ApiKey, actor: string): Promise<boolean> {
    return (await this.#live()?.keys.create(key, actor)) ?? false
  }

  keys(after: string | undefined, limit: number): { data: ApiKey[]; hasMore: boolean } {
    return this.#live()?.records.keys(after, limit) ?? { data: [], hasMore: false }
  }

  async patchKey(id: string, fields: KeyFields, actor: string): Promise<ApiKey | null> {
    return (await this.#live()?.keys.patch(id, fields, actor)) ?? null
  }

  async revokeKey(id: string, at: string, actor: string): Promise<boolean> {
    return (await this.#live()?.keys.revoke(id, at, actor)) ?? false
  }

  async rotateKey(id: string, successor: Successor, overlapUntil: string, actor: string): Promise<boolean> {
    return (await this.#live()?.keys.rotate(id, successor, overlapUntil, actor)) ?? false
  }

  credentials(): NamedCredential[] {
    return this.#live()?.sealed.credentials() ?? []
  }

  nextCredentialVersion(name: string): number {
    return this.#live()?.sealed.nextVersion(name) ?? 1
  }

  async putCredential(
    name: string,
    credential: TenantCredential,
    actor: string,
  ): Promise<{ created: boolean } | { stale: true }> {
    return (await this.#live()?.sealed.putCredential(name, credential, actor)) ?? { stale: true }
  }

  async deleteCredential(name: string, actor: string): Promise<boolean> {
    return (await this.#live()?.sealed.deleteCredential(name, actor)) ?? false
  }

  /** Keeps a sealed cache secret unless there is one; answers with the one that counts. Null: nobody's object. */
  ensureCacheSecret(candidate: SealedRecord): SealedRecord | null {
    return this.#live()?.sealed.ensureCacheSecret(candidate) ?? null
  }

  sealedRecords(): NamedRecord[] {
    return this.#live()?.sealed.all() ?? []
  }

  replaceSealed(name: string, before: SealedRecord, after: SealedRecord): boolean {
    return this.#live()?.sealed.replace(name, before, after) ?? false
  }

  /** The tenant's prompt templates: JSON of a TemplateAsk, answered with JSON of its reply. */
  async prompts(ask: string): Promise<string> {
    return JSON.stringify((await this.#live()?.prompts.answer(JSON.parse(ask) as TemplateAsk)) ?? null)
  }

  webhook(): WebhookSettings | null {
    return this.#live()?.webhook.settings(Date.now()) ?? null
  }

  async changeWebhook(change: WebhookChange, actor: string): Promise<WebhookChanged> {
    return (await this.#live()?.webhook.change(change, actor)) ?? 'unknown'
  }

  lookUp(id: string, digest: string): KeyVerdict {
    const stored = this.#live()
    return stored === null ? { kind: 'gone' } : verdictOn(stored.records, id, digest, Date.now())
  }

  /** May a request go on? JSON of an Ask, answered with JSON of an AskReply: text crosses for less than its clone. */
  admit(ask: string): string {
    const reply: AskReply = this.#live()?.ledger.ask(JSON.parse(ask) as Ask) ?? { kind: 'gone' }
    return JSON.stringify(reply)
  }

  /** Waits until a request that was queued is granted or refused: JSON of a Turn. */
  async turn(requestId: string): Promise<string> {
    const turn: Turn = (await this.#live()?.ledger.turn(requestId)) ?? { kind: 'gone' }
    return JSON.stringify(turn)
  }

  /** Takes back what was asked: it will not go on. */
  withdraw(requestId: string): void {
    this.#live()?.ledger.withdraw(requestId)
  }

  /** Keeps the concurrency leases of requests in flight. */
  renew(requestIds: string[]): void {
    this.#live()?.ledger.renew(requestIds)
  }

  /** Keeps usage and settles what was reserved for it, as `batchText` writes it; answers when it is durable. */
  record(batch: string): void {
    const stored = this.#live()
    if (stored === null) return
    const nowMs = Date.now()
    const { rows, charges, slices, owned = [] } = readBatch(batch)
    stored.ledger.transaction(() =>
      stored.usage.record(rows, nowMs, (fresh) => stored.ledger.settle(fresh, charges, slices)),
    )
    this.own(owned)
    stored.timers.arm(PRUNE, nowMs + USAGE_PRUNE_MS)
  }

  /** Remembers what is to be erased with the tenant. */
  own(things: readonly OwnedThing[]): void {
    const stored = this.#live()
    if (stored?.owned.add(stored.records.policy(), things)) stored.timers.arm(PRUNE, Date.now() + USAGE_PRUNE_MS)
  }

  /** How these limits stand, and whatever else is counted. */
  ledger(counters: Counter[]): LedgerView {
    return this.#live()?.ledger.view(counters) ?? { counters: [], reservations: 0, slices: 0, waiting: 0 }
  }

  usage(query: RollupQuery): RollupRow[] {
    return this.#live()?.usage.usage(query, Date.now()) ?? []
  }

  requests(after: string | undefined, limit: number): { data: UsageRecord[]; hasMore: boolean; last: string | null } {
    return this.#live()?.usage.requests(after, limit) ?? { data: [], hasMore: false, last: null }
  }

  override async alarm(): Promise<void> {
    const stored = this.#live()
    const erased = this.#stored?.owned
    // Of an object that is being erased nothing is left to do but that.
    if (stored === null) return this.#stored?.timers.fire(Date.now(), { [ERASE]: () => erased?.eraseMore() ?? null })
    await stored.timers.fire(Date.now(), {
      [DELIVER]: async () => ((await stored.changes.deliver()) ? Date.now() : null),
      [PRUNE]: () => prune(stored, Date.now()),
      [REAP]: () => reap(stored),
      [RETIRE]: () => stored.webhook.retire(Date.now()),
    })
  }

  #open(): Stored {
    const { storage } = this.ctx
    migrate(storage, SCHEMA)
    const records = new TenantRecords(storage.sql)
    const timers = new Timers(storage)
    const ledger = new TenantLedger(storage, (atMs) => timers.arm(REAP, atMs))
    const changes = new TenantChanges({
      storage,
      records,
      timers,
      timer: DELIVER,
      directory: this.env.DIRECTORY,
      isErased: () => this.#stored === null,
    })
    const sealed = new TenantSealed(records, changes)
    const owned = new TenantOwned(storage.sql, this.env, () => timers.arm(ERASE, Date.now()))
    const prompts = new TenantPrompts(storage.sql, records, changes)
    const webhook = new TenantWebhooks(records, changes, (atMs) => timers.arm(RETIRE, atMs))
    const keys = new TenantKeyChanges(records, changes, () => timers.arm(PRUNE, Date.now() + USAGE_PRUNE_MS))
    const usage = new UsageLog(storage)
    this.#stored = { records, sealed, webhook, usage, ledger, timers, changes, keys, owned, prompts }
    return this.#stored
  }

  /** Null for an object that is nobody's, or is being erased. */
  #live(): Stored | null {
    return this.#stored?.records.policy() == null ? null : this.#stored
  }
}
