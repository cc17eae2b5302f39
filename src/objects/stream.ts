/** StreamObject: one per generation that may outlive its client, named `<tenant>.<generation>.<stream id>`. */

/*
 * It owns the call to the upstream and the events that came of it, and serves them to any number of readers: what is
 * there first, then live. The reply is made by what the edge makes any other with (`StreamTools.run`, bound by index.ts),
 * so that an object knows no stage. Events are in memory until they are sealed and kept, at most STREAM_FLUSH_MS later.
 * Eviction, or the death of the process, loses the upstream's call and what was not kept yet: `interrupted`.
 */
import { DurableObject } from 'cloudflare:workers'
import {
  STREAM_ABANDONED_MS,
  STREAM_BEAT_MS,
  STREAM_DESERTED_MS,
  STREAM_KEPT_MS,
  STREAM_READERS_MAX,
} from '../core/limits.ts'
import { isFailure, isIncomplete } from '../core/streams/events.ts'
import type { StreamAbout, StreamJob, StreamOpened, StreamState, StreamStatus } from '../core/streams/types.ts'
import type { TenantPlace } from '../core/tenant.ts'
import { endEvent, type WebhookDelivery, type WebhookOutcome } from '../core/webhook.ts'
import { TIMERS_SCHEMA, Timers } from './alarms.ts'
import { migrate, schemaVersion } from './sql.ts'
import { StreamLog } from './stream-log.ts'
import { StreamReaders, serveWhole } from './stream-readers.ts'
import { type RunRow, STREAM_SCHEMA, StreamRows } from './stream-rows.ts'
import { WEBHOOK_DELIVERIES_SCHEMA, WebhookDeliveries } from './webhook-deliveries.ts'

/** Append-only. */
const SCHEMA = [`${TIMERS_SCHEMA}; ${STREAM_SCHEMA} ${WEBHOOK_DELIVERIES_SCHEMA}`]

const BEAT = 'beat'
const EXPIRE = 'expire'
const SETTLE = 'settle'
const TELL = 'tell'

/** Seals and opens what is kept of one tenant's. */
export interface Sealer {
  seal(key: string, value: string): Promise<string>
  open(key: string, sealed: string): Promise<string>
}

/** What an object of this class stands on besides its storage. */
export interface StreamTools {
  /** Answers a request, as its client would see it. Aborting the signal is the client leaving. */
  run(job: StreamJob, signal: AbortSignal): Promise<Response>
  /** Accounts for a run that nobody saw the end of. Rejects to be called again. */
  settle(about: StreamAbout, events: number): Promise<void>
  /** Tells a receiver once; never rejects. */
  deliver(place: TenantPlace, delivery: WebhookDelivery): Promise<WebhookOutcome>
  sealer(place: TenantPlace, cacheSecret: StreamAbout['cacheSecret']): Promise<Sealer>
  /** The last event of a stream that did not come to its own end, in the words of its skin. */
  lastWords(
    status: 'cancelled' | 'failed' | 'interrupted',
    about: StreamAbout,
    sent: { first: string; last: string },
  ): string
}

/** A meeting is over with its stream, once nobody reads it any more; under an idempotency key what failed is tried again. */
function mayBeAskedAgain({ about, status }: RunRow, readers: number): boolean {
  if (status === 'running') return false
  return about.whenDeserted === 'cancel' ? readers === 0 : about.digest !== null && status !== 'finished'
}

interface Stored {
  readonly rows: StreamRows
  readonly timers: Timers
  readonly deliveries: WebhookDeliveries
}

interface Live {
  readonly log: StreamLog
  readonly readers: StreamReaders
  readonly abort: AbortController | null
}

