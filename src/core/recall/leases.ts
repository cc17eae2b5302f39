/** Who leads and who waits, by key: one request asks the upstream, others with the same key get its reply. No I/O. */
import { BoundedMap } from '../../lib/bounded-map.ts'
import { CACHE_LEASE_MS, CACHE_LEASES_ENDED_MAX, CACHE_LEASES_MAX, CACHE_WAITERS_MAX } from './limits.ts'

/** What a wait comes to: the reply is there, it is one's turn to lead, or go on without anybody. */
export type LeaseTurn = 'stored' | 'lead' | 'alone'

interface Waiter {
  readonly untilMs: number
  readonly tell: (turn: LeaseTurn) => void
}

interface Flight {
  leader: string
  untilMs: number
  /** By their own lease, in order of arrival. */
  readonly waiters: Map<string, Waiter>
}

/** Of one shard. In memory alone: whoever loses it asks again. */
export class Leases {
  readonly #flights = new Map<string, Flight>()
  /** Keys that somebody waits for. */
  readonly #awaited = new Set<string>()
  readonly #ended = new BoundedMap<string, true>(CACHE_LEASES_ENDED_MAX)
  /** Keys that nobody need wait for, and until when: those who were told to wait a moment before come yet. */
  readonly #freed = new BoundedMap<string, number>(CACHE_LEASES_ENDED_MAX)
  #waiting = 0

  /** Somebody found nothing under a key. Again with the same lease: the same answer. */
  take(key: string, lease: string, nowMs: number): 'lead' | 'wait' {
    const flight = this.#live(key, nowMs)
    if (flight === undefined) {
      this.#lead(key, lease, nowMs)
      return 'lead'
    }
    return flight.leader === lease ? 'lead' : 'wait'
  }

  /** `tell` is called once: now, later, or at `untilMs` at the latest if `expire` is called when it is due. */
  wait(key: string, lease: string, nowMs: number, untilMs: number, tell: Waiter['tell']): void {
    const flight = this.#live(key, nowMs)
    if (flight !== undefined) this.#drop(key, flight, lease)?.tell('alone')
    if (flight === undefined && (this.#freed.get(key) ?? 0) > nowMs) tell('alone')
    else if (flight === undefined || flight.leader === lease) {
      this.#lead(key, lease, nowMs)
      tell('lead')
    } else if (this.#waiting >= CACHE_WAITERS_MAX) tell('alone')
    else {
      flight.waiters.set(lease, { untilMs, tell })
      this.#awaited.add(key)
      this.#waiting += 1
    }
  }

  /** False: it is over. A lease that is not known, nor known to be over, was lost with the memory of it, and holds again. */
  renew(key: string, lease: string, nowMs: number): boolean {
    const flight = this.#flights.get(key)
    if (flight === undefined ? this.#ended.get(lease) === true : flight.leader !== lease) return false
    this.#lead(key, lease, nowMs)
    return true
  }

  /** A leader, or somebody who waits, is done without a reply. */
  release(key: string, lease: string, next: 'lead' | 'alone', nowMs: number): void {
    this.#ended.set(lease, true)
    const flight = this.#flights.get(key)
    if (flight === undefined) return
    if (flight.leader !== lease) this.#drop(key, flight, lease)?.tell('alone')
    else if (next === 'lead') this.#handOn(key, flight, nowMs)
    else {
      this.#freed.set(key, nowMs + CACHE_LEASE_MS)
      this.#end(key, flight, 'alone')
    }
  }

  /** The reply is there, whoever brought it. */
  stored(key: string, lease: string | null): void {
    if (lease !== null) this.#ended.set(lease, true)
    const flight = this.#flights.get(key)
    if (flight !== undefined) this.#end(key, flight, 'stored')
  }

  isAwaited(key: string): boolean {
    return this.#awaited.has(key)
  }

  /** When `expire` has something to do; never while nobody waits. */
  nextMs(): number {
    let nextMs = Number.POSITIVE_INFINITY
    for (const key of this.#awaited) {
      const flight = this.#flights.get(key)
      if (flight === undefined) continue
      nextMs = Math.min(nextMs, flight.untilMs)
      for (const { untilMs } of flight.waiters.values()) nextMs = Math.min(nextMs, untilMs)
    }
    return nextMs
  }

  /** Leaders that were not heard of are taken for dead: the next in line leads. */
  expire(nowMs: number): void {
    for (const key of [...this.#awaited]) {
      const flight = this.#live(key, nowMs)
      for (const [lease, waiter] of [...(flight?.waiters ?? [])]) {
        if (waiter.untilMs <= nowMs && flight !== undefined) this.#drop(key, flight, lease)?.tell('alone')
      }
    }
  }

  /** Nobody leads any more, and nobody waits. */
  close(): void {
    for (const [key, flight] of [...this.#flights]) this.#end(key, flight, 'alone')
  }

  /** A key's flight, after its leader was replaced if it was over. */
  #live(key: string, nowMs: number): Flight | undefined {
    const flight = this.#flights.get(key)
    if (flight !== undefined && flight.untilMs <= nowMs) this.#handOn(key, flight, nowMs)
    return this.#flights.get(key)
  }

  #lead(key: string, lease: string, nowMs: number): void {
    const untilMs = nowMs + CACHE_LEASE_MS
    const flight = this.#flights.get(key)
    if (flight !== undefined) {
      flight.leader = lease
      flight.untilMs = untilMs
      return
    }
    if (this.#flights.size >= CACHE_LEASES_MAX) this.#sweep(nowMs)
    // With no room left it leads nobody.
    if (this.#flights.size < CACHE_LEASES_MAX) this.#flights.set(key, { leader: lease, untilMs, waiters: new Map() })
  }

  #handOn(key: string, flight: Flight, nowMs: number): void {
    this.#ended.set(flight.leader, true)
    for (const [lease, { untilMs }] of [...flight.waiters]) {
      const waiter = this.#drop(key, flight, lease)
      if (untilMs > nowMs) {
        this.#lead(key, lease, nowMs)
        waiter?.tell('lead')
        return
      }
      waiter?.tell('alone')
    }
    this.#flights.delete(key)
  }

  #end(key: string, flight: Flight, turn: LeaseTurn): void {
    this.#ended.set(flight.leader, true)
    this.#flights.delete(key)
    for (const lease of [...flight.waiters.keys()]) this.#drop(key, flight, lease)?.tell(turn)
  }

  #drop(key: string, flight: Flight, lease: string): Waiter | undefined {
    const waiter = flight.waiters.get(lease)
    if (waiter === undefined) return undefined
    flight.waiters.delete(lease)
    this.#waiting -= 1
    if (flight.waiters.size === 0) this.#awaited.delete(key)
    return waiter
  }

  #sweep(nowMs: number): void {
    for (const [key, { untilMs, waiters }] of this.#flights) {
      if (untilMs <= nowMs && waiters.size === 0) this.#flights.delete(key)
    }
  }
}
