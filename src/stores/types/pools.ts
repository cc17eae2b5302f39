/** The small interfaces to the origin pools: each has one object that sees all of its traffic, and its workers. */
import type { PoolEvent, PoolLease, PoolRequest, SchedulerView, Turn } from '../../core/pool/types.ts'
import type { PoolReplicaView } from '../../core/pool/views.ts'
import type { PoolWorkerEntry } from '../../core/pool/worker-entry.ts'
import type { ConnectedWorker, WorkerToken } from '../../core/pool/worker-tokens.ts'

/** A pool by the name of its provider. The region counts only when its object is first named. */
export interface PoolPlace {
  readonly pool: string
  readonly region: string | undefined
}

/** What an object says of itself with every answer. */
export interface PoolSaid {
  /** Changes when it has lost its memory: then it is to be told what is held of it. */
  readonly epoch: string
  /** Does somebody wait for a replica? */
  readonly isQueued: boolean
}

/** What an isolate tells it. */
export interface PoolNews {
  readonly events: readonly PoolEvent[]
  /** Requests that still run. */
  readonly renew?: readonly string[]
  /** All that this isolate holds of it. */
  readonly leases?: readonly PoolLease[]
}

/** As a binding is fetched through. */
export interface PoolWorkersWay {
  fetch(url: string, init: RequestInit): Promise<Response>
}

/** Origin pools as the request path uses them. A call rejects when the object is out of reach. */
export interface PoolStore {
  /** A replica, or a place in the queue; the isolate's news goes along. Safe to ask again: it is known by its id. */
  acquire(
    place: PoolPlace,
    request: PoolRequest,
    events: readonly PoolEvent[],
    isExplained: boolean,
    deadlineMs: number,
  ): Promise<PoolSaid & { readonly turn: Turn }>
  /** Waits for the turn of a request that was queued, at most so long. Rejects when the object is lost meanwhile. */
  turn(place: PoolPlace, id: string, waitMs: number): Promise<Exclude<Turn, { kind: 'queued' }>>
  tell(place: PoolPlace, news: PoolNews): Promise<PoolSaid>
  /** The way to its pull workers: what is fetched below `http://pool/serve/<replica>/` goes to that one. */
  workers(place: PoolPlace): PoolWorkersWay
}

/** What a pool's object says of itself to an operator: its scheduler's view with what its engines say, and its workers. */
export interface PoolFacts extends Omit<SchedulerView, 'replicas'> {
  readonly replicas: readonly PoolReplicaView[]
  readonly workers: readonly ConnectedWorker[]
}

/** One pool as the admin API uses it. Rejects when the object cannot be reached in time. */
export interface PoolAdmin {
  /** `taken`: there is a token of that id · `full`: WORKER_TOKENS_MAX are kept. */
  createWorker(token: WorkerToken, actor: string): Promise<'created' | 'taken' | 'full'>
  /** All tokens, revoked ones too, by id. */
  workers(): Promise<readonly Omit<WorkerToken, 'digest'>[]>
  /** Closes its sockets at once. False: there is none that could be revoked. */
  revokeWorker(id: string, at: string, actor: string): Promise<boolean>
  /** How the pool fares, and who is connected. */
  view(): Promise<PoolFacts>
}

/** One per isolate. */
export interface PoolStores {
  /** By the name of its provider. */
  readonly poolAdmin: (pool: string) => PoolAdmin
  readonly poolWorkers: PoolWorkerEntry
}
