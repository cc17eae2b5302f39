/** Audit entries of a shard that the Directory has not seen yet: kept with what they are about, told until they arrive. */
import type { AuditEntry } from '../core/control.ts'
import { OUTBOX_BATCH_MAX } from '../core/limits.ts'
import { directoryStub } from '../lib/object-places.ts'
import { all, run } from './sql.ts'

export const AUDIT_SCHEMA = 'CREATE TABLE outbox (seq INTEGER PRIMARY KEY, entry TEXT NOT NULL);'

/** Only for an object that has its schema. */
export class AuditOutbox {
  readonly #statements: ReturnType<typeof statements>
  readonly #directory: Env['DIRECTORY']

  constructor(sql: SqlStorage, directory: Env['DIRECTORY']) {
    this.#statements = statements(sql)
    this.#directory = directory
  }

  get isEmpty(): boolean {
    return this.#statements.first(1).length === 0
  }

  enqueue(entry: AuditEntry): void {
    this.#statements.enqueue(JSON.stringify(entry))
  }

  /** Hands all entries to the Directory, which drops those it knows. Rejects when it cannot be reached. */
  async deliver(): Promise<void> {
    for (;;) {
      const rows = this.#statements.first(OUTBOX_BATCH_MAX)
      const last = rows.at(-1)
      if (last === undefined) return
      await directoryStub(this.#directory).appendAudit(rows.map(({ entry }) => JSON.parse(entry) as AuditEntry))
      this.#statements.delivered(last.seq)
    }
  }
}

function statements(sql: SqlStorage) {
  return {
    enqueue: run<[string]>(sql, 'INSERT INTO outbox (entry) VALUES (?)'),
    first: all<{ seq: number; entry: string }, [number]>(sql, 'SELECT seq, entry FROM outbox ORDER BY seq LIMIT ?'),
    delivered: run<[number]>(sql, 'DELETE FROM outbox WHERE seq <= ?'),
  }
}
