/** PoolObject: one per origin pool, named after its provider. */

/*
 * It decides which replica gets which request: one object sees all of a pool's traffic, because schedulers that each see
 * a part of it send their prompts wherever their neighbours did not (ALGORITHMS: 2.75 s against 0.6 s to the first token).
 * It is asked before each attempt and told afterwards; no byte of an answer passes through it, but for workers that have
 * dialled in. What it knows is in memory: eviction loses index, queue and counts, isolates tell what they hold when they
 * see another epoch, and the rest comes again with traffic and probes. Only workers' tokens are kept.
 */
import { DurableObject } from 'cloudflare:workers'
import type { PoolConfig, ReplicaConfig } from '../core/config.ts'
import type { AuditEntry } from '../core/control.ts'
import type { EngineMetrics, ProbeResult } from '../core/pool/engine-metrics.ts'
import { POOL_BLOCK_TOKENS, POOL_PROBE_TRAFFIC_MS, POOL_PROBES_MAX } from '../core/pool/line-limits.ts'
import { Scheduler } from '../core/pool/scheduler.ts'
import type {
  Choice,
  PoolEvent,
  PoolLease,
  PoolReplica,
  PoolRequest,
  PoolRules,
  PoolScheduler,
  Turn,
} from '../core/pool/types.ts'
import { WORKER_PATH } from '../core/pool/worker-entry.ts'
import type { WorkerToken } from '../core/pool/worker-tokens.ts'
import { directoryStub } from '../lib/object-places.ts'
import { TIMERS_SCHEMA, Timers } from './alarms.ts'
import { letWorkerIn } from './pool-entry.ts'
import { lostReply } from './pool-stream.ts'
import { POOL_TOKENS_SCHEMA, PoolTokens } from './pool-tokens.ts'
import { PoolWaiters } from './pool-waiters.ts'
import { PoolWorkers } from './pool-workers.ts'
import { migrate, schemaVersion } from './sql.ts'

/** Append-only. */
const SCHEMA = [`${TIMERS_SCHEMA}; ${POOL_TOKENS_SCHEMA}`]

const PROBE = 'probe'
const DELIVER = 'deliver'
/** Below it, each worker's own address: what is fetched there goes to that one. */
const SERVE = /^\/serve\/([^/]+)(\/.*)?$/

/** What an object of this class stands on. */
export interface PoolTools {
  /** The pool as the config has it now; null: there is none of that name. At once where it is known. */
  settings(pool: string): PoolConfig | null | Promise<PoolConfig | null>
  /** Never rejects. */
  probe(pool: string, replica: ReplicaConfig): Promise<ProbeResult>
}

/** What an acquire says besides its blocks, in JSON: text crosses for less than its clone. */
export interface AcquireText {
  readonly request: Omit<PoolRequest, 'blocks'>
  readonly events: readonly PoolEvent[]
  readonly isExplained: boolean
}

interface Open {
  readonly name: string
  readonly scheduler: PoolScheduler
  config: PoolConfig
}

