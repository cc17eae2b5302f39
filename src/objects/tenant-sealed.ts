/** What a tenant's object keeps sealed: the tenant's own provider credentials, and the gateway's secrets about it. */
import { CACHE_SECRET_NAME, type SealedRecord } from '../core/sealed.ts'
import type { TenantCredential } from '../core/tenant.ts'
import type { TenantChanges } from './tenant-changes.ts'
import type { TenantRecords } from './tenant-records.ts'

export interface NamedCredential {
  name: string
  credential: TenantCredential
}

export interface NamedRecord {
  name: string
  record: SealedRecord
}

/** The sealed records of one tenant. Only for an object that is somebody's. */
export class TenantSealed {
  readonly #records: TenantRecords
  readonly #changes: TenantChanges

  constructor(records: TenantRecords, changes: TenantChanges) {
    this.#records = records
    this.#changes = changes
  }

  credentials(): NamedCredential[] {
    return Object.entries(this.#records.credentials()).map(([name, credential]) => ({ name, credential }))
  }

  /** The version to seal a name's next value with: never one that was used before. */
  nextVersion(name: string): number {
    return this.#records.credentialVersion(name) + 1
  }

  async putCredential(
    name: string,
    credential: TenantCredential,
    actor: string,
  ): Promise<{ created: boolean } | { stale: true }> {
    const { version } = credential.record
    if (version !== this.nextVersion(name)) return { stale: true }
    const created = this.#records.credentials()[name] === undefined
    const sides = { after: { version, fallbackToOperator: credential.fallbackToOperator } }
    const head = { actor, action: created ? 'credential.create' : 'credential.replace', where: `/credentials/${name}` }
    await this.#changes.make(head, sides, () => this.#records.putCredential(name, version, credential))
    return { created }
  }

  /** False when there is no such credential. */
  async deleteCredential(name: string, actor: string): Promise<boolean> {
    const known = this.#records.credentials()[name]
    if (known === undefined) return false
    const head = { actor, action: 'credential.delete', where: `/credentials/${name}` }
    await this.#changes.make(head, {}, () => this.#records.putCredential(name, known.record.version, null))
    return true
  }

  /** Keeps the candidate unless there is a cache secret; answers with the one that counts. No act of anybody's: no audit. */
  ensureCacheSecret(candidate: SealedRecord): SealedRecord {
    const known = this.#records.secret(CACHE_SECRET_NAME)
    if (known !== null) return known
    this.#records.putSecret(CACHE_SECRET_NAME, candidate)
    return candidate
  }

  /** Every record, for reseal. */
  all(): NamedRecord[] {
    const secrets = Array.from(this.#records.secrets(), ([name, record]) => ({ name, record }))
    return [...this.credentials().map(({ name, credential }) => ({ name, record: credential.record })), ...secrets]
  }

  /** The same value under another master key: no change that an audit log or an epoch would name. */
  replace(name: string, before: SealedRecord, after: SealedRecord): boolean {
    return this.#records.replaceSealed(name, before, after)
  }
}
