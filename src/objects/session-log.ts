/** What a session has kept: changed in transactions, each of which is told to who listens. */

import { eventText } from '../core/session/events.ts'
import {
  FEED_CHARS_MAX,
  HISTORY_CHARS_MAX,
  PROMPT_CACHE_MS,
  READ_CHARS_MAX,
  READ_ROWS_MAX,
  SESSION_CHARS_MAX,
  SESSION_ITEMS_MAX,
  SESSION_ROWS_MAX,
} from '../core/session/limits.ts'
import type {
  BeginAsk,
  Begun,
  EndAsk,
  ItemQuery,
  NewRow,
  RowKind,
  RowsPage,
  SealedSummary,
  SessionHead,
  SessionPolicy,
  SessionRow,
} from '../core/session/types.ts'
import { Timers } from './alarms.ts'
import { SessionFeed } from './session-feed.ts'
import { type AddedRow, SessionRecords } from './session-records.ts'

const EXPIRE = 'expire'
/** A timer that fired early comes again no sooner. */
const EXPIRE_AGAIN_MS = 1000

const MARK = { sealed: null, tokens: 0, ids: [] } as const

/** Only for an object that has the schema. It knows nothing of who runs a turn. */
export class SessionLog {
  readonly feed: SessionFeed
  readonly #records: SessionRecords
  readonly #timers: Timers
  readonly #storage: DurableObjectStorage
  readonly #tell: (text: () => string) => void

