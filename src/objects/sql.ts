/** Typed SQL statements, and schemas that grow by append-only steps. */

type Value = ArrayBuffer | string | number | null
type Row = Record<string, SqlStorageValue>

/** A statement that answers with all its rows. The runtime keeps the compiled form by its text. */
export function all<R extends Row, P extends Value[] = []>(sql: SqlStorage, text: string): (...values: P) => R[] {
  return (...values) => sql.exec<R>(text, ...values).toArray()
}

/** A statement that answers with its first row. */
export function first<R extends Row, P extends Value[] = []>(
  sql: SqlStorage,
  text: string,
): (...values: P) => R | undefined {
  return (...values) => sql.exec<R>(text, ...values).next().value
}

/** A statement that answers with its rows one by one; they must be read before the next `await`. */
export function each<R extends Row, P extends Value[] = []>(
  sql: SqlStorage,
  text: string,
): (...values: P) => Iterable<R> {
  return (...values) => sql.exec<R>(text, ...values)
}

/** A statement that answers with nothing. */
export function run<P extends Value[] = []>(sql: SqlStorage, text: string): (...values: P) => void {
  return (...values) => {
    sql.exec(text, ...values)
  }
}

/** How many steps of its schema an object has taken; 0 for one that stores nothing. Writes nothing. */
export function schemaVersion(sql: SqlStorage): number {
  const [table] = sql.exec("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'")
  if (table === undefined) return 0
  return sql.exec<{ version: number }>('SELECT version FROM schema_version').one().version
}

/**
 * Takes the steps of a schema that an object has not taken yet, all or none. Steps are append-only: what is deployed
 * somewhere is never edited, a change is a new step.
 */
export function migrate(storage: DurableObjectStorage, steps: readonly string[]): void {
  const { sql } = storage
  const version = schemaVersion(sql)
  if (version >= steps.length) return
  storage.transactionSync(() => {
    if (version === 0) {
      sql.exec('CREATE TABLE schema_version (version INTEGER NOT NULL)')
      sql.exec('INSERT INTO schema_version VALUES (0)')
    }
    for (const step of steps.slice(version)) sql.exec(step)
    sql.exec('UPDATE schema_version SET version = ?', steps.length)
  })
}
