/** How much each tenant has had of a pool: the virtual token counter (VTC, Sheng et al., arXiv 2401.00588). No I/O. */
import { BoundedMap } from '../../lib/bounded-map.ts'
import { POOL_SAVED_TOKENS, POOL_TENANTS_MAX } from './limits.ts'

/**
 * Whoever has had least goes first. A tenant that comes back is lifted to the least of those who wait, or to where the
 * last one stood that went: being away saves nothing up but a burst. Whom it forgets, since they are
 * too many, begins where a new one does.
 */
export class TenantCounters {
  readonly #counters = new BoundedMap<string, number>(POOL_TENANTS_MAX)
  readonly #waiting = new Map<string, number>()
  #floor = 0

  of(tenant: string): number {
    return this.#counters.get(tenant) ?? this.#floor
  }

  /** Tenants that have requests waiting. */
  get waitingTenants(): number {
    return this.#waiting.size
  }

  /** Where a tenant that begins to wait now would stand: somewhat before those who wait already. */
  lifted(tenant: string): number {
    const own = this.of(tenant)
    return this.#waiting.has(tenant) ? own : Math.max(own, this.#leastWaiting() - POOL_SAVED_TOKENS)
  }

  /** One of its requests waits. */
  waits(tenant: string): void {
    this.#counters.set(tenant, this.lifted(tenant))
    this.#waiting.set(tenant, (this.#waiting.get(tenant) ?? 0) + 1)
  }

  /** … and waits no longer. */
  left(tenant: string): void {
    const waiting = (this.#waiting.get(tenant) ?? 0) - 1
    if (waiting > 0) this.#waiting.set(tenant, waiting)
    else {
      this.#waiting.delete(tenant)
      if (this.#waiting.size === 0) this.#floor = Math.max(this.#floor, this.of(tenant))
    }
  }

  /** It had so many tokens' worth, or less than it was charged for. */
  charge(tenant: string, cost: number): void {
    this.#counters.set(tenant, this.of(tenant) + cost)
  }

  #leastWaiting(): number {
    if (this.#waiting.size === 0) return this.#floor
    let least = Number.POSITIVE_INFINITY
    for (const tenant of this.#waiting.keys()) least = Math.min(least, this.of(tenant))
    return least
  }
}
