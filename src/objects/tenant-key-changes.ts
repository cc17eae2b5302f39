/** Changes of a tenant's API keys: made, changed, revoked, rotated, each with its audit entry. */
import type { ApiKey, KeyFields } from '../core/tenant.ts'
import type { TenantChanges } from './tenant-changes.ts'
import { isLiving, publicKey, sidesOf } from './tenant-keys.ts'
import type { TenantRecords } from './tenant-records.ts'

/** What a successor has of its own; the rest is that of the key before it. */
export type Successor = Pick<ApiKey, 'id' | 'digest' | 'createdAt'>

/** The keys of one tenant. Only for an object that is somebody's. */
export class TenantKeyChanges {
  readonly #records: TenantRecords
  readonly #changes: TenantChanges
  readonly #revoked: () => void

  /** `revoked` is called in the transaction that revokes one. */
  constructor(records: TenantRecords, changes: TenantChanges, revoked: () => void) {
    this.#records = records
    this.#changes = changes
    this.#revoked = revoked
  }

  /** False where the id is taken. */
  async create(key: ApiKey, actor: string): Promise<boolean> {
    if (this.#records.key(key.id) !== undefined) return false
    await this.#make(actor, 'key.create', key.id, { after: publicKey(key) }, () => this.#records.insertKey(key))
    return true
  }

  /** The key as it is then; null where there is none that lives. */
  async patch(id: string, fields: KeyFields, actor: string): Promise<ApiKey | null> {
    const before = this.#records.key(id)
    if (before === undefined || !isLiving(before, Date.now())) return null
    const after: ApiKey = { ...before, ...fields }
    const sides = sidesOf(before, after, Object.keys(fields))
    if (sides === null) return before
    await this.#make(actor, 'key.update', id, sides, () => this.#records.replaceKey(after))
    return after
  }

  /** False where there is none that could be. */
  async revoke(id: string, at: string, actor: string): Promise<boolean> {
    const key = this.#records.key(id)
    if (key === undefined || key.revokedAt !== null) return false
    await this.#make(actor, 'key.revoke', id, {}, () => {
      this.#records.replaceKey({ ...key, revokedAt: at })
      this.#revoked()
    })
    return true
  }

  /** False where there is none that lives, or the successor's id is taken. */
  async rotate(id: string, successor: Successor, overlapUntil: string, actor: string): Promise<boolean> {
    const key = this.#records.key(id)
    if (key === undefined || this.#records.key(successor.id) !== undefined) return false
    // The successor of an expired key would be one from its first moment.
    if (!isLiving(key, Date.now())) return false
    await this.#make(actor, 'key.rotate', id, { after: { successor: successor.id, overlapUntil } }, () => {
      this.#records.insertKey({ ...key, ...successor, overlapUntil: null, lastUsedOn: null })
      this.#records.replaceKey({ ...key, overlapUntil })
    })
    return true
  }

  async #make(actor: string, action: string, id: string, sides: object, change: () => void): Promise<void> {
    await this.#changes.make({ actor, action, where: `/keys/${id}` }, sides, change)
  }
}
