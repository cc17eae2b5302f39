/** The objects that a tenant's callers have made, as the tenant's object remembers them: to erase them with it. */
import { OWNED_ERASED_MAX, OWNED_MARGIN_MS } from '../core/limits.ts'
import type { OwnedKind, OwnedThing } from '../core/owned.ts'
import { ownedStub } from '../lib/object-places.ts'
import { all, run } from './sql.ts'
import type { Policy } from './tenant-records.ts'

/** `object` is the id of a Durable Object, which says where it lives, and nothing of the name that its caller gave it. */
export const OWNED_SCHEMA = `
  CREATE TABLE owned (
    kind TEXT NOT NULL, object TEXT NOT NULL, until_ms INTEGER NOT NULL, PRIMARY KEY (kind, object)) WITHOUT ROWID;`

/** What every class of owned objects can be asked: forget everything, for good. */
export interface Erasable extends Rpc.DurableObjectBranded {
  erase(): Promise<void>
}

type Classes = Readonly<Record<OwnedKind, DurableObjectNamespace<Erasable>>>
/** The namespaces of their classes. */
export type OwnedEnv = Pick<Env, 'SESSION' | 'RESPONSE' | 'STREAM' | 'USER'>

/** Only for an object that has its schema. */
export class TenantOwned {
  readonly #statements: ReturnType<typeof statements>
  readonly #classes: Classes
  readonly #goOn: () => void

  /** `goOn` has `eraseMore` called soon. */
  constructor(sql: SqlStorage, { SESSION, RESPONSE, STREAM, USER }: OwnedEnv, goOn: () => void) {
    this.#statements = statements(sql)
    this.#classes = { session: SESSION, response: RESPONSE, stream: STREAM, user: USER } as unknown as Classes
    this.#goOn = goOn
  }

  /** Remembers them; one that is known lives as long as was said last. False where there is nothing to remember. */
  add(policy: Policy | null, things: readonly OwnedThing[]): boolean {
    if (policy === null || things.length === 0) return false
    const { id: tenant, region, jurisdiction } = policy.tenant
    const place = { id: tenant, generation: policy.generation, region, jurisdiction }
    for (const { kind, id, untilMs } of things) {
      const classOf: DurableObjectNamespace<Erasable> | undefined = this.#classes[kind]
      if (classOf !== undefined) this.#statements.put(kind, ownedStub(classOf, place, id).id.toString(), untilMs)
    }
    return true
  }

  /** Erases them. Rejects when one could not be, or where there are more than one call may erase: then it goes on soon. */
  async eraseAll(): Promise<void> {
    if (!(await this.#eraseSome())) return
    this.#goOn()
    throw new Error('there are more objects of the tenant')
  }

  /** Goes on with them; answers when to again, null when all are erased. */
  async eraseMore(): Promise<number | null> {
    return (await this.#eraseSome()) ? Date.now() : null
  }

  async #eraseSome(): Promise<boolean> {
    const rows = this.#statements.some(OWNED_ERASED_MAX)
    const erased = await Promise.allSettled(rows.map((row) => this.#erase(row)))
    const failed = erased.find(({ status }) => status === 'rejected')
    if (failed !== undefined) throw new Error('an object of the tenant could not be erased')
    return rows.length === OWNED_ERASED_MAX
  }

  /** Forgets those that have forgotten everything by themselves. True when some are left. */
  prune(nowMs: number): boolean {
    this.#statements.dropBefore(nowMs - OWNED_MARGIN_MS)
    return this.#statements.some(1).length > 0
  }

  async #erase({ kind, object }: OwnedRow): Promise<void> {
    const classOf = this.#classes[kind as OwnedKind]
    await classOf.get(classOf.idFromString(object)).erase()
    this.#statements.drop(kind, object)
  }
}

interface OwnedRow extends Record<string, SqlStorageValue> {
  kind: string
  object: string
}

function statements(sql: SqlStorage) {
  return {
    put: run<[string, string, number]>(sql, 'INSERT OR REPLACE INTO owned VALUES (?, ?, ?)'),
    some: all<OwnedRow, [number]>(sql, 'SELECT kind, object FROM owned LIMIT ?'),
    drop: run<[string, string]>(sql, 'DELETE FROM owned WHERE kind = ? AND object = ?'),
    dropBefore: run<[number]>(sql, 'DELETE FROM owned WHERE until_ms < ?'),
  }
}
