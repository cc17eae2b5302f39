/** Single-flight: the first of identical requests leads, the others wait for its reply. */
import { CACHE_LEASE_RENEW_MS, CACHE_LEASED_READ_MS, CACHE_WAIT_MS } from '../core/recall/limits.ts'
import { guarded } from './guarded.ts'
import { opened } from './memory.ts'
import { hitOf, type Search } from './search.ts'
import type { Hit, Lease, RecallServices } from './types.ts'

/**
 * Looks up and takes the lead where there is nothing and nobody leads; else waits. `lead`: with this lease. Null: go on
 * alone. The lead that falls to a follower whose client has left meanwhile is passed on.
 */
export async function follow(
  services: RecallServices,
  search: Search,
): Promise<Hit | { readonly lead: string } | 'cancelled' | null> {
  const { replyCache, clock, cacheBreaker } = services
  const { place, key, keyring, request, model, client } = search
  const lease = request.requestId
  const { totalMs } = model.config.timeouts
  const untilMs = clock.now() + Math.min(totalMs, request.timeoutMs ?? totalMs)
  let hasWaited = false
  while (clock.now() < untilMs) {
    const ask = () => replyCache.lookUp(place, key, lease, CACHE_LEASED_READ_MS)
    const answer = await guarded(services, cacheBreaker, 'replies', ask)
    if (answer === null) return null
    const known = await opened(services, place, keyring, answer)
    if (known !== null) return hitOf(services, place, key, hasWaited ? 'coalesced' : 'hit', known)
    if (answer.turn === 'lead') return client.aborted ? passOn(services, search, lease) : { lead: lease }
    if (answer.turn === null) return null
    hasWaited = true
    const waiting = replyCache.wait(place, key, lease, Math.min(CACHE_WAIT_MS, untilMs - clock.now()))
    // A wait that is over without an answer, and one whose store was lost, look again.
    const turn = await orLeft(
      waiting.catch(() => 'again' as const),
      client,
    )
    if (turn === 'left') return passOn(services, search, lease)
    if (turn === 'lead') return { lead: lease }
    if (turn === 'alone') return null
  }
  return null
}

function passOn({ replyCache, background }: RecallServices, { place, key }: Search, lease: string): 'cancelled' {
  background(replyCache.release(place, key, lease, 'lead').catch(() => undefined))
  return 'cancelled'
}

/** Renews from now on, until it is stopped. The timer is the request's own and dies with it, and so does the lease. */
export function keepLease(services: RecallServices, { place, key }: Search, id: string): Lease {
  const { clock, replyCache, background } = services
  let cancel = clock.after(CACHE_LEASE_RENEW_MS, beat)
  function beat(): void {
    cancel = clock.after(CACHE_LEASE_RENEW_MS, beat)
    background(replyCache.renew(place, key, id).catch(() => undefined))
  }
  return { id, stop: () => cancel() }
}

/** What comes, or `left` once the client has gone. */
function orLeft<T>(coming: Promise<T>, client: AbortSignal): Promise<T | 'left'> {
  return new Promise((resolve, reject) => {
    if (client.aborted) return resolve('left')
    const leave = (): void => resolve('left')
    client.addEventListener('abort', leave, { once: true })
    coming.then(resolve, reject).finally(() => client.removeEventListener('abort', leave))
  })
}
