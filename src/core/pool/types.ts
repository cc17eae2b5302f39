/** Words of an origin pool: what its scheduler is asked, what it answers, and what it is told afterwards. No I/O. */

/** Who goes first: `batch` waits for `interactive`, but not for ever. */
export type Priority = 'interactive' | 'batch'

/** How a pool schedules: of its config, with what is worked out from it. */
export interface PoolRules {
  /** Prefill of one replica, prompt tokens/s that are not cached: where learning what it really is begins. */
  readonly prefillTokensPerSecond: number
  /** KV memory of one replica, tokens. */
  readonly kvTokens: number
  /** Tokens of one block of the index, by estimate. */
  readonly blockTokens: number
  /** Most prompt tokens that wait for prefill with one replica at a time; one request alone may pass it. */
  readonly maxInflightTokens: number
  /** Most requests that wait. */
  readonly maxQueue: number
  /** Longest wait for a replica, ms. */
  readonly maxWaitMs: number
  /** Prefill that the warm replicas may lie behind the others before a request leaves them, ms. */
  readonly saturatedMs: number
}

/** A replica as the scheduler knows it: one of the config's, or a worker that has dialled in. */
export interface PoolReplica {
  readonly id: string
  /** `draining` takes nothing new; what it has goes on. */
  readonly state: 'active' | 'draining' | 'disabled'
  /** What it says of itself, where that differs from the pool's rules. */
  readonly prefillTokensPerSecond?: number | undefined
  readonly kvTokens?: number | undefined
  /** Most requests at a time; undefined: as the tokens allow. */
  readonly maxRequests?: number | undefined
  /** Models that it serves; undefined: whatever the pool is asked for. */
  readonly models?: readonly string[] | undefined
}

/** A request that wants a replica. */
export interface PoolRequest {
  /** Of one attempt. Asked for again, it is the same request. */
  readonly id: string
  /** Between whom the pool is fair. */
  readonly tenant: string
  readonly priority: Priority
  /** The provider's own name of the model. */
  readonly model: string
  /** Chained hashes of the prompt's blocks, from its beginning; empty where nothing is known of it. */
  readonly blocks: Float64Array
  /** Tokens of the prompt, by estimate. */
  readonly promptTokens: number
  /** Tokens that the answer will have, by estimate. */
  readonly outputTokens: number
  /** Will it be told when the first content has come? Of a whole reply only its end is heard of. */
  readonly tellsFirst: boolean
  /** Replicas that have failed it: not these, unless no other is left. */
  readonly tried: readonly string[]
  /** When it first asked for a replica, ms since the epoch: it keeps its age when it comes back. */
  readonly sinceMs: number
  /** Longest wait from then, ms; the pool's own bound is the most. */
  readonly maxWaitMs: number
  /** The conversation that it is of: where nothing is warm, it goes where that went. */
  readonly session?: string | undefined
}

/** Why a replica was chosen. */
export type ChoiceReason =
  /** Its memory has the prompt's beginning. */
  | 'warm'
  /** What has the beginning is too far behind the others. */
  | 'saturated'
  /** No replica has enough of the beginning. */
  | 'cold'
  /** Only this one could be had. */
  | 'only'
  /** The pool's object was out of reach: chosen without it. */
  | 'degraded'

/** How a replica was chosen, for whoever asks. */
export interface Choice {
  readonly reason: ChoiceReason
  /** Blocks of the prompt that the replica has, of how many. */
  readonly matchedBlocks: number
  readonly blocks: number
  /** What was chosen from, the chosen one first; at most CHOICE_CANDIDATES_MAX. Only an operator's key is shown them. */
  readonly candidates: readonly ChoiceCandidate[]
}

/** A choice, and what it fell on. */
export interface PlacedChoice extends Choice {
  readonly replica: string
}

export interface ChoiceCandidate {
  readonly replica: string
  readonly matchedBlocks: number
  /** Prompt tokens before it there that are not cached. */
  readonly inflightTokens: number
  readonly requests: number
}

/** What a request for a replica comes to. */
export type Turn =
  | { readonly kind: 'bound'; readonly id: string; readonly replica: string; readonly choice: Choice }
  /** It waits for its turn; by estimate so long, ms. */
  | { readonly kind: 'queued'; readonly id: string; readonly expectedMs: number }
  | RefusedTurn

/**
 * `full`: too many wait · `wait`: it would wait, or has waited, longer than it may · `shed`: left out early, for its
 * priority · `none`: no replica can be asked at all (none is active, or none serves the model).
 */
