/** StreamObject: one per generation that may outlive its client, named `<tenant>.<generation>.<stream id>`. */

/*
 * It owns the call to the upstream and the events that came of it, and serves them to any number of readers: what is
 * there first, then live. The reply is made by what the edge makes any other with (`StreamTools.run`, bound by index.ts),
 * so that an object knows no stage. Events are in memory until they are sealed and kept, at most STREAM_FLUSH_MS later.
 * Eviction, or the death of the process, loses the upstream's call and what was not kept yet: `interrupted`.
 */
import { DurableObject } from 'cloudflare:workers'
import { isFailure, isIncomplete } from '../core/streams/events.ts'
import { STREAM_DESERTED_MS, STREAM_READERS_MAX } from '../core/streams/limits.ts'
import type { StreamAbout, StreamJob, StreamOpened, StreamState } from '../core/streams/types.ts'
import type { TenantPlace } from '../core/tenant.ts'
import type { WebhookDelivery, WebhookOutcome } from '../core/webhook.ts'
import { TIMERS_SCHEMA } from './alarms.ts'
import { migrate, schemaVersion } from './sql.ts'
import { StreamLog } from './stream-log.ts'
import { StreamReaders } from './stream-readers.ts'
import { type RunRow, STREAM_SCHEMA, type StreamRows } from './stream-rows.ts'
import { type EndStatus, StreamUpkeep } from './stream-upkeep.ts'
import { WEBHOOK_DELIVERIES_SCHEMA } from './webhook-deliveries.ts'

/** Append-only. */
const SCHEMA = [`${TIMERS_SCHEMA}; ${STREAM_SCHEMA}`, WEBHOOK_DELIVERIES_SCHEMA]

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

/** Under an idempotency key what failed is tried again; a meeting is over with its stream, once nobody reads it any more. */
function mayBeginAnew({ about, status, isForgotten }: RunRow, readers: number): boolean {
  if (status === 'running') return false
  if (isForgotten) return true
  return about.whenDeserted === 'cancel' ? readers === 0 : about.digest !== null && status !== 'finished'
}

const GONE: StreamOpened = { kind: 'dead' }

interface Live {
  readonly log: StreamLog
  readonly readers: StreamReaders
  readonly abort: AbortController | null
}

