/** Events on their way to receivers, inside the object whose end they tell of: tried again by its alarm, and their log. */
import {
  standingAfter,
  type WebhookAttempt,
  type WebhookDelivery,
  type WebhookFailure,
  type WebhookOutcome,
  type WebhookReport,
  type WebhookStanding,
} from '../core/webhook.ts'
import { WEBHOOK_DELIVERIES_MAX, WEBHOOK_LOG_MS } from '../core/webhook-limits.ts'
import { all, first, run } from './sql.ts'

/** The tables it needs, a step of the schema of the object that uses it. `due_ms` is null, and `ended_ms` not, at its end. */
export const WEBHOOK_DELIVERIES_SCHEMA = `
  CREATE TABLE webhook_deliveries (
    id TEXT PRIMARY KEY, url TEXT NOT NULL, body TEXT NOT NULL, enqueued_ms INTEGER NOT NULL, state TEXT NOT NULL,
    due_ms INTEGER, ended_ms INTEGER) WITHOUT ROWID;
  CREATE TABLE webhook_attempts (
    seq INTEGER PRIMARY KEY, delivery TEXT NOT NULL, at_ms INTEGER NOT NULL, status INTEGER, failure TEXT,
    ms INTEGER NOT NULL);`

/** Signs and sends once; never rejects. Who uses it knows vault and network, this object does not. */
export type Deliver = (delivery: WebhookDelivery) => Promise<WebhookOutcome>

/** What the deliveries of an object stand on. */
export interface DeliveryTools {
  readonly storage: DurableObjectStorage
  /** ms since the epoch. */
  readonly now: () => number
  /** Has `work` called then, by a timer of the object's. */
  readonly arm: (atMs: number) => void
}

interface DeliveryRow extends Record<string, SqlStorageValue> {
  id: string
  url: string
  body: string
  enqueued_ms: number
  state: string
  due_ms: number | null
}

interface AttemptRow extends Record<string, SqlStorageValue> {
  at_ms: number
  status: number | null
  failure: string | null
  ms: number
}

/** The deliveries of one object. Only for an object that has its schema. */
export class WebhookDeliveries {
  readonly #tools: DeliveryTools
  readonly #statements: ReturnType<typeof statements>

  constructor(tools: DeliveryTools) {
    this.#tools = tools
    this.#statements = statements(tools.storage.sql)
  }

  /** Has an event delivered from `atMs` on. An id that is known is on its way already, or was. False: no room. */
  enqueue({ id, url, body }: WebhookDelivery, atMs: number): boolean {
    if (this.#statements.get(id) !== undefined) return true
    if (this.#statements.list().length >= WEBHOOK_DELIVERIES_MAX) return false
    this.#statements.insert(id, url, body, this.#tools.now(), atMs)
    this.#tools.arm(atMs)
    return true
  }

  /** Makes the attempts that are due, side by side, and forgets what is over for long. Answers when to be called again. */
  async work(deliver: Deliver): Promise<number | null> {
    const { now } = this.#tools
    await Promise.all(this.#statements.due(now()).map((row) => this.#attempt(row, deliver)))
    this.#prune(now() - WEBHOOK_LOG_MS)
    return this.nextMs()
  }

  /** When there is something to do: the next attempt, or a log that is over; null for never. */
  nextMs(): number | null {
    const { due_ms: dueMs, ended_ms: endedMs } = this.#statements.next() ?? { due_ms: null, ended_ms: null }
    const times = [dueMs, endedMs === null ? null : endedMs + WEBHOOK_LOG_MS].filter((ms) => ms !== null)
    return times.length === 0 ? null : Math.min(...times)
  }

  /** Is anything still to be delivered? Whoever would forget the object waits until nothing is. */
  isPending(): boolean {
    return (this.#statements.next()?.due_ms ?? null) !== null
  }

  /** What became of every event, oldest first. */
  deliveries(): WebhookReport[] {
    return this.#statements.list().map(({ id, url, state, due_ms: dueMs }) => ({
      id,
      host: URL.parse(url)?.host ?? '',
      state: state as WebhookReport['state'],
      nextAt: dueMs === null ? null : isoAt(dueMs),
      attempts: this.#statements.attempts(id).map(attemptOf),
    }))
  }

  async #attempt(row: DeliveryRow, deliver: Deliver): Promise<void> {
    const { storage, now } = this.#tools
    const { id, url, body } = row
    const beganMs = now()
    const count = this.#statements.attempts(id).length + 1
    const standing = (outcome: WebhookOutcome): WebhookStanding =>
      standingAfter({ id, enqueuedMs: row.enqueued_ms }, count, outcome, now())
    // Written before it is made: should the process die over it, it has counted, and is not repeated at once for ever.
    const seq = storage.transactionSync(() => {
      this.#stand(id, standing({ failure: 'interrupted' }))
      return this.#statements.begin(id, beganMs, 'interrupted')?.seq ?? 0
    })
    const outcome = await deliver({ id, url, body })
    storage.transactionSync(() => {
      this.#stand(id, standing(outcome))
      const [status, failure] = 'status' in outcome ? [outcome.status, null] : [null, outcome.failure]
      this.#statements.end(status, failure, now() - beganMs, seq)
    })
  }

