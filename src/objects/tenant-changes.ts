/** Changes of a tenant's policy: made with their audit entry in one transaction, and told to the Directory. */
import { auditEntry } from '../core/audit.ts'
import type { AuditEntry } from '../core/control.ts'
import { OUTBOX_BATCH_MAX, TIMER_RETRY_MS } from '../core/limits.ts'
import { directoryStub } from '../lib/object-places.ts'
import type { Timers } from './alarms.ts'
import type { TenantRecords } from './tenant-records.ts'

/** What changes are made with. */
export interface ChangeTools {
  readonly storage: DurableObjectStorage
  readonly records: TenantRecords
  readonly timers: Timers
  /** Name of the timer that sees to a delivery which did not come about at once. */
  readonly timer: string
  readonly directory: Env['DIRECTORY']
  /** Has everything been erased meanwhile? */
  readonly isErased: () => boolean
}

/** The changes of one tenant. Only for an object that has its schema. */
export class TenantChanges {
  readonly #tools: ChangeTools

  constructor(tools: ChangeTools) {
    this.#tools = tools
  }

  /** Makes a change and its audit entry in one transaction, then delivers the entry; the alarm is its backstop. */
  async make(
    { actor, action, where }: { readonly actor: string; readonly action: string; readonly where: string },
    sides: { before?: unknown; after?: unknown },
    change: () => void,
  ): Promise<void> {
    const { storage, records, timers, timer } = this.#tools
    const tenant = records.policy()?.tenant
    if (tenant === undefined) return
    const head = { id: crypto.randomUUID(), at: new Date().toISOString(), actor, action }
    try {
      storage.transactionSync(() => {
        change()
        records.bumpEpoch()
        records.enqueue(auditEntry({ ...head, subject: `tenants/${tenant.id}${where}` }, sides))
        timers.arm(timer, Date.now() + TIMER_RETRY_MS)
      })
    } finally {
      records.forget()
    }
    try {
      if (!(await this.deliver())) timers.disarm(timer)
    } catch {
      // The change is made; its entry waits for the alarm.
    }
  }

  /** Hands audit entries, and the tenant as it is now, to the Directory. True when more are left. */
  async deliver(): Promise<boolean> {
    const { records, directory, isErased } = this.#tools
    const rows = records.outbox(OUTBOX_BATCH_MAX)
    const final = rows.at(-1)
    if (final === undefined) return false
    const entries: AuditEntry[] = rows.map(({ entry }) => entry)
    await directoryStub(directory).deliver(records.policy(), entries)
    // An erase that ran meanwhile has taken the outbox with everything else.
    if (isErased()) return false
    records.delivered(final.seq)
    return records.outbox(1).length > 0
  }
}