/** The class, over what it stands on. */
export function streamObject(toolsOf: (env: Env) => StreamTools) {
  return class StreamObject extends DurableObject<Env> {
    #stored: Stored | null = null
    #live: Live | null = null
    #desertion: ReturnType<typeof setTimeout> | null = null

    constructor(ctx: DurableObjectState, env: Env) {
      super(ctx, env)
      // An object that stores nothing must not begin to because somebody asked it something.
      if (schemaVersion(ctx.storage.sql) === 0) return
      const stored = this.#open()
      const run = stored.rows.run()
      if (run?.status !== 'running') return
      // Whoever was running it is gone: only one is alive at a time, and it is this one.
      ctx.storage.transactionSync(() => {
        this.#over(stored, run.about, 'interrupted', STREAM_ABANDONED_MS)
        stored.timers.arm(SETTLE, Date.now())
      })
    }

    /** Begins the run (JSON of a StreamJob), or reads along where it has begun; resolves with the reply's head. */
    async start(text: string): Promise<StreamOpened> {
      const job = JSON.parse(text) as StreamJob
      const known = this.#stored?.rows.run() ?? null
      if (known !== null) {
        if (known.about.digest !== job.digest) return { kind: 'conflict' }
        // What failed may be asked again under the same key: that is what it is for.
        if (!mayBeAskedAgain(known, this.#live?.readers.count ?? 0))
          return (await this.#opened(-1, true)) ?? { kind: 'dead' }
        await this.erase()
      }
      this.#begin(job)
      return (await this.#opened(-1, false)) ?? { kind: 'dead' }
    }

    /** As `start`, for whoever does not wait for an answer. False: the id is taken by another request. */
    launch(text: string): boolean {
      const job = JSON.parse(text) as StreamJob
      const known = this.#stored?.rows.run() ?? null
      if (known !== null) return known.about.digest === job.digest
      this.#begin(job)
      return true
    }

    /** What comes after an event, and all that is still to come; -1: everything. Null: there is no such stream. */
    read(after: number): Promise<StreamOpened | null> {
      return this.#opened(after, true)
    }

    state(): StreamState | null {
      const run = this.#stored?.rows.run() ?? null
      if (run === null) return null
      const { about, status, endedAtMs, lastEvent } = run
      const webhook = this.#stored?.deliveries.deliveries() ?? []
      return {
        id: about.id,
        status,
        startedAtMs: about.startedAtMs,
        endedAtMs,
        lastEvent: this.#live?.log.last ?? lastEvent,
        webhook,
      }
    }

    /** Stops the upstream. Answers with how it stands then: what has ended stays as it is. */
    async cancel(): Promise<StreamState | null> {
      this.#live?.abort?.abort()
      await this.#live?.log.ended
      return this.state()
    }

    /** Forgets everything, at once. */
    async erase(): Promise<void> {
      this.#live?.abort?.abort()
      this.#live?.readers.close()
      this.#live = null
      this.#stored = null
      await this.ctx.storage.deleteAlarm()
      await this.ctx.storage.deleteAll()
    }

    override async alarm(): Promise<void> {
      await this.#stored?.timers.fire(Date.now(), {
        // Keeps the object in memory while its upstream is the only one that talks to it.
        [BEAT]: () => (this.#live?.abort == null ? null : Date.now() + STREAM_BEAT_MS),
        [SETTLE]: async () => {
          const run = this.#stored?.rows.run() ?? null
          if (run !== null) await toolsOf(this.env).settle(run.about, (run.lastEvent ?? -1) + 1)
          return null
        },
        [TELL]: () => this.#tellDue(),
        [EXPIRE]: () => this.#expire(),
      })
    }

    #open(): Stored {
      const { storage } = this.ctx
      migrate(storage, SCHEMA)
      const timers = new Timers(storage)
      const arm = (atMs: number): void => timers.arm(TELL, atMs)
      const deliveries = new WebhookDeliveries({ storage, now: Date.now, arm })
      this.#stored ??= { rows: new StreamRows(storage.sql), timers, deliveries }
      return this.#stored
    }

    /** It has ended so: what is to be told is on its way, and what is kept is kept for so long. */
    #over({ rows, timers, deliveries }: Stored, about: StreamAbout, status: StreamStatus, keptMs: number): void {
      const nowMs = Date.now()
      rows.end(status, nowMs)
      timers.disarm(BEAT)
      timers.arm(EXPIRE, nowMs + keptMs)
      if (about.webhook === null || status === 'running') return
      const isCutShort = status === 'finished' && isIncomplete(this.#live?.log.lastText ?? '')
      const ending = isCutShort ? 'incomplete' : status === 'finished' ? 'completed' : status
      const event = endEvent(about.isBackground ? 'response' : 'stream', about.id, ending, nowMs)
      deliveries.enqueue({ ...event, url: about.webhook }, nowMs)
    }

    async #tellDue(): Promise<number | null> {
      const stored = this.#stored
      const place = stored?.rows.run()?.about.place
      if (stored === null || place === undefined) return null
      return stored.deliveries.work((delivery) => toolsOf(this.env).deliver(place, delivery))
    }

    /** The events go; what was told of them stays for as long as its log is kept. */
    async #expire(): Promise<number | null> {
      const laterMs = this.#stored?.deliveries.nextMs() ?? null
      if (laterMs === null || laterMs <= Date.now()) await this.erase()
      else this.#stored?.rows.forget()
      this.#live?.readers.close()
      this.#live = null
      return laterMs !== null && laterMs > Date.now() ? laterMs : null
    }

    #begin(job: StreamJob): void {
      const { rows, timers } = this.#open()
      const { id, place, webhook, path, alias, requestId, startedAtMs, isBackground, keptMs, digest } = job
      const { cacheSecret } = job.caller
      const { whenDeserted } = job
      const told = {
        whenDeserted,
        webhook,
        id,
        place,
        path,
        alias,
        requestId,
        startedAtMs,
        isBackground,
        keptMs,
        digest,
      }
      const about: StreamAbout = { ...told, cacheSecret, key: job.caller.key.id, bodyChars: job.text.length }
      this.ctx.storage.transactionSync(() => {
        rows.begin(about)
        timers.arm(BEAT, Date.now() + STREAM_BEAT_MS)
      })
      const tools = toolsOf(this.env)
      const abort = new AbortController()
      const log = new StreamLog(rows, about, () => tools.sealer(place, cacheSecret))
      const readers = new StreamReaders(log, (count) => this.#left(count, job.whenDeserted))
      this.#live = { log, readers, abort }
      const run = log.fill(() => tools.run(job, abort.signal), abort.signal)
      this.ctx.waitUntil(run.then((status) => this.#end(status, log, about)))
    }

    /** All is kept: from here on the rows say how it ended. */
    #end(status: StreamStatus, log: StreamLog, about: StreamAbout): void {
      if (this.#live?.log !== log) return
      const stored = this.#open()
      const { readers } = this.#live
      const keptMs = about.keptMs ?? (readers.count === 0 ? STREAM_ABANDONED_MS : STREAM_KEPT_MS)
      const ended = status === 'finished' && isFailure(log.lastText) ? 'failed' : status
      this.ctx.storage.transactionSync(() => this.#over(stored, about, ended, keptMs))
      this.#live = { log, readers, abort: null }
      log.close()
    }

    async #opened(after: number, isJoined: boolean): Promise<StreamOpened | null> {
      const rows = this.#stored?.rows
      const run = rows?.run() ?? null
      if (rows === undefined || run === null || run.isForgotten) return null
      const live = this.#live ?? this.#revive(rows, run)
      const head = await live.log.head
      if (head === null) return { kind: 'dead' }
      if (live.readers.count >= STREAM_READERS_MAX) return { kind: 'crowded' }
      const { readable, writable } = new IdentityTransformStream()
      const serving = live.log.isWhole
        ? serveWhole(live.log, writable)
        : live.readers.serve(writable, after, () => this.#lastWords(live.log, after))
      this.ctx.waitUntil(serving)
      return { kind: 'open', ...head, body: readable, isJoined }
    }

    /** What was kept of a run that is over, for whoever reads it now. */
    #revive(rows: StreamRows, { about, head, lastEvent }: RunRow): Live {
      const log = new StreamLog(rows, about, () => toolsOf(this.env).sealer(about.place, about.cacheSecret))
      log.revive(head, lastEvent)
      this.#live = { log, readers: new StreamReaders(log, () => {}), abort: null }
      return this.#live
    }

    /** Nothing for whoever has had them: those go on after a number that no event has. */
    async #lastWords(log: StreamLog, after: number): Promise<string> {
      const run = after > (log.last ?? -1) ? null : (this.#stored?.rows.run() ?? null)
      if (run === null || run.status === 'finished' || run.status === 'running') return ''
      const sent = await log.ends()
      if (run.status === 'failed' && isFailure(sent.last)) return ''
      const words = toolsOf(this.env).lastWords(run.status, run.about, sent)
      return `id: ${run.about.id}:${(log.last ?? -1) + 1}\n${words}`
    }

    /** A reader has left: where nobody is left, and nobody comes soon, there is nobody to go on for. */
    #left(count: number, whenDeserted: StreamJob['whenDeserted']): void {
      if (whenDeserted === 'run' || count > 0 || this.#desertion !== null) return
      this.#desertion = setTimeout(() => {
        this.#desertion = null
        if (this.#live?.readers.count === 0) this.#live.abort?.abort()
      }, STREAM_DESERTED_MS)
    }
  }
}