  #stand(id: string, standing: WebhookStanding): void {
    if (standing.state === 'pending') this.#statements.stand('pending', standing.dueMs, null, id)
    else this.#statements.stand(standing.state, null, this.#tools.now(), id)
  }

  #prune(endedBeforeMs: number): void {
    this.#tools.storage.transactionSync(() => {
      this.#statements.pruneAttempts(endedBeforeMs)
      this.#statements.prune(endedBeforeMs)
    })
  }
}

const isoAt = (ms: number): string => new Date(ms).toISOString()

function attemptOf({ at_ms: atMs, status, failure, ms }: AttemptRow): WebhookAttempt {
  return { at: isoAt(atMs), status, failure: failure as WebhookFailure | null, ms }
}

function statements(sql: SqlStorage) {
  return {
    get: first<{ id: string }, [string]>(sql, 'SELECT id FROM webhook_deliveries WHERE id = ?'),
    list: all<DeliveryRow>(sql, 'SELECT * FROM webhook_deliveries ORDER BY enqueued_ms, id'),
    insert: run<[string, string, string, number, number]>(
      sql,
      "INSERT INTO webhook_deliveries VALUES (?, ?, ?, ?, 'pending', ?, NULL)",
    ),
    due: all<DeliveryRow, [number]>(sql, 'SELECT * FROM webhook_deliveries WHERE due_ms <= ? ORDER BY due_ms'),
    next: first<{ due_ms: number | null; ended_ms: number | null }>(
      sql,
      'SELECT min(due_ms) AS due_ms, min(ended_ms) AS ended_ms FROM webhook_deliveries',
    ),
    stand: run<[string, number | null, number | null, string]>(
      sql,
      'UPDATE webhook_deliveries SET state = ?, due_ms = ?, ended_ms = ? WHERE id = ?',
    ),
    attempts: all<AttemptRow, [string]>(sql, 'SELECT * FROM webhook_attempts WHERE delivery = ? ORDER BY seq'),
    begin: first<{ seq: number }, [string, number, string]>(
      sql,
      'INSERT INTO webhook_attempts (delivery, at_ms, failure, ms) VALUES (?, ?, ?, 0) RETURNING seq',
    ),
    end: run<[number | null, string | null, number, number]>(
      sql,
      'UPDATE webhook_attempts SET status = ?, failure = ?, ms = ? WHERE seq = ?',
    ),
    pruneAttempts: run<[number]>(
      sql,
      'DELETE FROM webhook_attempts WHERE delivery IN (SELECT id FROM webhook_deliveries WHERE ended_ms <= ?)',
    ),
    prune: run<[number]>(sql, 'DELETE FROM webhook_deliveries WHERE ended_ms <= ?'),
  }
}