export interface RefusedTurn {
  readonly kind: 'refused'
  readonly id: string
  readonly why: 'full' | 'wait' | 'shed' | 'none'
  /** When it would have been let in by estimate, ms from now; 0 for `none`. */
  readonly retryAfterMs: number
}

/** How a request that was bound has ended. */
export interface PoolEnd {
  /**
   * `failed`: the replica's doing (refused, 5xx, timeout, cut) · `overloaded`: 429, or 503: no failure, but it has too
   * much · `unknown`: nothing is learnt of it (the client left) · `lost`: its worker is gone, and it goes elsewhere.
   */
  readonly outcome: 'answered' | 'failed' | 'overloaded' | 'unknown' | 'lost'
  /** What the replica says it used; null where it said nothing. */
  readonly usage: { readonly promptTokens: number; readonly cachedTokens: number; readonly outputTokens: number } | null
}

/** What is told of bound requests, in the order of its happening. */
export type PoolEvent =
  | { readonly kind: 'first'; readonly id: string }
  | { readonly kind: 'ended'; readonly id: string; readonly end: PoolEnd }
  /** Whoever waited has left, or whoever was bound does not know it: as if it had never asked. */
  | { readonly kind: 'left'; readonly id: string }

/** A bound request, as its isolate knows it: told to an object that has lost its memory. */
export interface PoolLease {
  readonly id: string
  readonly replica: string
  readonly tenant: string
  readonly promptTokens: number
  readonly blocks: Float64Array
  /** Has its first content come? */
  readonly isStarted: boolean
}

/** A replica as an operator sees it. */
export interface ReplicaView {
  readonly id: string
  readonly state: PoolReplica['state']
  /** `out`: left alone for its failures until `outUntilMs`; `trial`: the next request decides. */
  readonly health: 'ok' | 'out' | 'trial'
  readonly outUntilMs: number | null
  readonly failuresInARow: number
  readonly requests: number
  /** Prompt tokens that wait for prefill there, and all of those with it. */
  readonly inflightUncachedTokens: number
  readonly inflightTokens: number
  /** As learnt so far. */
  readonly prefillTokensPerSecond: number
  readonly indexedBlocks: number
  /** Since the object woke: requests bound, and of their prompt tokens those that were cached by the replica's own word. */
  readonly bound: number
  readonly promptTokens: number
  readonly cachedTokens: number
}

/** A pool as an operator sees it. */
export interface SchedulerView {
  readonly replicas: readonly ReplicaView[]
  readonly queued: { readonly interactive: number; readonly batch: number }
  /** How long the one that has waited most has waited, ms. */
  readonly longestWaitMs: number
  /** Since the object woke. */
  readonly bound: number
  readonly refused: { readonly full: number; readonly wait: number; readonly shed: number; readonly none: number }
  /** Requests bound by why. */
  readonly chosen: Readonly<Record<Exclude<ChoiceReason, 'degraded'>, number>>
  /** Share of prompt blocks that were in the index of the chosen replica, 0 to 1. */
  readonly matchedShare: number
}

/** A pool's scheduler. Time comes in; it has no clock, no timer and no randomness but what it is given. */
export interface PoolScheduler {
  /** The pool as it is now: replicas come, change, and go. What was bound to one that is gone is forgotten. */
  configure(rules: PoolRules, replicas: readonly PoolReplica[], nowMs: number): void
  /** A replica for a request, or a place in the queue. */
  acquire(request: PoolRequest, nowMs: number): Turn
  /** What has happened to requests that were bound, or wait. Of one that is not known nothing is learnt. */
  tell(events: readonly PoolEvent[], nowMs: number): void
  /** They still run. A lease that nobody renews for POOL_LEASE_MS ends as `unknown`. */
  renew(ids: readonly string[], nowMs: number): void
  /** Bound requests that it may have forgotten: known ones are renewed. */
  adopt(leases: readonly PoolLease[], nowMs: number): void
  /** What a health check found. */
  probed(replica: string, isHealthy: boolean, nowMs: number): void
  /** What its engine says of itself: one that queues has too much. It corrects what is known here, and is never all of it. */
  reported(replica: string, engine: { readonly waiting: number }, nowMs: number): void
  /**
   * What has come of those who waited since it was last asked: bound, or refused for their wait. To be asked after every
   * other call, and at `wakeAtMs`.
   */
  decided(nowMs: number): readonly Exclude<Turn, { kind: 'queued' }>[]
  /** When something is due though nobody calls (a wait ends, a lease lapses, a replica may be tried); null: nothing. */
  wakeAtMs(nowMs: number): number | null
  /** How many wait. */
  readonly queued: number
  view(nowMs: number): SchedulerView
}
