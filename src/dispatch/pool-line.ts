/** The line to a pool's object: asks for turns, takes news along, keeps leases alive, and knows when not to ask. */
import { LEASE_RENEW_MS } from '../core/limits.ts'
import { POOL_TURN_GRACE_MS } from '../core/pool/line-limits.ts'
import type { PoolLines } from '../core/pool/lines.ts'
import type { PoolEvent, PoolLease, PoolRequest, Turn } from '../core/pool/types.ts'
import { type Clock, sleep } from '../lib/clock.ts'
import { LEFT, orLeft } from '../lib/waiting.ts'
import type { PoolPlace, PoolSaid, PoolStore } from '../stores/types.ts'

/** What the line stands on. */
export interface LineServices {
  readonly clock: Clock
  readonly background: (work: Promise<unknown>) => void
  readonly log: (line: Readonly<Record<string, unknown>>) => void
  readonly pools: PoolLines & { readonly store: PoolStore }
}

/** A turn, and how long it was queued for it, ms. */
export interface Taken {
  readonly turn: Exclude<Turn, { kind: 'queued' }>
  readonly queuedMs: number
}

/**
 * A turn, waited for where it must be; `left`: the client has. Null: the object cannot be asked, or was lost while the
 * request waited. What it may have granted all the same is taken back.
 */
export async function turnOf(
  services: LineServices,
  place: PoolPlace,
  request: PoolRequest,
  isExplained: boolean,
  client: AbortSignal,
): Promise<Taken | 'left' | null> {
  const { clock, pools } = services
  const breaker = pools.breaker(place.pool)
  if (!breaker.mayTry(clock.now())) return null
  const deadlineMs = pools.trips.deadlineMs(place.pool)
  const events = pools.desk.take(place.pool)
  const lost = (): null => {
    // The promise of whoever waits to send them stands.
    pools.desk.putBack(place.pool, events)
    return null
  }
  const withdraw = (): void => tell(services, place, { kind: 'left', id: request.id })
  const asked = pools.degraded.watch(pools.store.acquire(place, request, events, isExplained, deadlineMs))
  try {
    const answer = await orLeft(asked, client)
    if (answer === LEFT) {
      asked.catch(lost)
      withdraw()
      return 'left'
    }
    breaker.succeeded()
    heard(services, place, answer)
    if (answer.turn.kind !== 'queued') return { turn: answer.turn, queuedMs: 0 }
  } catch {
    lost()
    if (breaker.failed(clock.now()))
      services.log({ level: 'error', event: 'pool-out-of-reach', pool: place.pool, deadlineMs })
    withdraw()
    return null
  }
  const queuedAtMs = clock.now()
  try {
    const turn = await orLeft(pools.store.turn(place, request.id, request.maxWaitMs + POOL_TURN_GRACE_MS), client)
    if (turn !== LEFT) return { turn, queuedMs: clock.now() - queuedAtMs }
    withdraw()
    return 'left'
  } catch {
    withdraw()
    return null
  }
}

/** Has the object hear of something soon. */
export function tell(services: LineServices, place: PoolPlace, event: PoolEvent): void {
  const { clock, pools, background } = services
  pools.desk.add(place.pool, event)
  const waitMs = pools.desk.promise(place.pool, clock.now())
  if (waitMs !== null) background(send(services, place, waitMs))
}

/**
 * Holds a lease until the function it answers with is called. The timer is the request's own and dies with it, and so
 * does the lease; each time it takes along the others of the pool that are due.
 */
export function holdLease(services: LineServices, place: PoolPlace, lease: PoolLease): () => void {
  const { clock, pools, background } = services
  const { desk, beats } = pools
  desk.hold(place.pool, lease)
  beats.hold(place.pool, lease.id, clock.now())
  let cancel = clock.after(LEASE_RENEW_MS, beat)
  function beat(): void {
    cancel = clock.after(LEASE_RENEW_MS, beat)
    const due = beats.due(place.pool, lease.id, clock.now())
    if (due.length > 0) background(renew(services, place, due))
  }
  return () => {
    cancel()
    beats.release(place.pool, lease.id)
  }
}

async function renew(services: LineServices, place: PoolPlace, ids: readonly string[]): Promise<void> {
  const { store, beats, desk } = services.pools
  const events = desk.take(place.pool)
  try {
    heard(services, place, await store.tell(place, { events, renew: ids }))
  } catch {
    desk.putBack(place.pool, events)
    beats.failed(place.pool, ids)
  }
}

async function send(services: LineServices, place: PoolPlace, waitMs: number): Promise<void> {
  const { clock, pools } = services
  const { store, desk } = pools
  await sleep(clock, waitMs)
  const events = desk.take(place.pool)
  desk.kept(place.pool)
  // An acquire has taken them along.
  if (events.length === 0) return
  try {
    heard(services, place, await store.tell(place, { events }))
  } catch {
    desk.putBack(place.pool, events)
  }
}

/** An object that has lost its memory is told what this isolate holds of it. */
function heard({ pools, background }: LineServices, place: PoolPlace, { epoch, isQueued }: PoolSaid): void {
  const leases = pools.desk.heard(place.pool, epoch, isQueued)
  if (leases.length > 0) background(pools.store.tell(place, { events: [], leases }).catch(() => undefined))
}
