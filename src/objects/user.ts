/** UserObject: one per end user of a tenant, named `<tenant>.<generation>.<user id>`. */

/*
 * It keeps the user's profile, sealed by whoever writes it: an order among its writers, and one place to forget it from.
 * An object without a profile stores nothing, whatever it is asked. Eviction loses nothing.
 */
import { DurableObject } from 'cloudflare:workers'
import { first, migrate, run, schemaVersion } from './sql.ts'

/** Append-only. `profile` has one row. */
const SCHEMA = ['CREATE TABLE profile (sealed TEXT NOT NULL, updated_at_ms INTEGER NOT NULL)']

/** A profile as it is stored. */
export interface SealedProfile {
  readonly sealed: string
  readonly updatedAtMs: number
}

export class UserObject extends DurableObject<Env> {
  #isStored: boolean
  /** Of a tenant that is no more: what is told late is dropped. */
  #isErased = false

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#isStored = schemaVersion(ctx.storage.sql) > 0
    if (this.#isStored) migrate(ctx.storage, SCHEMA)
  }

  profile(): SealedProfile | null {
    return this.#isStored ? (this.#row() ?? null) : null
  }

  /** Keeps a profile in the place of the one before; true where there was none. Answers when it is durable. */
  putProfile(sealed: string, updatedAtMs: number): boolean {
    if (this.#isErased) return false
    const { storage } = this.ctx
    const isNew = this.profile() === null
    if (!this.#isStored) migrate(storage, SCHEMA)
    this.#isStored = true
    storage.transactionSync(() => {
      run(storage.sql, 'DELETE FROM profile')()
      run<[string, number]>(storage.sql, 'INSERT INTO profile VALUES (?, ?)')(sealed, updatedAtMs)
    })
    return isNew
  }

  /** False when there is none. */
  async deleteProfile(): Promise<boolean> {
    if (this.profile() === null) return false
    await this.#forget()
    return true
  }

  /** For good: its tenant is no more. */
  async erase(): Promise<void> {
    this.#isErased = true
    if (this.#isStored) await this.#forget()
  }

  #row(): SealedProfile | undefined {
    const row = first<{ sealed: string; updated_at_ms: number }>(this.ctx.storage.sql, 'SELECT * FROM profile')()
    return row && { sealed: row.sealed, updatedAtMs: row.updated_at_ms }
  }

  async #forget(): Promise<void> {
    this.#isStored = false
    await this.ctx.storage.deleteAll()
  }
}
