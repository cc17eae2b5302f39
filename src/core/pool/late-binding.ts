/** Requests wait here and not in an engine: who waits, and who goes where as soon as a replica has credit. No I/O. */
import type { Option } from './choice.ts'
import { POOL_ESTIMATE_MARGIN, POOL_RESERVED_SHARE, POOL_TAKEOVER_MS, POOL_TAKEOVER_SCAN_MAX } from './limits.ts'
import type { Placement } from './placement.ts'
import type { Replica } from './replica.ts'
import type { Roster } from './roster.ts'
import { refusalOf, retryMs } from './shedding.ts'
import type { PoolRequest, RefusedTurn } from './types.ts'
import type { Waiter, Waiting } from './waiting.ts'

/** What becomes of those who wait. */
export interface Fates {
  bind(request: PoolRequest, replica: Replica, nowMs: number): void
  refuse(request: PoolRequest, why: RefusedTurn['why'], retryAfterMs: number): void
}

/**
 * Each that waits has a home, the replica where it should go as things stood when it came. A replica with credit takes
 * the next of its own; one that has none left takes over whom it helps.
 */
export class LateBinding {
  readonly #roster: Roster
  readonly #waiting: Waiting
  readonly #placement: Placement
  readonly #fates: Fates
  readonly #random: () => number

  constructor(roster: Roster, waiting: Waiting, placement: Placement, fates: Fates, random: () => number) {
    this.#roster = roster
    this.#waiting = waiting
    this.#placement = placement
    this.#fates = fates
    this.#random = random
  }

