/** ResponseObject: one per response that is kept, named `<tenant>.<generation>.<response id>`. */

/*
 * It coordinates nothing: it holds one sealed record, in parts that can be read one by one, until its time is over. An
 * object that was told of none stores nothing, whatever it is asked. Eviction loses nothing.
 */
import { DurableObject } from 'cloudflare:workers'
import { SEALED_CHUNK_CHARS } from '../core/limits.ts'
import { TIMERS_SCHEMA, Timers } from './alarms.ts'
import { all, first, migrate, run, schemaVersion } from './sql.ts'

/** Append-only. A part is cut into chunks: a stored value may have 2 MB. `record` has one row. */
const SCHEMA = [
  `${TIMERS_SCHEMA};
  CREATE TABLE record (until_ms INTEGER NOT NULL);
  CREATE TABLE chunks (part TEXT NOT NULL, at INTEGER NOT NULL, sealed TEXT NOT NULL, PRIMARY KEY (part, at));`,
]

const EXPIRE = 'expire'

/** Sealed texts by their names. */
export type SealedParts = Readonly<Record<string, string>>

interface Stored {
  readonly statements: ReturnType<typeof statements>
  readonly timers: Timers
}

export class ResponseObject extends DurableObject<Env> {
  #stored: Stored | null = null
  /** Of a tenant that is no more: what is told late is dropped. */
  #isErased = false

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    if (schemaVersion(ctx.storage.sql) > 0) this.#open()
  }

  /** Keeps a record for so long, in the place of whatever was kept; answers when it is durable. */
  put(parts: SealedParts, keptMs: number): void {
    if (this.#isErased) return
    const untilMs = Date.now() + keptMs
    const { statements, timers } = this.#stored ?? this.#open()
    this.ctx.storage.transactionSync(() => {
      statements.dropChunks()
      statements.dropRecord()
      statements.putRecord(untilMs)
      for (const [part, sealed] of Object.entries(parts))
        for (let at = 0; at < sealed.length; at += SEALED_CHUNK_CHARS)
          statements.putChunk(part, at, sealed.slice(at, at + SEALED_CHUNK_CHARS))
    })
    timers.disarm(EXPIRE)
    timers.arm(EXPIRE, untilMs)
  }

  /** The parts of these names; null where nothing is kept, or no longer. */
  get(names: readonly string[]): SealedParts | null {
    const untilMs = this.#stored?.statements.record()?.until_ms
    if (this.#stored === null || untilMs === undefined || untilMs <= Date.now()) return null
    const { statements } = this.#stored
    const textOf = (name: string): string =>
      statements
        .chunks(name)
        .map(({ sealed }) => sealed)
        .join('')
    return Object.fromEntries(names.map((name) => [name, textOf(name)]))
  }

  /** False when there was nothing. */
  async delete(): Promise<boolean> {
    const wasKept = this.get([]) !== null
    await this.#forget()
    return wasKept
  }

  /** For good: its tenant is no more. */
  async erase(): Promise<void> {
    this.#isErased = true
    await this.#forget()
  }

  override async alarm(): Promise<void> {
    if ((this.#stored?.statements.record()?.until_ms ?? 0) <= Date.now()) await this.#forget()
    else await this.#stored?.timers.fire(Date.now(), {})
  }

  #open(): Stored {
    const { storage } = this.ctx
    migrate(storage, SCHEMA)
    this.#stored = { statements: statements(storage.sql), timers: new Timers(storage) }
    return this.#stored
  }

  async #forget(): Promise<void> {
    if (this.#stored === null) return
    this.#stored = null
    await this.ctx.storage.deleteAll()
  }
}

function statements(sql: SqlStorage) {
  return {
    record: first<{ until_ms: number }>(sql, 'SELECT until_ms FROM record'),
    putRecord: run<[number]>(sql, 'INSERT INTO record VALUES (?)'),
    dropRecord: run(sql, 'DELETE FROM record'),
    chunks: all<{ sealed: string }, [string]>(sql, 'SELECT sealed FROM chunks WHERE part = ? ORDER BY at'),
    putChunk: run<[string, number, string]>(sql, 'INSERT INTO chunks VALUES (?, ?, ?)'),
    dropChunks: run(sql, 'DELETE FROM chunks'),
  }
}
