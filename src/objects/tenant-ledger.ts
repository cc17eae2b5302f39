/** A tenant's ledger in its object: the rows that it is kept in, the calls that wait for their turn, and its timer. */
import type { Entry } from '../core/ledger/count.ts'
import { START } from '../core/ledger/estimates.ts'
import type { Journal, Reservation } from '../core/ledger/journal.ts'
import { Ledger } from '../core/ledger/ledger.ts'
import type {
  Ask,
  AskReply,
  Charge,
  Counter,
  Learned,
  LedgerView,
  SliceReport,
  Turn,
  Verdict,
} from '../core/ledger/types.ts'
import { LEDGER_MODELS_MAX, LEDGER_WAITERS_MAX } from '../core/limits.ts'
import type { UsageRecord } from '../core/usage-record.ts'
import { BoundedMap } from '../lib/bounded-map.ts'
import { all, first, run } from './sql.ts'

/**
 * `counts` holds what is settled, by the slot of its window (or the whole state of a paced limit); `reservations` what
 * is charged and not settled. Both together are the counts: a grant writes one row, a settlement moves it.
 */
export const LEDGER_SCHEMA = `
  CREATE TABLE counts (
    counter TEXT NOT NULL, slot INTEGER NOT NULL, units REAL NOT NULL, at_ms INTEGER NOT NULL,
    until_ms INTEGER NOT NULL, PRIMARY KEY (counter, slot)) WITHOUT ROWID;
  CREATE TABLE reservations (id TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE learned (model TEXT PRIMARY KEY, output_tokens REAL NOT NULL, bytes_per_token REAL NOT NULL) WITHOUT ROWID;`

const LOST: Turn = { kind: 'lost' }

/** The ledger of one tenant. Only for an object that has its schema. */
export class TenantLedger {
  readonly #storage: DurableObjectStorage
  readonly #statements: ReturnType<typeof statements>
  readonly #armReap: (atMs: number) => void
  /** Made from the rows when it is first needed, and again after a failed write: the rows are the truth. */
  #ledger: Ledger | null = null
  /** Calls that wait for their turn, and turns that came before their call. */
  readonly #calls = new Map<string, (turn: Turn) => void>()
  readonly #turns = new BoundedMap<string, Verdict>(LEDGER_WAITERS_MAX)
  /** Turns of the transaction that is open, told when it is done; null outside of one. */
  #told: [id: string, verdict: Verdict][] | null = null
  #wake: { readonly atMs: number; readonly timer: ReturnType<typeof setTimeout> } | null = null
  #reapAtMs = Number.POSITIVE_INFINITY

  /** `armReap` has `reap` called at a moment, also when the object is evicted before. */
  constructor(storage: DurableObjectStorage, armReap: (atMs: number) => void) {
    this.#storage = storage
    this.#statements = statements(storage.sql)
    this.#armReap = armReap
  }