/** The class, over what it stands on. */
export function streamObject(toolsOf: (env: Env) => StreamTools) {
  return class StreamObject extends DurableObject<Env> {
    #stored: StreamUpkeep | null = null
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
      stored.die(run.about)
    }

    /** Begins the run (JSON of a StreamJob), or reads along where it has begun; resolves with the reply's head. */
    async start(text: string, reader: string): Promise<StreamOpened> {
      const begun = await this.#ensure(JSON.parse(text) as StreamJob)
      return begun === 'conflict' ? { kind: 'conflict' } : ((await this.#opened(-1, begun === 'known', reader)) ?? GONE)
    }

    /** As `start`, for whoever does not wait for an answer. False: the id is taken by another request. */
    async launch(text: string): Promise<boolean> {
      return (await this.#ensure(JSON.parse(text) as StreamJob)) !== 'conflict'
    }

    /** What comes after an event, and all that is still to come; -1: everything. Null: there is no such stream. */
    read(after: number): Promise<StreamOpened | null> {
      return this.#opened(after, true, crypto.randomUUID())
    }

    /** A reader has left, and its connection could not tell. */
    leave(reader: string): void {
      this.#live?.readers.leave(reader)
    }

    state(): StreamState | null {
      const run = this.#stored?.rows.run() ?? null
      if (run === null) return null
      const { about, status, endedAtMs, lastEvent } = run
      const webhook = this.#stored?.told() ?? []
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

    /** Forgets everything, at once: whoever waits or reads is let go. */
    async erase(): Promise<void> {
      const live = this.#live
      this.#live = null
      this.#stored?.stop()
      this.#stored = null
      live?.abort?.abort()
      live?.log.close()
      live?.readers.close()
      await this.ctx.storage.deleteAlarm()
      await this.ctx.storage.deleteAll()
    }

    override async alarm(): Promise<void> {
      const live = { isRunning: () => this.#live?.abort != null, readers: () => this.#live?.readers.count ?? 0 }
      const forgotten = await this.#stored?.fire(live)
      if (forgotten === 'everything') return this.erase()
      if (forgotten !== 'memory') return
      this.#live?.readers.close()
      this.#live = null
    }

    /** The run of a job: begun now, or known. */
    async #ensure(job: StreamJob): Promise<'begun' | 'known' | 'conflict'> {
      const known = this.#stored?.rows.run() ?? null
      if (known !== null) {
        const isOver = mayBeginAnew(known, this.#live?.readers.count ?? 0)
        if (known.about.digest !== job.digest && !(isOver && known.isForgotten)) return 'conflict'
        if (!isOver) return 'known'
        await this.#stored?.settle()
        // Somebody else may have begun it meanwhile.
        if (this.#stored?.rows.run()?.status === 'running') return this.#ensure(job)
        this.#live?.readers.close()
        this.#stored?.clear()
      }
      this.#begin(job)
      return 'begun'
    }

    /** Tables for webhooks are made where one is told: most streams are made without, and quickly. */
    #open(hasWebhook = false): StreamUpkeep {
      migrate(this.ctx.storage, hasWebhook ? SCHEMA : SCHEMA.slice(0, 1))
      this.#stored ??= new StreamUpkeep(this.ctx.storage, () => toolsOf(this.env))
      return this.#stored
    }

    #begin(job: StreamJob): void {
      const stored = this.#open(job.webhook !== null)
      const { rows } = stored
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
      stored.begin(about)
      const tools = toolsOf(this.env)
      const abort = new AbortController()
      const log = new StreamLog(rows, about, () => tools.sealer(place, cacheSecret))
      const readers = new StreamReaders(log, (count) => this.#left(count, job.whenDeserted))
      this.#live = { log, readers, abort }
      const run = log.fill(() => tools.run(job, abort.signal), abort.signal)
      this.ctx.waitUntil(run.then((status) => this.#end(status, log, about)))
    }

    /** All is kept: from here on the rows say how it ended. */
    #end(status: EndStatus, log: StreamLog, about: StreamAbout): void {
      if (this.#live?.log !== log) return
      const stored = this.#open()
      const last = log.lastText
      const ended = status === 'finished' && isFailure(last) ? 'failed' : status
      const finished = isIncomplete(last) ? 'incomplete' : 'completed'
      stored.over(about, ended, ended === 'finished' ? finished : ended, this.#live.readers.count > 0)
      this.#live = { ...this.#live, abort: null }
      log.close()
    }

    async #opened(after: number, isJoined: boolean, reader: string): Promise<StreamOpened | null> {
      const rows = this.#stored?.rows
      const run = rows?.run() ?? null
      if (rows === undefined || run === null || run.isForgotten) return null
      const { log, readers } = this.#live ?? this.#revive(rows, run)
      if (readers.count >= STREAM_READERS_MAX) return { kind: 'crowded' }
      readers.join(reader)
      const head = await log.head
      if (head === null) {
        readers.leave(reader)
        const status = this.#stored?.rows.run()?.status
        return status === 'cancelled' || status === 'failed' ? { kind: status } : GONE
      }
      const { readable, writable } = new IdentityTransformStream()
      const serving = readers.serve(reader, writable, log.isWhole ? -1 : after, (last) => this.#lastWords(log, last))
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

    /** A reader may have had more than was kept: numbers go on from there. Who has had these words has no need of them. */
    async #lastWords(log: StreamLog, last: number): Promise<string> {
      const run = this.#stored?.rows.run() ?? null
      if (log.isWhole || run === null || run.status === 'finished' || run.status === 'running') return ''
      if (run.status !== 'interrupted' && last > (log.last ?? -1)) return ''
      const sent = await log.ends()
      if (run.status === 'failed' && isFailure(sent.last)) return ''
      const words = toolsOf(this.env).lastWords(run.status, run.about, sent)
      return `id: ${run.about.id}:${Math.max(log.last ?? -1, last) + 1}\n${words}`
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
