/** What an isolate has to do with each pool's object: news that waits to go along, what it holds, what it last heard. No I/O. */
import { POOL_HELD_MAX, POOL_NEWS_MAX, POOL_NEWS_SOON_MS, POOL_NEWS_WAIT_MS } from './line-limits.ts'
import type { PoolEvent, PoolLease } from './types.ts'

const NOTHING: readonly PoolEvent[] = []

interface Own {
  events: PoolEvent[]
  readonly held: Map<string, PoolLease>
  /** Of the object that answered last; null before the first answer. */
  epoch: string | null
  /** Does somebody wait there? Then news is urgent. */
  isQueued: boolean
  /** Until when somebody counts as being about to send what there is. */
  promisedUntilMs: number
}

/**
 * One per isolate. It holds values only: whoever sends owns the call, and what is promised by a request that dies is
 * void after a while. News that is lost costs little: a lease that nobody renews lapses by itself.
 */
export class PoolDesk {
  readonly #pools = new Map<string, Own>()

  /** A replica was bound to a request of this isolate. */
  hold(pool: string, lease: PoolLease): void {
    const { held } = this.#own(pool)
    if (held.size < POOL_HELD_MAX) held.set(lease.id, lease)
  }

  /** Something has happened to a request; news of the oldest goes where there is too much. */
  add(pool: string, event: PoolEvent): void {
    const own = this.#own(pool)
    if (event.kind === 'first') {
      const lease = own.held.get(event.id)
      if (lease !== undefined) own.held.set(event.id, { ...lease, isStarted: true })
    } else own.held.delete(event.id)
    if (own.events.length >= POOL_NEWS_MAX) own.events.shift()
    own.events.push(event)
  }

  /** What there is, on its way. */
  take(pool: string): readonly PoolEvent[] {
    const own = this.#own(pool)
    const { events } = own
    if (events.length === 0) return NOTHING
    own.events = []
    return events
  }

  /** It did not arrive: it goes before what came since. */
  putBack(pool: string, events: readonly PoolEvent[]): void {
    const own = this.#own(pool)
    own.events = [...events, ...own.events].slice(-POOL_NEWS_MAX)
  }

  /** After how long the caller is to send what there is, unless an acquire takes it along; null: somebody else will. */
  promise(pool: string, nowMs: number): number | null {
    const own = this.#own(pool)
    if (own.events.length === 0 || nowMs < own.promisedUntilMs) return null
    const waitMs = own.isQueued ? POOL_NEWS_SOON_MS : POOL_NEWS_WAIT_MS
    own.promisedUntilMs = nowMs + 2 * POOL_NEWS_WAIT_MS
    return waitMs
  }

  /** It was sent, or not: the next news is somebody else's to see to. */
  kept(pool: string): void {
    this.#own(pool).promisedUntilMs = Number.NEGATIVE_INFINITY
  }

  /** What the object said of itself. Where it has lost its memory since: all that is held of it, to be told. */
  heard(pool: string, epoch: string, isQueued: boolean): readonly PoolLease[] {
    const own = this.#own(pool)
    const isOther = own.epoch !== null && own.epoch !== epoch
    own.epoch = epoch
    own.isQueued = isQueued
    return isOther ? [...own.held.values()] : []
  }

  /** Forgets pools that the config no longer names. */
  keep(names: ReadonlySet<string>): void {
    for (const name of this.#pools.keys()) if (!names.has(name)) this.#pools.delete(name)
  }

  #own(pool: string): Own {
    let own = this.#pools.get(pool)
    if (own === undefined) {
      own = { events: [], held: new Map(), epoch: null, isQueued: false, promisedUntilMs: Number.NEGATIVE_INFINITY }
      this.#pools.set(pool, own)
    }
    return own
  }
}