  /** A request that cannot go at once begins to wait, unless it would in vain. */
  enqueue(request: PoolRequest, option: Option<Replica>, nowMs: number): void {
    const { waitMs, prefillMs, replica } = option
    const { interactive, batch } = this.#waiting.counts
    const outlook = {
      waitMs,
      firstMs: waitMs + prefillMs,
      boundMs: this.#placement.deadlineMs(request) - nowMs,
      // One of `batch` makes room for an interactive one.
      queued: interactive + (request.priority === 'batch' ? batch : 0),
      nextMs: replica.remainingMs(nowMs),
    }
    const { rules } = this.#placement
    const refusal = refusalOf(request, rules, outlook, this.#random)
    if (refusal !== null) {
      this.#fates.refuse(request, refusal.why, refusal.retryAfterMs)
      return
    }
    if (interactive + batch >= rules.maxQueue) this.#shedLast(nowMs)
    this.#waiting.add(this.#placement.waiter(option, request))
    this.dispatch(nowMs)
  }

  /**
   * May it go there as far as others are concerned? While tenants that have little come, those who crowd the pool leave
   * a share of it to them: what has begun cannot be stopped for whoever comes next.
   */
  mayTake(replica: Replica, request: PoolRequest, nowMs: number): boolean {
    if (!this.#placement.isReserving(nowMs) || this.#placement.isLight(request)) return true
    const { all } = this.#roster
    const taken = all.filter((other) => other !== replica && other.isCrowded).length
    return taken < all.length - Math.floor(POOL_RESERVED_SHARE * all.length)
  }

  /** When a waiting request would be bound, ms from now, by estimate. */
  waitMs(waiter: Waiter, nowMs: number): number {
    const remainingMs = this.#roster.get(waiter.home)?.remainingMs(nowMs) ?? 0
    return Math.ceil(remainingMs + this.#waiting.aheadMs(waiter, nowMs))
  }

  /** Refuses those whose wait is over. */
  expire(nowMs: number): void {
    for (const waiter of this.#waiting.expired(nowMs)) this.#giveUp(waiter, 'wait', retryMs(this.waitMs(waiter, nowMs)))
  }

  /** Binds whom there is credit for. */
  dispatch(nowMs: number): void {
    if (this.#waiting.size === 0) return
    this.#rehome(nowMs)
    for (const home of [...this.#waiting.homes()]) {
      const replica = this.#roster.get(home)
      if (replica !== undefined) this.#serve(replica, nowMs, () => this.#nextOf(replica, nowMs))
    }
    for (const replica of this.#roster.all) {
      if (this.#waiting.size === 0) return
      if (this.#waiting.at(replica.id).size === 0) this.#serve(replica, nowMs, () => this.#mostHelped(replica, nowMs))
    }
  }

  /** Binds one after the other to a replica, as long as it has credit. */
  #serve(replica: Replica, nowMs: number, next: () => Waiter | undefined): void {
    while (this.#waiting.size > 0 && replica.creditAtMs(nowMs) <= nowMs) {
      const waiter = next()
      if (waiter === undefined) return
      const { request, deadlineMs } = waiter
      const option = this.#placement.option(replica, request, nowMs)
      const firstMs = POOL_ESTIMATE_MARGIN * (replica.remainingMs(nowMs) + option.prefillMs)
      // The first content would come when nobody waits for it any more.
      if (nowMs + firstMs > deadlineMs) this.#giveUp(waiter, 'wait', retryMs(nowMs + firstMs - deadlineMs))
      else {
        this.#waiting.remove(waiter)
        this.#fates.bind(request, replica, nowMs)
      }
    }
  }

  /** The next of its own, or one that waits elsewhere, should go before it, and is helped. */
  #nextOf(replica: Replica, nowMs: number): Waiter | undefined {
    const own = this.#waiting.next(replica.id, nowMs, ({ request }) => replica.hasRoom(request.promptTokens))
    if (own === undefined) return undefined
    const owed = this.#owedMore(own, replica, nowMs)
    return owed ?? (this.mayTake(replica, own.request, nowMs) ? own : undefined)
  }

  #owedMore(own: Waiter, replica: Replica, nowMs: number): Waiter | undefined {
    let [best, bestMs, scanned] = [undefined as Waiter | undefined, POOL_TAKEOVER_MS, 0]
    for (const waiter of this.#waiting.owedMore(own)) {
      if (waiter.request.priority !== own.request.priority) continue
      scanned += 1
      if (scanned > POOL_TAKEOVER_SCAN_MAX) break
      const beforeMs = this.#roster.get(waiter.home)?.remainingMs(nowMs) ?? 0
      const savedMs = this.#savedMs(waiter, beforeMs, replica, nowMs)
      if (savedMs !== null && savedMs > bestMs) [best, bestMs] = [waiter, savedMs]
    }
    return best
  }

  /** What a request saves that goes here instead of to its home, where so much is before it; null: nothing for sure. */
  #savedMs(waiter: Waiter, beforeMs: number, replica: Replica, nowMs: number): number | null {
    const { request, prefillMs } = waiter
    const { prefillWeight } = this.#placement.termsOf(request)
    const mostMs = beforeMs + prefillWeight * prefillMs - replica.remainingMs(nowMs)
    if (mostMs <= POOL_TAKEOVER_MS || !replica.hasRoom(request.promptTokens)) return null
    if (!this.mayTake(replica, request, nowMs)) return null
    if (!this.#roster.eligible(request, nowMs).includes(replica)) return null
    return mostMs - prefillWeight * this.#placement.option(replica, request, nowMs).prefillMs
  }

  /** Of those that wait for others, the one whose first content comes soonest by the change, if by enough. */
  #mostHelped(replica: Replica, nowMs: number): Waiter | undefined {
    let [best, bestMs, scanned] = [undefined as Waiter | undefined, POOL_TAKEOVER_MS, 0]
    for (const home of this.#waiting.homes()) {
      let beforeMs = this.#roster.get(home)?.remainingMs(nowMs) ?? 0
      for (const waiter of this.#waiting.ordered(home, nowMs)) {
        const savedMs = this.#savedMs(waiter, beforeMs, replica, nowMs)
        beforeMs += waiter.prefillMs
        if (savedMs === null) continue
        scanned += 1
        if (scanned > POOL_TAKEOVER_SCAN_MAX) return best
        if (savedMs > bestMs) [best, bestMs] = [waiter, savedMs]
      }
    }
    return best
  }

  /** Those that wait for a replica which takes nobody now go elsewhere. */
  #rehome(nowMs: number): void {
    for (const home of [...this.#waiting.homes()]) {
      const replica = this.#roster.get(home)
      if (replica?.config.state === 'active' && replica.health.isOpen(nowMs)) continue
      for (const waiter of [...this.#waiting.at(home)]) {
        const { request } = waiter
        const option = this.#placement.chosen(this.#placement.options(request, nowMs), request, nowMs)
        if (option === undefined) this.#giveUp(waiter, 'none', 0)
        else if (option.id !== home) this.#waiting.move(waiter, option.id, option.prefillMs)
      }
    }
  }

  /** The one of `batch` that came last. */
  #shedLast(nowMs: number): void {
    let last: Waiter | undefined
    for (const waiter of this.#waiting.all()) if (waiter.request.priority === 'batch') last = waiter
    if (last !== undefined) this.#giveUp(last, 'shed', retryMs(this.waitMs(last, nowMs)))
  }

  #giveUp(waiter: Waiter, why: RefusedTurn['why'], retryAfterMs: number): void {
    this.#waiting.remove(waiter)
    this.#fates.refuse(waiter.request, why, retryAfterMs)
  }
}
