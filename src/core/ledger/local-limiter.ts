/** What an isolate lets through by itself while a tenant's ledger is out of reach. No I/O. */
import { BoundedMap } from '../../lib/bounded-map.ts'
import { LOCAL_AMOUNT_PART, LOCAL_COUNTS_MAX, LOCAL_OPEN_MS, LOCAL_TRY_MS, OUTAGES_MAX } from '../limits.ts'
import type { Count } from './count.ts'
import { countOf } from './counts.ts'
import { Leases } from './leases.ts'
import type { Ask, Counter } from './types.ts'

/** A tenant's object that was asked in vain. */
interface Outage {
  readonly sinceMs: number
  failedMs: number
  triedMs: number
}

/** What was let through of one counter: charges over time, or leases. */
interface Local {
  readonly count: Count | null
  readonly leases: Leases
}

/** What it must know of a request. */
export type LocalAsk = Pick<Ask, 'id' | 'counters' | 'lifeMs'>

/**
 * One per isolate; owners are named `<tenant>.<generation>`. Rates open to a part of their amount, for a while; money
 * and hard limits promise never to be exceeded and close at once. An outage that nobody has met for as long as rates
 * stay open is over: nothing is known of it any more.
 */
export class LocalLimiter {
  readonly #outages = new BoundedMap<string, Outage>(OUTAGES_MAX)
  readonly #locals = new BoundedMap<string, Local>(LOCAL_COUNTS_MAX)
  #degradedMs = 0
  #countedToMs = 0

  /** The object did not answer. True where that is news. */
  failed(owner: string, nowMs: number): boolean {
    this.#look(nowMs)
    const outage = this.#outages.get(owner)
    if (outage === undefined) this.#outages.set(owner, { sinceMs: nowMs, failedMs: nowMs, triedMs: nowMs })
    else outage.failedMs = nowMs
    return outage === undefined
  }

  /** The object answered, in time or late. */
  answered(owner: string, nowMs: number): void {
    if (this.#outages.size === 0 || this.#outages.get(owner) === undefined) return
    this.#look(nowMs)
    this.#outages.delete(owner)
  }

  /** May this request ask the object? While it is out of reach, one in a while does and the others do not wait. */
  mayTry(owner: string, nowMs: number): boolean {
    if (this.#outages.size === 0 || this.#outages.get(owner) === undefined) return true
    this.#look(nowMs)
    const outage = this.#outages.get(owner)
    if (outage === undefined) return true
    if (nowMs - outage.triedMs < LOCAL_TRY_MS) return false
    outage.triedMs = nowMs
    return true
  }

  /** Lets a request through whose units fit into this isolate's part of every counter, and charges all of them. */
  take(owner: string, { id, counters, lifeMs }: LocalAsk, units: readonly number[], nowMs: number): boolean {
    const outage = this.#outages.get(owner)
    if (outage !== undefined && nowMs - outage.sinceMs >= LOCAL_OPEN_MS) return false
    const fits = counters.every((counter, index) => {
      if (counter.hard || counter.of === 'usd') return false
      const { count, leases } = this.#local(owner, counter)
      const amount = partOf(counter)
      const needed = units[index] ?? 0
      return count === null ? leases.level(nowMs) + needed <= amount : count.freeAt(needed, nowMs, amount) <= nowMs
    })
    if (!fits) return false
    for (const [index, counter] of counters.entries()) {
      const { count, leases } = this.#local(owner, counter)
      if (count === null) leases.hold(id, nowMs + lifeMs)
      else count.charge(units[index] ?? 0, nowMs, partOf(counter))
    }
    return true
  }

  /** A request that was let through has ended. */
  release(owner: string, { id, counters }: LocalAsk, nowMs: number): void {
    for (const counter of counters) {
      if (counter.window.kind === 'held') this.#local(owner, counter).leases.end(id, nowMs)
    }
  }

  /** Time so far in which at least one tenant's object was out of reach. */
  degradedMs(nowMs: number): number {
    this.#look(nowMs)
    return this.#degradedMs
  }

  /** Counts the time since the last look, and forgets outages that nobody has met for long. */
  #look(nowMs: number): void {
    let untilMs = this.#countedToMs
    for (const [owner, { failedMs }] of [...this.#outages.entries()]) {
      untilMs = Math.max(untilMs, Math.min(nowMs, failedMs + LOCAL_OPEN_MS))
      if (nowMs - failedMs >= LOCAL_OPEN_MS) this.#outages.delete(owner)
    }
    this.#degradedMs += untilMs - this.#countedToMs
    this.#countedToMs = Math.max(this.#countedToMs, nowMs)
  }

  #local(owner: string, { id, window }: Counter): Local {
    const name = `${owner} ${id}`
    let local = this.#locals.get(name)
    if (local === undefined) {
      local = { count: window.kind === 'held' ? null : countOf(window, []), leases: new Leases() }
      this.#locals.set(name, local)
    }
    return local
  }
}

/** A small limit is not closed by being divided: one is let through, where one is allowed at all. */
function partOf({ amount }: Counter): number {
  return amount < 1 ? 0 : Math.max(1, Math.floor(amount / LOCAL_AMOUNT_PART))
}