  /** `ttlMs`: of a session that is made with this. `tell` hears of every event. */
  constructor(storage: DurableObjectStorage, ttlMs: number, tell: (text: () => string) => void) {
    this.#storage = storage
    this.#records = new SessionRecords(storage.sql, () => freshState(ttlMs, Date.now()))
    this.#timers = new Timers(storage)
    this.#tell = tell
    this.feed = new SessionFeed((seq, count) => this.#records.after(seq, count, FEED_CHARS_MAX))
  }

  get birth(): string {
    return this.#records.state.birth
  }

  get version(): number {
    return this.#records.state.version
  }

  seqOf(name: string): number | null {
    return this.#records.seqOf(name)
  }

  head(): SessionHead {
    const { created_at_ms, birth, metadata, items, next_seq, last_status, last_at_ms } = this.#records.state
    const lastTurn = last_status === null ? null : { status: last_status, atMs: last_at_ms }
    return { createdAtMs: created_at_ms, birth, metadata, items, lastSeq: next_seq - 1, lastTurn }
  }

  setMetadata(metadata: string | null, policy: SessionPolicy): void {
    this.#change(policy, () => {
      this.#records.state.metadata = metadata
    })
  }

  /** What a turn begins with; or how often the same answer came, which is told once. */
  history({ known, tokensMax, policy }: BeginAsk): Extract<Begun, { kind: 'begun' | 'looping' }> {
    const { state } = this.#records
    if (policy.loopRepeats > 0 && state.run >= policy.loopRepeats) {
      const repeats = state.run
      this.#change(policy, () => {
        state.run = 0
      })
      return { kind: 'looping', repeats }
    }
    const isWarm = Date.now() - state.target_at_ms < PROMPT_CACHE_MS
    const knows = known !== null && known.birth === state.birth && known.epoch === state.epoch
    const summary = this.#records.summary()
    const fromSeq = Math.max(summary?.uptoSeq ?? 0, knows ? known.seq : 0)
    const { rows, hasOlder } = this.#records.newest(fromSeq, tokensMax, HISTORY_CHARS_MAX)
    return {
      kind: 'begun',
      version: state.version,
      preferredTarget: isWarm ? state.target : null,
      birth: state.birth,
      epoch: state.epoch,
      isWhole: !knows || hasOlder,
      rows,
      seq: state.next_seq - 1,
      fromSeq: this.#records.oldestSeq(),
      hasOlder,
      summary,
    }
  }

  /** Keeps a turn, and counts how often its answer came in a row. */
  keepTurn({ row, target, policy }: EndAsk): void {
    const { state } = this.#records
    this.#change(policy, () => {
      state.run = row.print === null ? 0 : row.print === state.print ? state.run + 1 : 1
      state.print = row.print
      state.last_status = 'finished'
      state.last_at_ms = Date.now()
      if (target !== null) {
        state.target = target
        state.target_at_ms = state.last_at_ms
      }
      state.version = this.#add('turn', row, row.clear)
      if (policy.loopRepeats > 0 && state.run === policy.loopRepeats)
        this.#add('loop', { ...MARK, name: `${row.name}:loop` }, null)
    })
  }

  /** Marks that a turn was not kept. */
  mark(name: string, status: 'broken' | 'cancelled', policy: SessionPolicy): void {
    const { state } = this.#records
    this.#change(policy, () => {
      state.last_status = status
      state.last_at_ms = Date.now()
      this.#add(status, { ...MARK, name }, null)
    })
  }

  append(kind: 'items' | 'message', row: NewRow, policy: SessionPolicy): number {
    return this.#change(policy, () => this.#add(kind, row, row.clear))
  }

  /** Takes an item out of its row: `left` is what stays of that, `mark` tells of it. Null: `epoch` is over. */
  removeItem(seq: number, epoch: number, left: NewRow | null, mark: NewRow, policy: SessionPolicy): number | null {
    const { state } = this.#records
    if (state.epoch !== epoch) return null
    return this.#change(policy, () => {
      this.#records.rewrite(seq, left ?? MARK)
      state.epoch += 1
      // It may quote what is to be gone.
      this.#records.clearSummary()
      return this.#add('deleted', { ...mark, ids: [] }, mark.clear)
    })
  }

  /** What stands for the oldest rows, if they are as `epoch` has them. */
  summarise(epoch: number, summary: SealedSummary): void {
    if (this.#records.state.epoch !== epoch || (this.#records.summary()?.uptoSeq ?? 0) >= summary.uptoSeq) return
    this.#storage.transactionSync(() => this.#records.setSummary(summary))
  }

  /** Rows that hold a page of items and one more, or as much of it as one read takes; null: no item to come after. */
  page(query: ItemQuery): RowsPage | null {
    return this.#records.page(query, READ_ROWS_MAX, READ_CHARS_MAX)
  }

  rowOf(itemId: string): { readonly row: SessionRow | null; readonly epoch: number } {
    return { row: this.#records.rowOf(itemId), epoch: this.#records.state.epoch }
  }

  /** Rows of any kind after one, oldest first, as many as one read takes. */
  after(seq: number): SessionRow[] {
    return this.#records.after(seq, READ_ROWS_MAX, READ_CHARS_MAX)
  }

  /** Called by the alarm. True: nobody has used it for so long that it is to be forgotten. */
  async isOver(isRunning: () => boolean): Promise<boolean> {
    let isOver = false
    await this.#timers.fire(Date.now(), {
      [EXPIRE]: () => {
        const { used_at_ms: usedAtMs, ttl_ms: ttlMs } = this.#records.state
        isOver = usedAtMs + ttlMs <= Date.now() && !isRunning()
        return isOver ? null : Math.max(usedAtMs + ttlMs, Date.now() + EXPIRE_AGAIN_MS)
      },
    })
    return isOver
  }

  /** Inside of `#change`. `clear`: what is told of its items. */
  #add(kind: RowKind, row: AddedRow, clear: string | null): number {
    const atMs = Date.now()
    const seq = this.#records.add(kind, row, atMs)
    this.#tell(() => eventText({ seq, kind, name: row.name, atMs }, clear))
    return seq
  }

  /** One transaction, and the session's time begins anew. */
  #change<R>({ ttlMs }: SessionPolicy, change: () => R): R {
    const { state } = this.#records
    const isFull = (): boolean =>
      state.items > SESSION_ITEMS_MAX || state.chars > SESSION_CHARS_MAX || state.rows > SESSION_ROWS_MAX
    const result = this.#storage.transactionSync(() => {
      const changed = change()
      state.used_at_ms = Date.now()
      state.ttl_ms = ttlMs
      this.#records.trim(() => !isFull())
      this.#records.save()
      this.#timers.arm(EXPIRE, state.used_at_ms + ttlMs)
      return changed
    })
    this.feed.wake()
    return result
  }
}

function freshState(ttlMs: number, nowMs: number): SessionRecords['state'] {
  return {
    birth: crypto.randomUUID(),
    created_at_ms: nowMs,
    metadata: null,
    ttl_ms: ttlMs,
    used_at_ms: nowMs,
    epoch: 1,
    next_seq: 1,
    version: 0,
    last_status: null,
    last_at_ms: 0,
    target: null,
    target_at_ms: 0,
    print: null,
    run: 0,
    rows: 0,
    items: 0,
    chars: 0,
  }
}
