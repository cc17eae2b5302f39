/** What a stream's object has stored, and what it does about it by itself: beats, settles, tells of its end, and forgets. */
import { STREAM_ABANDONED_MS, STREAM_BEAT_MS, STREAM_KEPT_MS, STREAM_READ_MS_MAX } from '../core/streams/limits.ts'
import type { StreamAbout, StreamStatus } from '../core/streams/types.ts'
import { endEvent, type WebhookEnding, type WebhookReport } from '../core/webhook.ts'
import { Timers } from './alarms.ts'
import { schemaVersion } from './sql.ts'
import type { StreamTools } from './stream.ts'
import { StreamRows } from './stream-rows.ts'
import { WebhookDeliveries } from './webhook-deliveries.ts'

const BEAT = 'beat'
const EXPIRE = 'expire'
const SETTLE = 'settle'
const TELL = 'tell'

/** How a run can end. */
export type EndStatus = Exclude<StreamStatus, 'running'>

/** What is in memory of a run. */
export interface Awake {
  readonly isRunning: () => boolean
  /** How many read it, or wait to. */
  readonly readers: () => number
}

/** What is to be forgotten: nothing, what is in memory, or everything. */
export type Forgotten = 'nothing' | 'memory' | 'everything'

/** The stored part of one stream. Only for an object that has its schema. */
export class StreamUpkeep {
  readonly #storage: DurableObjectStorage
  readonly #tools: () => StreamTools
  readonly #timers: Timers
  readonly rows: StreamRows
  readonly deliveries: WebhookDeliveries
  #beatTimer: ReturnType<typeof setTimeout> | null = null

  constructor(storage: DurableObjectStorage, tools: () => StreamTools) {
    this.#storage = storage
    this.#tools = tools
    this.#timers = new Timers(storage)
    this.rows = new StreamRows(storage.sql)
    const arm = (atMs: number): void => this.#timers.arm(TELL, atMs)
    this.deliveries = new WebhookDeliveries({ storage, now: Date.now, arm })
  }

  begin(about: StreamAbout): void {
    this.rows.begin(about)
    // Most streams are over by then, and need no alarm for it.
    this.#beatTimer = setTimeout(() => this.#timers.arm(BEAT, Date.now()), STREAM_BEAT_MS)
  }

  /** It has ended so: what is to be told is on its way, and what is kept is kept for so long. */
  over(about: StreamAbout, status: EndStatus, ending: WebhookEnding, isRead: boolean): void {
    const nowMs = Date.now()
    this.stop()
    this.#storage.transactionSync(() => {
      this.rows.end(status, nowMs)
      this.#timers.disarm(BEAT)
      this.#timers.arm(EXPIRE, nowMs + (about.keptMs ?? (isRead ? STREAM_KEPT_MS : STREAM_ABANDONED_MS)))
      if (about.webhook === null) return
      const event = endEvent(about.isBackground ? 'response' : 'stream', about.id, ending, nowMs)
      this.deliveries.enqueue({ ...event, url: about.webhook }, nowMs)
    })
  }

  /** Nothing is to be done by itself any more. */
  stop(): void {
    if (this.#beatTimer !== null) clearTimeout(this.#beatTimer)
    this.#beatTimer = null
  }

  /** Its process has died over it. */
  die(about: StreamAbout): void {
    this.#storage.transactionSync(() => {
      this.over(about, 'interrupted', 'interrupted', false)
      this.#timers.arm(SETTLE, Date.now())
    })
  }

  /** Accounts for a run that died with its process, if this is one. Rejects where that cannot be done now. */
  async settle(): Promise<void> {
    const run = this.rows.run()
    if (run?.status === 'interrupted') await this.#tools().settle(run.about, (run.lastEvent ?? -1) + 1)
    this.#timers.disarm(SETTLE)
  }

  /** Drops the run: another may begin. What was told of its end stays on its way. */
  clear(): void {
    this.#storage.transactionSync(() => {
      this.rows.clear()
      this.#timers.disarm(EXPIRE)
    })
  }

  /** What the object's alarm is for; answers with what is to be forgotten then. */
  async fire(awake: Awake): Promise<Forgotten> {
    let forgotten: Forgotten = 'nothing'
    await this.#timers.fire(Date.now(), {
      // Keeps the object in memory while its upstream is the only one that talks to it.
      [BEAT]: () => (awake.isRunning() ? Date.now() + STREAM_BEAT_MS : null),
      [SETTLE]: async () => {
        await this.settle()
        return null
      },
      [TELL]: () => this.#tellDue(),
      [EXPIRE]: () => {
        const expired = this.#expire(awake)
        forgotten = expired.forgotten
        return expired.againMs
      },
    })
    return forgotten
  }

  /** What became of telling its end. */
  told(): WebhookReport[] {
    return this.#hasWebhook ? this.deliveries.deliveries() : []
  }

  get #hasWebhook(): boolean {
    return schemaVersion(this.#storage.sql) > 1
  }

  async #tellDue(): Promise<number | null> {
    const place = this.rows.run()?.about.place
    return place === undefined ? null : this.deliveries.work((delivery) => this.#tools().deliver(place, delivery))
  }

  /**
   * Its time is over, but for whoever reads it still; and what was told of its end stays for as long as that log is kept.
   * Not erased from within the timers: they are still to be written.
   */
  #expire({ readers }: Awake): { readonly forgotten: Forgotten; readonly againMs: number | null } {
    const nowMs = Date.now()
    const endedAtMs = this.rows.run()?.endedAtMs ?? 0
    if (readers() > 0 && nowMs < endedAtMs + STREAM_READ_MS_MAX)
      return { forgotten: 'nothing', againMs: nowMs + STREAM_BEAT_MS }
    const laterMs = this.#hasWebhook ? this.deliveries.nextMs() : null
    if (laterMs === null || laterMs <= nowMs) return { forgotten: 'everything', againMs: null }
    this.rows.forget()
    return { forgotten: 'memory', againMs: laterMs }
  }
}
