/** Where a request would go as things stand, and where it stands in line there. No I/O. */
import { BoundedMap } from '../../lib/bounded-map.ts'
import { affinityOf, choose, type Option } from './choice.ts'
import {
  POOL_CROWD_PER_REPLICA,
  POOL_LIGHT_PREFILL_WEIGHT,
  POOL_OUTPUT_WEIGHT,
  POOL_RESERVED_MS,
  POOL_SESSIONS_MAX,
} from './limits.ts'
import type { Replica } from './replica.ts'
import type { Roster } from './roster.ts'
import type { PoolRequest, PoolRules } from './types.ts'
import { overdueAtMs, type Waiter, type Waiting } from './waiting.ts'

/** Looks at a pool's replicas and its queue, and changes neither. */
export class Placement {
  readonly #roster: Roster
  readonly #waiting: Waiting
  readonly #sessions = new BoundedMap<string, string>(POOL_SESSIONS_MAX)
  rules: PoolRules
  #lightMs = Number.NEGATIVE_INFINITY

  constructor(rules: PoolRules, roster: Roster, waiting: Waiting) {
    this.rules = rules
    this.#roster = roster
    this.#waiting = waiting
  }

  /** How it would be with each replica that a request may go to; none: it cannot go anywhere. */
  options(request: PoolRequest, nowMs: number): Option<Replica>[] {
    return this.#roster.eligible(request, nowMs).map((replica) => this.option(replica, request, nowMs))
  }

  option(replica: Replica, request: PoolRequest, nowMs: number): Option<Replica> {
    const matched = affinityOf(replica.index.matched(request.blocks))
    const uncachedTokens = replica.uncachedOf(request, matched)
    const prefillMs = replica.prefillMs(uncachedTokens, nowMs)
    const isFree = this.#waiting.at(replica.id).size === 0
    const aheadMs = isFree
      ? 0
      : this.#waiting.aheadMs(this.#waiterAt(replica.id, request, uncachedTokens, prefillMs), nowMs)
    return {
      replica,
      id: replica.id,
      matched,
      uncachedTokens,
      waitMs: replica.remainingMs(nowMs) + aheadMs,
      prefillMs,
      requests: replica.requests,
      indexed: replica.index.size,
      inflightTokens: replica.inflightTokens,
    }
  }

  /** Sticky until saturated; where even that is too late, whatever is soonest. */
  chosen(options: readonly Option<Replica>[], request: PoolRequest, nowMs: number): Option<Replica> | undefined {
    if (this.isLight(request)) this.#lightMs = nowMs
    const { blocks, session } = request
    const last = session === undefined ? undefined : this.#sessions.get(session)
    const { saturatedMs, prefillWeight } = this.termsOf(request)
    const option = choose(options, blocks.length, saturatedMs, prefillWeight, last)
    const isLate = option !== undefined && nowMs + option.waitMs + option.prefillMs > this.deadlineMs(request)
    return isLate ? choose(options, blocks.length, Number.NEGATIVE_INFINITY, 1, undefined) : option
  }

  /**
   * How much it heeds where its beginning lies. While others have a queue full and its tenant next to nothing, less:
   * it is not to wait behind what they have begun, and for what it costs to compute anew it is they who wait.
   */
  termsOf(request: PoolRequest): { readonly saturatedMs: number; readonly prefillWeight: number } {
    const { prefillWeight } = this.#roster
    if (!this.isLight(request)) return { saturatedMs: this.rules.saturatedMs, prefillWeight }
    return { saturatedMs: 0, prefillWeight: Math.min(POOL_LIGHT_PREFILL_WEIGHT, prefillWeight) }
  }

  /** Do so many wait that it matters who they are? */
  get isCrowded(): boolean {
    return this.#waiting.size >= POOL_CROWD_PER_REPLICA * this.#roster.all.length
  }

  /** Has one come lately of a tenant that others crowd out? */
  isReserving(nowMs: number): boolean {
    return this.isCrowded && nowMs - this.#lightMs < POOL_RESERVED_MS
  }

  /** Is it of a tenant that others crowd out? */
  isLight({ tenant }: PoolRequest): boolean {
    return this.isCrowded && this.#waiting.isLight(tenant)
  }

  /** A request as it would wait for a replica. */
  waiter({ id, uncachedTokens, prefillMs }: Option<Replica>, request: PoolRequest): Waiter {
    return this.#waiterAt(id, request, uncachedTokens, prefillMs)
  }

  /** It is not to wait longer. */
  deadlineMs({ sinceMs, maxWaitMs }: PoolRequest): number {
    return sinceMs + Math.min(maxWaitMs, this.rules.maxWaitMs)
  }

  /** Its conversation has gone there. */
  went({ session }: PoolRequest, replica: string): void {
    if (session !== undefined) this.#sessions.set(session, replica)
  }

  #waiterAt(home: string, request: PoolRequest, uncachedTokens: number, prefillMs: number): Waiter {
    const deadlineMs = this.deadlineMs(request)
    return {
      request,
      deadlineMs,
      overdueMs: overdueAtMs(request.sinceMs, deadlineMs),
      home,
      prefillMs,
      cost: costOf(request, uncachedTokens),
    }
  }
}

/** What a request is charged for: prompt tokens to compute, and those of its answer. */
export const costOf = ({ outputTokens }: Pick<PoolRequest, 'outputTokens'>, uncachedTokens: number): number =>
  uncachedTokens + POOL_OUTPUT_WEIGHT * outputTokens
