/** One alarm per object serves a small queue of named timers, which outlive eviction. */
import { TIMER_RETRY_MS } from '../core/limits.ts'
import { all, first, run } from './sql.ts'

/** The table it needs, for the schema of the object that uses it. */
export const TIMERS_SCHEMA = 'CREATE TABLE timers (name TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) WITHOUT ROWID'

/** Does what a timer is for; answers when to do it again, null for not at all. */
export type TimerAction = () => Promise<number | null> | number | null

/** The timers of one object. Only for an object that has its schema. */
export class Timers {
  readonly #storage: DurableObjectStorage
  readonly #statements: ReturnType<typeof statements>

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage
    this.#statements = statements(storage.sql)
  }

  /** Has a timer fire at this time, or earlier if it was to. Costs a write only where something changes. */
  arm(name: string, atMs: number): void {
    const armed = this.#statements.get(name)
    if (armed !== undefined && armed.at_ms <= atMs) return
    this.#statements.put(name, atMs)
    this.#schedule()
  }

  disarm(name: string): void {
    if (this.#statements.get(name) === undefined) return
    this.#statements.remove(name)
    this.#schedule()
  }

  /**
   * Called by the object's `alarm()`: runs what is due. A timer that fails, or dies with its process, comes again
   * after TIMER_RETRY_MS: the runtime alone would give an alarm up after six failures.
   */
  async fire(nowMs: number, actions: Readonly<Record<string, TimerAction>>): Promise<void> {
    const due = this.#statements.due(nowMs)
    const againMs = nowMs + TIMER_RETRY_MS
    for (const { name } of due) this.#statements.put(name, againMs)
    this.#schedule()
    for (const { name } of due) {
      const nextMs = await attempt(actions[name], againMs)
      const armed = this.#statements.get(name)
      if (armed !== undefined && armed.at_ms === againMs) {
        if (nextMs === null) this.#statements.remove(name)
        else this.#statements.put(name, nextMs)
      }
    }
    this.#schedule()
  }

  #schedule(): void {
    const next = this.#statements.next()
    // Part of the transaction that is open; the output gate holds replies until it is durable.
    if (next === undefined) void this.#storage.deleteAlarm()
    else void this.#storage.setAlarm(next.at_ms)
  }
}

/** A timer without an action is of an older build: it is forgotten. */
async function attempt(action: TimerAction | undefined, againMs: number): Promise<number | null> {
  try {
    return action === undefined ? null : await action()
  } catch {
    return againMs
  }
}

function statements(sql: SqlStorage) {
  return {
    get: first<{ at_ms: number }, [string]>(sql, 'SELECT at_ms FROM timers WHERE name = ?'),
    put: run<[string, number]>(sql, 'INSERT OR REPLACE INTO timers VALUES (?, ?)'),
    remove: run<[string]>(sql, 'DELETE FROM timers WHERE name = ?'),
    due: all<{ name: string }, [number]>(sql, 'SELECT name FROM timers WHERE at_ms <= ? ORDER BY at_ms'),
    next: first<{ at_ms: number }>(sql, 'SELECT at_ms FROM timers ORDER BY at_ms LIMIT 1'),
  }
}
