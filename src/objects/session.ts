/** SessionObject: one per session, named `<tenant>.<generation>.<session id>`. */

/*
 * It keeps one conversation as a log of sealed rows, lets one turn at a time at it, and tells who listens of every row.
 * It is durable because isolates come and go between turns, and one because turns must not interleave. An object that
 * nobody has written to stores nothing, whatever it is asked. Eviction loses who runs a turn and who waits for one: the
 * session can then be used at once, and a turn that ends later is held to the version it began with.
 */
import { DurableObject } from 'cloudflare:workers'
import { REPLAY_CHARS_MAX, REPLAY_EVENTS_MAX, SESSION_ROW_CHARS_MAX } from '../core/session/limits.ts'
import { Turns } from '../core/session/turns.ts'
import type {
  Appended,
  BeginAsk,
  Begun,
  EndAsk,
  ItemQuery,
  NewRow,
  RowsPage,
  SealedSummary,
  SessionHead,
  SessionPolicy,
  SessionRow,
} from '../core/session/types.ts'
import { TIMERS_SCHEMA } from './alarms.ts'
import { SessionLog } from './session-log.ts'
import { SESSION_SCHEMA } from './session-records.ts'
import { SessionSockets } from './session-sockets.ts'
import { migrate, schemaVersion } from './sql.ts'

/** Append-only. */
const SCHEMA = [`${TIMERS_SCHEMA}; ${SESSION_SCHEMA}`]

