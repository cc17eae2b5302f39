/** Who waits for which replica, and who goes first there: priorities, then tenants by what they have had, then age and size. No I/O. */
import { POOL_AGE_WEIGHT, POOL_OVERDUE_SHARE } from './limits.ts'
import type { TenantCounters } from './tenant-counters.ts'
import type { PoolRequest } from './types.ts'

/** A request that waits. */
export interface Waiter {
  readonly request: PoolRequest
  /** It is refused when it is not bound by then, and goes before all of its tenant's from `overdueMs` on. */
  readonly deadlineMs: number
  readonly overdueMs: number
  /** Where it should go, as things stand. */
  home: string
  /** Its prefill there, ms, and what its tenant would be charged. */
  prefillMs: number
  readonly cost: number
}

/** What one tenant has waiting for one replica. */
interface Line {
  readonly waiters: Set<Waiter>
  readonly interactive: { ms: number; cost: number }
  readonly batch: { ms: number; cost: number }
}

/** From when it is overdue: a share of its bound, counted from when it first asked. */
export const overdueAtMs = (sinceMs: number, deadlineMs: number): number =>
  sinceMs + POOL_OVERDUE_SHARE * (deadlineMs - sinceMs)

/** Lists by replica: short ones, since a pool's queue is bounded and most of its requests have a home. */
export class Waiting {
  readonly #byId = new Map<string, Waiter>()
  readonly #byHome = new Map<string, Set<Waiter>>()
  readonly #byTenant = new Map<string, Set<Waiter>>()
  /** By home, then by tenant, with their sums: a full queue is not to be walked for each request that comes. */
  readonly #lines = new Map<string, Map<string, Line>>()
  readonly #counters: TenantCounters
  readonly #counts = { interactive: 0, batch: 0 }
  /** No deadline is before it. */
  #nextDeadlineMs = Number.POSITIVE_INFINITY

  constructor(counters: TenantCounters) {
    this.#counters = counters
  }

  get size(): number {
    return this.#byId.size
  }

