/** Requests that wait for their turn: first come first served on every limit that somebody stands at. No I/O. */
import type { Count } from './count.ts'
import { freeAt, type Tally } from './tallies.ts'
import type { Ask, Learned } from './types.ts'

/** An ask with what it takes of each of its counters. */
export interface Claim {
  readonly ask: Ask
  readonly units: readonly number[]
  readonly learned: Learned
  readonly tallies: readonly Tally[]
}

/** A claim that waits. */
export interface Waiter extends Claim {
  readonly sinceMs: number
  /** It is refused when its turn has not come by then. */
  readonly deadlineMs: number
}

/** When a claim could go, and the index of the counter that keeps it longest. */
export interface Turn {
  readonly atMs: number
  readonly by: number
}

/** How often the moments of several limits are reconciled; each round moves only later, and two mostly do. */
const ROUNDS_MAX = 8

/** The queue of one tenant. In memory only: whoever waits holds a call to the object open, and asks again if it is lost. */
export class Queue {
  readonly #waiters = new Map<string, Waiter>()
  readonly #standing = new Map<string, number>()
  /** Counts with the turns of all waiters booked on them, by counter; null when something has changed since. */
  #ahead: Map<string, { count: Count; lastMs: number }> | null = null

  get size(): number {
    return this.#waiters.size
  }

  /** Requests that wait and have this counter among theirs. */
  waitingOn(counterId: string): number {
    return this.#standing.get(counterId) ?? 0
  }

  get(id: string): Waiter | undefined {
    return this.#waiters.get(id)
  }

  /** Puts a claim at the end. */
  add(waiter: Waiter): void {
    const turn = this.turnOf(waiter, waiter.sinceMs)
    this.#waiters.set(waiter.ask.id, waiter)
    for (const { counter } of waiter.tallies) this.#count(counter.id, 1)
    this.#book(waiter, turn)
  }

  /** Puts another claim in the place of one that waits. */
  replace(waiter: Waiter): void {
    for (const { counter } of this.#waiters.get(waiter.ask.id)?.tallies ?? []) this.#count(counter.id, -1)
    this.#waiters.set(waiter.ask.id, waiter)
    for (const { counter } of waiter.tallies) this.#count(counter.id, 1)
    this.#ahead = null
  }

  /** Takes a waiter out, wherever it stands. */
  remove(id: string): Waiter | undefined {
    const waiter = this.#waiters.get(id)
    if (waiter === undefined) return undefined
    this.#waiters.delete(id)
    for (const { counter } of waiter.tallies) this.#count(counter.id, -1)
    this.#ahead = null
    return waiter
  }

  /** Something was charged or given back: the turns that were booked are no longer right. */
  changed(): void {
    this.#ahead = null
  }

  /** When a claim could go behind everybody who waits. Of concurrency nothing is foretold: leases end when they end. */
  turnOf({ tallies, units }: Claim, nowMs: number): Turn {
    const ahead = this.#aheadAt(nowMs)
    let [atMs, by] = [nowMs, 0]
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      const fromMs = atMs
      tallies.forEach((tally, index) => {
        if (tally.count === null) return
        const booked = ahead.get(tally.counter.id)
        const need = units[index] ?? 0
        const ownMs =
          booked === undefined
            ? freeAt(tally, need, fromMs)
            : booked.count.freeAt(need, Math.max(fromMs, booked.lastMs), tally.counter.amount)
        if (ownMs > atMs) [atMs, by] = [ownMs, index]
      })
      if (atMs === fromMs || atMs === Number.POSITIVE_INFINITY) break
    }
    return { atMs, by }
  }

  /** The count of a counter with everybody who waits booked on it; null for concurrency. */
  aheadOf(tally: Tally, nowMs: number): Count | null {
    return this.#aheadAt(nowMs).get(tally.counter.id)?.count ?? tally.count
  }

  /**
   * Goes through the waiters in order and calls `go` for each whose turn has come, `expire` for each whose time is
   * over. Who cannot go stands at the counters that keep it, and nobody passes it there. Answers with the moment at
   * which to look again.
   */
  walk(nowMs: number, go: (waiter: Waiter) => void, expire: (waiter: Waiter, by: number) => void): number {
    const stoodAt = new Set<string>()
    let againMs = Number.POSITIVE_INFINITY
    for (const waiter of [...this.#waiters.values()]) {
      const keptBy: number[] = []
      let behind = -1
      let freeMs = nowMs
      waiter.tallies.forEach((tally, index) => {
        if (stoodAt.has(tally.counter.id)) {
          behind = index
          return
        }
        const ownMs = freeAt(tally, waiter.units[index] ?? 0, nowMs)
        if (ownMs <= nowMs) return
        if (ownMs > freeMs) keptBy.unshift(index)
        else keptBy.push(index)
        freeMs = Math.max(freeMs, ownMs)
      })
      if (keptBy.length === 0 && behind === -1) {
        this.remove(waiter.ask.id)
        go(waiter)
      } else if (waiter.deadlineMs <= nowMs || freeMs === Number.POSITIVE_INFINITY) {
        // For ever: an amount was lowered below what it needs. Those behind it need not wait for that.
        this.remove(waiter.ask.id)
        expire(waiter, keptBy[0] ?? behind)
      } else {
        for (const index of keptBy) stoodAt.add(waiter.tallies[index]?.counter.id ?? '')
        againMs = Math.min(againMs, waiter.deadlineMs, behind === -1 ? freeMs : Number.POSITIVE_INFINITY)
      }
    }
    return againMs
  }

  #count(counterId: string, change: number): void {
    const standing = (this.#standing.get(counterId) ?? 0) + change
    if (standing > 0) this.#standing.set(counterId, standing)
    else this.#standing.delete(counterId)
  }

  #aheadAt(nowMs: number): ReadonlyMap<string, { count: Count; lastMs: number }> {
    if (this.#ahead === null) {
      this.#ahead = new Map()
      for (const waiter of this.#waiters.values()) this.#book(waiter, this.turnOf(waiter, nowMs))
    }
    return this.#ahead
  }

  /** Nobody passes a waiter at the counter that keeps it; on its others it only takes its units, when its turn comes. */
  #book({ tallies, units }: Claim, { atMs, by }: Turn): void {
    const ahead = this.#ahead
    if (ahead === null || !Number.isFinite(atMs)) return
    tallies.forEach(({ counter, count }, index) => {
      if (count === null) return
      const booked = ahead.get(counter.id) ?? { count: count.clone(), lastMs: Number.NEGATIVE_INFINITY }
      booked.count.charge(units[index] ?? 0, atMs, counter.amount)
      if (index === by) booked.lastMs = Math.max(booked.lastMs, atMs)
      ahead.set(counter.id, booked)
    })
  }
}