/** The class, over what it stands on. */
export function poolObject(toolsOf: (env: Env) => PoolTools) {
  return class PoolObject extends DurableObject<Env> {
    readonly #epoch = crypto.randomUUID()
    readonly #waiters = new PoolWaiters()
    readonly #metrics = new Map<string, EngineMetrics>()
    readonly #workers: PoolWorkers
    #open: Open | null = null
    #timers: Timers | null = null
    #isProbing = false
    #trafficAtMs = 0
    #wake: { readonly atMs: number; readonly timer: ReturnType<typeof setTimeout> } | null = null

    constructor(ctx: DurableObjectState, env: Env) {
      super(ctx, env)
      this.#workers = new PoolWorkers(ctx, { changed: () => this.#reconfigure() })
      if (schemaVersion(ctx.storage.sql) > 0) this.#timers = this.#stored()
    }

    /** A replica, or a place in the queue: JSON of a PoolSaid with the turn. */
    async acquire(pool: string, text: string, blocks: Float64Array): Promise<string> {
      const { request, events, isExplained } = JSON.parse(text) as AcquireText
      const { scheduler } = await this.#opened(pool)
      const nowMs = Date.now()
      scheduler.tell(events, nowMs)
      const turn = scheduler.acquire({ ...request, blocks }, nowMs)
      this.#settle(scheduler, nowMs)
      this.#seen(nowMs)
      return this.#said(scheduler, isExplained ? turn : unexplained(turn))
    }

    /** The turn of a request that was queued, in JSON. */
    async turn(id: string): Promise<string> {
      return JSON.stringify(await this.#waiters.wait(id))
    }

    /** What has happened to an isolate's requests, and what it holds: JSON of a PoolSaid. */
    async tell(pool: string, text: string, leases: readonly PoolLease[]): Promise<string> {
      const { events, renew } = JSON.parse(text) as { events: readonly PoolEvent[]; renew: readonly string[] }
      const { scheduler } = await this.#opened(pool)
      const nowMs = Date.now()
      if (leases.length > 0) scheduler.adopt(leases, nowMs)
      scheduler.tell(events, nowMs)
      if (renew.length > 0) scheduler.renew(renew, nowMs)
      for (const event of events) if (event.kind === 'left') this.#waiters.forget(event.id)
      this.#settle(scheduler, nowMs)
      return this.#said(scheduler, null)
    }

    /** How it stands, for an operator: JSON. */
    async view(pool: string): Promise<string> {
      const { scheduler, config } = await this.#opened(pool)
      const view = scheduler.view(Date.now())
      const urls = new Map(config.replicas.map(({ id, url }) => [id, url]))
      const replicas = view.replicas.map((replica) => ({
        ...replica,
        url: urls.get(replica.id) ?? null,
        metrics: this.#metrics.get(replica.id) ?? null,
      }))
      return JSON.stringify({ ...view, replicas, workers: this.#workers.view() })
    }

    /** A token for a worker, made by whoever asks: `taken`, its id is another's; `full`, there are too many. */
    createWorker(pool: string, token: WorkerToken, actor: string): 'created' | 'taken' | 'full' {
      this.#timers ??= this.#stored()
      const created = this.#tokens(pool).create(token, actor)
      if (created === 'created') this.#timers.arm(DELIVER, Date.now())
      return created
    }

    /** All tokens, revoked ones too: JSON. */
    workers(pool: string): string {
      return JSON.stringify(this.#timers === null ? [] : this.#tokens(pool).list())
    }

    /** Closes its sockets at once. False: there is none that could be revoked. */
    revokeWorker(pool: string, id: string, at: string, actor: string): boolean {
      if (this.#timers === null || !this.#tokens(pool).revoke(id, at, actor)) return false
      this.#timers.arm(DELIVER, Date.now())
      this.#workers.revoke(id)
      return true
    }

    /** A worker that dials in, or a request for one that has. */
    override fetch(request: Request): Response | Promise<Response> {
      const { pathname, search } = new URL(request.url)
      if (pathname === WORKER_PATH) {
        const tokens = this.#timers === null ? NO_TOKENS : this.#tokens('')
        return letWorkerIn(request, tokens, this.#workers, Date.now())
      }
      const [, worker, path = '/'] = SERVE.exec(pathname) ?? []
      if (worker === undefined) return lostReply()
      return this.#workers.serve(worker, new Request(`http://pool${path}${search}`, request))
    }

    override webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): void {
      this.#workers.message(socket, data)
    }

    override webSocketClose(socket: WebSocket): void {
      this.#workers.closed(socket)
    }

    override webSocketError(socket: WebSocket): void {
      this.#workers.closed(socket)
    }

    override async alarm(): Promise<void> {
      await this.#timers?.fire(Date.now(), { [PROBE]: () => this.#probe(), [DELIVER]: () => this.#deliver() })
    }

    async #opened(pool: string): Promise<Open> {
      const asked = toolsOf(this.env).settings(pool)
      const config = asked instanceof Promise ? await asked : asked
      // Nothing is known of it, or no longer: whoever asks goes on without.
      if (config === null) throw new Error('the config names no such pool')
      if (this.#open === null) {
        const surroundings = { random: Math.random, nowMs: Date.now() }
        const scheduler = new Scheduler(rulesOf(config), this.#replicas(config), surroundings)
        this.#open = { name: pool, scheduler, config }
      } else if (this.#open.config !== config) {
        this.#open.config = config
        this.#reconfigure()
      }
      return this.#open
    }

    /** The config has changed, or workers have come or gone. */
    #reconfigure(): void {
      if (this.#open === null) return
      const { scheduler, config } = this.#open
      const nowMs = Date.now()
      scheduler.configure(rulesOf(config), this.#replicas(config), nowMs)
      this.#settle(scheduler, nowMs)
    }

    #replicas(config: PoolConfig): readonly PoolReplica[] {
      const own = config.replicas.map(({ id, state }) => ({ id, state }))
      return config.workers ? [...own, ...this.#workers.replicas()] : own
    }

    #tokens(pool: string): PoolTokens {
      return new PoolTokens({ storage: this.ctx.storage, pool })
    }

    async #deliver(): Promise<number | null> {
      const hand = (entries: AuditEntry[]): Promise<unknown> => directoryStub(this.env.DIRECTORY).deliver(null, entries)
      return (await this.#tokens('').deliver(hand)) ? Date.now() : null
    }

    #said(scheduler: PoolScheduler, turn: Turn | null): string {
      return JSON.stringify({ epoch: this.#epoch, isQueued: scheduler.queued > 0, ...(turn === null ? {} : { turn }) })
    }

    /** Those who waited and need not any more are told, and the object wakes when something is due next. */
    #settle(scheduler: PoolScheduler, nowMs: number): void {
      this.#waiters.settle(scheduler.decided(nowMs))
      const atMs = scheduler.wakeAtMs(nowMs)
      if (atMs === null || (this.#wake !== null && this.#wake.atMs <= atMs)) return
      if (this.#wake !== null) clearTimeout(this.#wake.timer)
      const timer = setTimeout(
        () => {
          this.#wake = null
          this.#settle(scheduler, Date.now())
        },
        Math.max(0, atMs - nowMs),
      )
      this.#wake = { atMs, timer }
    }

    /** Replicas are looked at only while there is traffic: an alarm that always fires keeps an object billed. */
    #seen(nowMs: number): void {
      this.#trafficAtMs = nowMs
      if (this.#isProbing || this.#open === null) return
      this.#isProbing = true
      this.#timers ??= this.#stored()
      this.#timers.arm(PROBE, nowMs + this.#open.config.health.intervalMs)
    }

    async #probe(): Promise<number | null> {
      const open = this.#open
      // It has woken for this alone.
      if (open === null) return null
      const { probe } = toolsOf(this.env)
      const waiting = open.config.replicas.filter(({ state }) => state !== 'disabled')
      const next = async (): Promise<void> => {
        for (let replica = waiting.shift(); replica !== undefined; replica = waiting.shift()) {
          const { isHealthy, metrics } = await probe(open.name, replica)
          if (metrics !== null) {
            this.#metrics.set(replica.id, metrics)
            open.scheduler.reported(replica.id, metrics, Date.now())
          }
          // Null: it could not be asked for a reason of our own.
          if (isHealthy !== null) open.scheduler.probed(replica.id, isHealthy, Date.now())
        }
      }
      await Promise.all(Array.from({ length: POOL_PROBES_MAX }, next))
      const nowMs = Date.now()
      this.#settle(open.scheduler, nowMs)
      if (nowMs - this.#trafficAtMs < POOL_PROBE_TRAFFIC_MS) return nowMs + open.config.health.intervalMs
      this.#isProbing = false
      return null
    }

    #stored(): Timers {
      migrate(this.ctx.storage, SCHEMA)
      return new Timers(this.ctx.storage)
    }
  }
}

/** Of an object that keeps nothing: nobody ever made a token for its pool. */
const NO_TOKENS: Pick<PoolTokens, 'verify'> = { verify: () => ({ kind: 'unknown' }) }

/** What was chosen from is the operator's to see, and costs more to say than all the rest. */
const unexplained = (turn: Turn): Turn =>
  turn.kind === 'bound' ? { ...turn, choice: { ...turn.choice, candidates: NOBODY } } : turn
const NOBODY: Choice['candidates'] = []

const rulesOf = (config: PoolConfig): PoolRules => ({
  prefillTokensPerSecond: config.prefillTokensPerSecond,
  kvTokens: config.kvTokens,
  blockTokens: POOL_BLOCK_TOKENS,
  maxInflightTokens: config.maxInflightTokens,
  maxQueue: config.maxQueue,
  maxWaitMs: config.maxWaitMs,
  saturatedMs: config.saturatedMs,
})