export class SessionObject extends DurableObject<Env> {
  readonly #turns = new Turns()
  readonly #sockets: SessionSockets
  #log: SessionLog | null = null
  /** Of a tenant that is no more: what is told late is dropped. */
  #isErased = false
  #wake: { readonly atMs: number; readonly timer: ReturnType<typeof setTimeout> } | null = null

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#sockets = new SessionSockets(ctx)
    // An object that stores nothing must not begin to because somebody asked it something.
    if (schemaVersion(ctx.storage.sql) > 0) this.#open(0)
  }

  /** Makes the session, with items or without; false where there is one, or its tenant is no more. */
  create(metadata: string | null, row: NewRow | null, policy: SessionPolicy): boolean {
    if (this.#log !== null || this.#isErased) return false
    const log = this.#open(policy.ttlMs)
    log.setMetadata(metadata, policy)
    if (row !== null) log.append('items', row, policy)
    return true
  }

  /** Waits for its turn, if it may. Again with the same turn: the same answer. */
  async begin(ask: BeginAsk): Promise<Begun> {
    if (this.#isErased) return { kind: 'gone' }
    if (this.#log === null && !ask.create) return { kind: 'unknown' }
    const { promise, resolve } = Promise.withResolvers<boolean>()
    this.#turns.begin(ask.turnId, Date.now(), ask.waitMs, resolve)
    this.#schedule()
    if (!(await promise)) return { kind: this.#isErased ? 'gone' : 'busy' }
    const begun: Begun = this.#log?.history(ask) ?? (ask.create ? NOTHING_YET : { kind: 'unknown' })
    if (begun.kind !== 'begun') this.#release(ask.turnId)
    return begun
  }

  /** False: the session is another's, and this turn will not be kept. */
  renew(turnId: string): boolean {
    const isHeld = !this.#isErased && this.#turns.renew(turnId, Date.now())
    this.#schedule()
    return isHeld
  }

  /** Keeps a turn, if the session is as it was when it began. A turn that was kept before is kept once. */
  end(ask: EndAsk): 'kept' | 'stale' {
    const { turnId, version, birth, row, policy } = ask
    const isMine = this.#turns.has(turnId, Date.now())
    const isKept = isSeq(this.#log?.seqOf(row.name))
    const isSame = (this.#log?.version ?? 0) === version && this.#is(birth)
    const fits = isMine && isSame && !this.#isErased && row.sealed.length <= SESSION_ROW_CHARS_MAX
    if (!isKept && fits) (this.#log ?? this.#open(policy.ttlMs)).keepTurn(ask)
    this.#release(turnId)
    return isKept || fits ? 'kept' : 'stale'
  }

  /** A turn is over of which nothing is kept but that. Marks no session but the one that it began with. */
  abandon(turnId: string, birth: string, status: 'broken' | 'cancelled', policy: SessionPolicy): void {
    const name = `${turnId}:${status}`
    const isMine = this.#turns.has(turnId, Date.now()) && this.#is(birth) && !this.#isErased
    if (isMine && !isSeq(this.#log?.seqOf(name))) (this.#log ?? this.#open(policy.ttlMs)).mark(name, status, policy)
    this.#release(turnId)
  }

  /** Adds items that belong to no turn. Messages may come while one runs: they then stand before it. */
  append(kind: 'items' | 'message', row: NewRow, policy: SessionPolicy): Appended {
    if (this.#log === null || this.#isErased) return { kind: this.#isErased ? 'gone' : 'unknown' }
    const known = this.#log.seqOf(row.name)
    if (known !== null) return { kind: 'kept', seq: known }
    if (row.sealed.length > SESSION_ROW_CHARS_MAX) return { kind: 'too-large' }
    if (kind === 'items' && this.#turns.isRunning(Date.now())) return { kind: 'busy' }
    return { kind: 'kept', seq: this.#log.append(kind, row, policy) }
  }

  /** Takes an item out of its row, if that is as `epoch` has it; `left` is what stays of it, `mark` tells of it. */
  removeItem(seq: number, epoch: number, left: NewRow | null, mark: NewRow, policy: SessionPolicy): Appended {
    if (this.#log === null) return { kind: this.#isErased ? 'gone' : 'unknown' }
    if (this.#turns.isRunning(Date.now())) return { kind: 'busy' }
    const told = this.#log.removeItem(seq, epoch, left, mark, policy)
    return told === null ? { kind: 'stale' } : { kind: 'kept', seq: told }
  }

  /** What stands for the oldest rows from now on, if they are as `epoch` has them. */
  summarise(epoch: number, summary: SealedSummary): void {
    this.#log?.summarise(epoch, summary)
  }

  setMetadata(metadata: string | null, policy: SessionPolicy): SessionHead | null {
    this.#log?.setMetadata(metadata, policy)
    return this.head()
  }

  /** Null: there is no session. */
  head(): SessionHead | null {
    return this.#log?.head() ?? null
  }

  /** Rows that hold a page of items and one more, or some of it; null: no session. `no-item`: none to come after. */
  page(query: ItemQuery): RowsPage | 'no-item' | null {
    return this.#log === null ? null : (this.#log.page(query) ?? 'no-item')
  }

  /** The row of an item, and the epoch to name when it is changed; null: no session. */
  rowOf(itemId: string): { readonly row: SessionRow | null; readonly epoch: number } | null {
    return this.#log?.rowOf(itemId) ?? null
  }

  /** A stream of what is told from `after` on: see SessionFeed. Null: no session; `full`: too many readers. */
  listen(after: number): ReadableStream<Uint8Array> | 'full' | null {
    return this.#log === null ? null : (this.#log.feed.open(after) ?? 'full')
  }

  /**
   * Holds what a socket missed, opened by who brings it, until the socket is here; answers with rows after `after` that
   * it does not know of: bring those, too. `full`: too many sockets, or too much to replay.
   */
  hold(ticket: string, after: number, texts: readonly string[]): SessionRow[] | 'held' | 'full' | null {
    if (this.#log === null) return null
    const chars = texts.reduce((sum, text) => sum + text.length, 0)
    if (texts.length > REPLAY_EVENTS_MAX || chars > REPLAY_CHARS_MAX) return 'full'
    const rows = this.#log.after(after)
    if (rows.length > 0) return rows
    return this.#sockets.hold(ticket, texts, Date.now()) ? 'held' : 'full'
  }

  /** Takes a WebSocket in, whose replay is held under the ticket that is its path. */
  override fetch(request: Request): Response {
    return this.#sockets.accept(new URL(request.url).pathname.slice(1), Date.now())
  }

  /** What clients say here is nothing to anybody; that they say `ping` the runtime hears. */
  override webSocketMessage(): void {}

  /** False: there was none. */
  async delete(): Promise<boolean> {
    const was = this.#log !== null
    this.#turns.close()
    this.#schedule()
    await this.#forget('deleted')
    return was
  }

  /** For good: its tenant is no more. */
  async erase(): Promise<void> {
    this.#isErased = true
    await this.delete()
  }

  override async alarm(): Promise<void> {
    if (await this.#log?.isOver(() => this.#turns.isRunning(Date.now()))) await this.#forget('expired')
  }

  #open(ttlMs: number): SessionLog {
    const { storage } = this.ctx
    migrate(storage, SCHEMA)
    this.#log = new SessionLog(storage, ttlMs, (text) => {
      if (this.#sockets.isHeard) this.#sockets.tell(text())
    })
    return this.#log
  }

  async #forget(reason: string): Promise<void> {
    this.#sockets.close(reason)
    if (this.#log === null) return
    this.#log.feed.close()
    this.#log = null
    await this.ctx.storage.deleteAll()
  }

  /** Is it the session that a turn began with? '' of one that was not there. */
  #is(birth: string): boolean {
    return birth === '' || birth === this.#log?.birth
  }

  #release(turnId: string): void {
    this.#turns.release(turnId, Date.now())
    this.#schedule()
  }

  /** While somebody waits, a timer takes turns that are not heard of for dead. */
  #schedule(): void {
    const atMs = this.#turns.nextMs()
    if (this.#wake?.atMs === atMs) return
    if (this.#wake !== null) clearTimeout(this.#wake.timer)
    const wake = (): void => {
      this.#wake = null
      this.#turns.expire(Date.now())
      this.#schedule()
    }
    this.#wake = Number.isFinite(atMs) ? { atMs, timer: setTimeout(wake, Math.max(0, atMs - Date.now())) } : null
  }
}

const isSeq = (seq: number | null | undefined): boolean => typeof seq === 'number'

/** What a turn begins with that will make the session. */
const NOTHING_YET: Begun = {
  kind: 'begun',
  version: 0,
  preferredTarget: null,
  birth: '',
  epoch: 0,
  isWhole: true,
  rows: [],
  seq: 0,
  fromSeq: 0,
  hasOlder: false,
  summary: null,
}