  get counts(): { readonly interactive: number; readonly batch: number } {
    return { ...this.#counts }
  }

  get(id: string): Waiter | undefined {
    return this.#byId.get(id)
  }

  all(): IterableIterator<Waiter> {
    return this.#byId.values()
  }

  /** Replicas that are waited for. */
  homes(): IterableIterator<string> {
    return this.#byHome.keys()
  }

  at(home: string): ReadonlySet<Waiter> {
    return this.#byHome.get(home) ?? NOBODY
  }

  add(waiter: Waiter): void {
    const { id, tenant, priority } = waiter.request
    this.#byId.set(id, waiter)
    this.#stand(waiter)
    put(this.#byTenant, tenant, waiter)
    this.#counters.waits(tenant)
    this.#counts[priority] += 1
    this.#nextDeadlineMs = Math.min(this.#nextDeadlineMs, waiter.deadlineMs)
  }

  remove(waiter: Waiter): void {
    const { id, tenant, priority } = waiter.request
    if (!this.#byId.delete(id)) return
    this.#leave(waiter)
    take(this.#byTenant, tenant, waiter)
    this.#counters.left(tenant)
    this.#counts[priority] -= 1
  }

  /** It should go elsewhere now. */
  move(waiter: Waiter, home: string, prefillMs: number): void {
    this.#leave(waiter)
    waiter.home = home
    waiter.prefillMs = prefillMs
    this.#stand(waiter)
  }

  /** The first deadline of those who wait, or an earlier moment. */
  nextDeadlineMs(): number {
    return this.size === 0 ? Number.POSITIVE_INFINITY : this.#nextDeadlineMs
  }

  /** Those whose wait is over. */
  expired(nowMs: number): Waiter[] {
    if (this.size === 0 || nowMs < this.#nextDeadlineMs) return []
    let nextMs = Number.POSITIVE_INFINITY
    const over: Waiter[] = []
    for (const waiter of this.#byId.values()) {
      if (waiter.deadlineMs <= nowMs) over.push(waiter)
      else nextMs = Math.min(nextMs, waiter.deadlineMs)
    }
    this.#nextDeadlineMs = nextMs
    return over
  }

  /**
   * Who goes next at a replica, of those that `fits` lets go. Whoever is overdue and does not fit is not passed: else
   * what needs much room would never find it.
   */
  next(home: string, nowMs: number, fits: (waiter: Waiter) => boolean): Waiter | undefined {
    let best: Waiter | undefined
    let held: Waiter | undefined
    for (const waiter of this.at(home)) {
      if (!fits(waiter)) {
        if (waiter.overdueMs <= nowMs && (held === undefined || this.#precedes(waiter, held, nowMs))) held = waiter
      } else if (best === undefined || this.#precedes(waiter, best, nowMs)) best = waiter
    }
    return best !== undefined && held !== undefined && this.#precedes(held, best, nowMs) ? undefined : best
  }

  /** Has a tenant less than half of its share in the queue? */
  isLight(tenant: string): boolean {
    const own = this.#byTenant.get(tenant)?.size ?? 0
    return 2 * own * Math.max(2, this.#byTenant.size) <= this.size
  }

  /** Those who wait elsewhere and whose tenants have had less than this one's: it is they who should go next. */
  *owedMore(than: Waiter): Generator<Waiter> {
    if (this.#byTenant.size < 2) return
    const had = this.#counters.of(than.request.tenant)
    for (const [tenant, waiters] of this.#byTenant) {
      if (tenant === than.request.tenant || this.#counters.of(tenant) >= had) continue
      for (const waiter of waiters) if (waiter.home !== than.home) yield waiter
    }
  }

  /** Those who wait for a replica, in order, were the tenants' counters to stay as they are. */
  ordered(home: string, nowMs: number): Waiter[] {
    return [...this.at(home)].sort((one, other) => (this.#precedes(one, other, nowMs) ? -1 : 1))
  }

  /**
   * Prefill that goes before a request at its home, ms, whether it waits already or not. Of its own tenant's, what is smaller or older; of another
   * tenant's at most as much as its own has, and what its own has had more.
   */
  aheadMs(waiter: Waiter, nowMs: number): number {
    const lines = this.#lines.get(waiter.home)
    if (lines === undefined) return 0
    const { tenant } = waiter.request
    const rank = rankOf(waiter, nowMs)
    const own = this.#counters.lifted(tenant)
    let [aheadMs, ownCost] = [0, waiter.cost]
    for (const other of lines.get(tenant)?.waiters ?? []) {
      if (other === waiter) continue
      const otherRank = rankOf(other, nowMs)
      if (otherRank > rank || (otherRank === rank && !isBefore(other, waiter, nowMs))) continue
      aheadMs += other.prefillMs
      if (otherRank === rank) ownCost += other.cost
    }
    for (const [name, { interactive, batch }] of lines) {
      if (name === tenant) continue
      if (rank > 0) aheadMs += interactive.ms
      const { ms, cost } = rank > 0 ? batch : interactive
      if (ms === 0) continue
      const most = ownCost + own - this.#counters.of(name)
      if (most > 0) aheadMs += ms * Math.min(1, most / Math.max(1, cost))
    }
    return aheadMs
  }

  #stand(waiter: Waiter): void {
    put(this.#byHome, waiter.home, waiter)
    const lines = this.#lines.get(waiter.home) ?? new Map<string, Line>()
    this.#lines.set(waiter.home, lines)
    const { tenant, priority } = waiter.request
    const line = lines.get(tenant) ?? { waiters: new Set(), interactive: { ms: 0, cost: 0 }, batch: { ms: 0, cost: 0 } }
    lines.set(tenant, line)
    line.waiters.add(waiter)
    line[priority].ms += waiter.prefillMs
    line[priority].cost += waiter.cost
  }

  #leave(waiter: Waiter): void {
    take(this.#byHome, waiter.home, waiter)
    const lines = this.#lines.get(waiter.home)
    const { tenant, priority } = waiter.request
    const line = lines?.get(tenant)
    if (lines === undefined || line === undefined) return
    line.waiters.delete(waiter)
    line[priority].ms -= waiter.prefillMs
    line[priority].cost -= waiter.cost
    if (line.waiters.size === 0) lines.delete(tenant)
    if (lines.size === 0) this.#lines.delete(waiter.home)
  }

  #precedes(one: Waiter, other: Waiter, nowMs: number): boolean {
    const ranks = rankOf(one, nowMs) - rankOf(other, nowMs)
    if (ranks !== 0) return ranks < 0
    const [tenant, otherTenant] = [one.request.tenant, other.request.tenant]
    if (tenant !== otherTenant) {
      const had = this.#counters.of(tenant) - this.#counters.of(otherTenant)
      if (had !== 0) return had < 0
    }
    return isBefore(one, other, nowMs)
  }
}

function put(sets: Map<string, Set<Waiter>>, name: string, waiter: Waiter): void {
  const set = sets.get(name)
  if (set === undefined) sets.set(name, new Set([waiter]))
  else set.add(waiter)
}

function take(sets: Map<string, Set<Waiter>>, name: string, waiter: Waiter): void {
  const set = sets.get(name)
  set?.delete(waiter)
  if (set?.size === 0) sets.delete(name)
}

const NOBODY: ReadonlySet<Waiter> = new Set()

/** Priorities are strict, but who has waited long enough is `interactive`. */
function rankOf({ request, overdueMs }: Waiter, nowMs: number): number {
  return request.priority === 'interactive' || overdueMs <= nowMs ? 0 : 1
}

/** Inside a tenant: the overdue as they came, then the shortest first, less what they have waited. */
function isBefore(one: Waiter, other: Waiter, nowMs: number): boolean {
  const [isLate, isOtherLate] = [one.overdueMs <= nowMs, other.overdueMs <= nowMs]
  if (isLate !== isOtherLate) return isLate
  const ageMs = one.request.sinceMs - other.request.sinceMs
  return isLate ? ageMs < 0 : one.prefillMs - other.prefillMs + POOL_AGE_WEIGHT * ageMs < 0
}
