/** The small interface to the origin pools: each has one object that sees all of its traffic. */
import type { PoolEvent, PoolLease, PoolRequest, Turn } from '../../core/pool/types.ts'

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