  ask(ask: Ask): AskReply {
    const nowMs = Date.now()
    return this.#change((ledger) => {
      const reply = ledger.ask(ask, nowMs)
      // A waiter may be granted at any moment until its last; its reservation is due after that.
      const dueMs = nowMs + ask.lifeMs + (reply.kind === 'queued' ? ask.maxWaitMs : 0)
      if (reply.kind !== 'refused' && dueMs < this.#reapAtMs) {
        this.#reapAtMs = dueMs
        this.#armReap(dueMs)
      }
      return reply
    })
  }

  /** Resolves when a request that was queued is granted or refused. Of two calls for one request the first is over. */
  turn(id: string): Promise<Turn> {
    const verdict = this.#turns.get(id)
    this.#turns.delete(id)
    if (verdict !== undefined) return Promise.resolve(verdict)
    this.#end(id, LOST)
    if (!this.#open().isWaiting(id)) return Promise.resolve(LOST)
    return new Promise((resolve) => this.#calls.set(id, resolve))
  }

  withdraw(id: string): void {
    this.#turns.delete(id)
    this.#end(id, LOST)
    this.#change((ledger) => ledger.withdraw(id, Date.now()))
  }

  renew(ids: readonly string[]): void {
    this.#open().renew(ids, Date.now())
  }

  /**
   * All that `work` changes, here and in the object's other tables, or nothing of it. Only then is anybody told of their
   * turn. When it fails the rows win, and whoever waits asks again.
   */
  transaction<T>(work: () => T): T {
    if (this.#told !== null) return work()
    const told: [string, Verdict][] = []
    this.#told = told
    try {
      const result = this.#storage.transactionSync(work)
      for (const [id, verdict] of told) {
        if (!this.#end(id, verdict)) this.#turns.set(id, verdict)
      }
      return result
    } catch (error) {
      this.#ledger = null
      this.#reapAtMs = Number.POSITIVE_INFINITY
      this.close()
      throw error
    } finally {
      this.#told = null
    }
  }

  /** Settles rows that are new to the usage log; inside the transaction that keeps them. */
  settle(
    rows: readonly UsageRecord[],
    charges: Readonly<Record<string, Charge>>,
    slices: readonly SliceReport[],
  ): void {
    if (this.#ledger === null && this.#isEmpty() && Object.keys(charges).length === 0) return
    this.#change((ledger) => ledger.settle(rows, charges, slices, Date.now()))
  }

  /** Settles what nobody has; answers with the rows of those requests, and when to look again. */
  reap(): { rows: UsageRecord[]; nextMs: number | null } {
    const nowMs = Date.now()
    const rows = this.#change((ledger) => ledger.reap(nowMs))
    const nextMs = this.#open().nextReapMs()
    this.#reapAtMs = nextMs
    return { rows, nextMs: Number.isFinite(nextMs) ? nextMs : null }
  }

  view(counters: readonly Counter[]): LedgerView {
    return this.#open().view(counters, Date.now())
  }

  /** Forgets settled charges whose window is over. */
  prune(nowMs: number): void {
    this.#statements.dropCounts(nowMs)
  }

  /** Nobody waits here any more: who did asks again. */
  close(): void {
    if (this.#wake !== null) clearTimeout(this.#wake.timer)
    this.#wake = null
    for (const id of [...this.#calls.keys()]) this.#end(id, LOST)
  }

  /** Something may have become free: whoever can go now goes, and the timer is set for the next. */
  #walk(ledger: Ledger): void {
    const nowMs = Date.now()
    const againMs = ledger.walk(nowMs)
    if (this.#wake?.atMs === againMs) return
    if (this.#wake !== null) clearTimeout(this.#wake.timer)
    this.#wake = Number.isFinite(againMs)
      ? { atMs: againMs, timer: setTimeout(() => this.#woken(), Math.max(0, Math.ceil(againMs - nowMs))) }
      : null
  }

  #woken(): void {
    this.#wake = null
    this.#change(() => undefined)
  }

  #change<T>(action: (ledger: Ledger) => T): T {
    return this.transaction(() => {
      const ledger = this.#open()
      const result = action(ledger)
      this.#walk(ledger)
      return result
    })
  }

  /** Answers the call that waits for a request's turn; false where there is none. */
  #end(id: string, turn: Turn): boolean {
    const call = this.#calls.get(id)
    this.#calls.delete(id)
    call?.(turn)
    return call !== undefined
  }

  #open(): Ledger {
    this.#ledger ??= new Ledger(
      {
        journal: this.#journal(),
        newId: () => crypto.randomUUID(),
        onTurn: (id, verdict) => this.#told?.push([id, verdict]),
      },
      this.#statements.reservations().map(({ document }) => JSON.parse(document) as Reservation),
      Date.now(),
    )
    return this.#ledger
  }

  #isEmpty(): boolean {
    return this.#statements.anything() === undefined
  }

  #journal(): Journal {
    const { counts, add, put, keep, drop, learned, learn } = this.#statements
    // Asked for by every request.
    const cache = new BoundedMap<string, Learned>(LEDGER_MODELS_MAX)
    return {
      load: ({ id }) => counts(id).map(({ slot, units, at_ms }): Entry => ({ slot, units, atMs: at_ms })),
      add: ({ id }, { slot, units, atMs }, untilMs) => add(id, slot, units, atMs, untilMs),
      put: ({ id }, { slot, units, atMs }, untilMs) => put(id, slot, units, atMs, untilMs),
      keep: (reservation) => keep(reservation.id, JSON.stringify(reservation)),
      drop: (id) => drop(id),
      learned: (model) => {
        let known = cache.get(model)
        if (known === undefined) {
          const row = learned(model)
          known = row === undefined ? START : { outputTokens: row.output_tokens, bytesPerToken: row.bytes_per_token }
          cache.set(model, known)
        }
        return known
      },
      learn: (model, value) => {
        cache.set(model, value)
        learn(model, value.outputTokens, value.bytesPerToken)
      },
    }
  }
}

function statements(sql: SqlStorage) {
  type Count = [counter: string, slot: number, units: number, atMs: number, untilMs: number]
  return {
    counts: all<{ slot: number; units: number; at_ms: number }, [string]>(
      sql,
      'SELECT slot, units, at_ms FROM counts WHERE counter = ? ORDER BY slot',
    ),
    add: run<Count>(
      sql,
      `INSERT INTO counts VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET units = units + excluded.units,
        at_ms = max(at_ms, excluded.at_ms), until_ms = max(until_ms, excluded.until_ms)`,
    ),
    put: run<Count>(sql, 'INSERT OR REPLACE INTO counts VALUES (?, ?, ?, ?, ?)'),
    dropCounts: run<[number]>(sql, 'DELETE FROM counts WHERE until_ms < ?'),
    reservations: all<{ document: string }>(sql, 'SELECT document FROM reservations'),
    anything: first<{ id: string }>(sql, 'SELECT id FROM reservations LIMIT 1'),
    keep: run<[string, string]>(sql, 'INSERT OR REPLACE INTO reservations VALUES (?, ?)'),
    drop: run<[string]>(sql, 'DELETE FROM reservations WHERE id = ?'),
    learned: first<{ output_tokens: number; bytes_per_token: number }, [string]>(
      sql,
      'SELECT output_tokens, bytes_per_token FROM learned WHERE model = ?',
    ),
    learn: run<[string, number, number]>(sql, 'INSERT OR REPLACE INTO learned VALUES (?, ?, ?)'),
  }
}
