/** Keeps the concurrency lease of a request for as long as it runs. */
import type { Heartbeats } from '../core/ledger/heartbeats.ts'
import { LEASE_RENEW_MS } from '../core/limits.ts'
import { ownerOf, type TenantPlace } from '../core/tenant.ts'
import type { Clock } from '../lib/clock.ts'
import type { TenantStore } from '../stores/types.ts'

/** What renewing stands on. */
export interface LeaseServices {
  readonly clock: Clock
  readonly heartbeats: Heartbeats
  readonly tenants: Pick<TenantStore, 'renew'>
  readonly background: (work: Promise<unknown>) => void
}

/**
 * Renews from now on; the answer ends it. The timer is the request's own and dies with it, and so does the lease. Each
 * time it takes along the other leases of its tenant that are due: a thousand streams cost one call in a while.
 */
export function keepLease(services: LeaseServices, place: TenantPlace, requestId: string): () => void {
  const { clock, heartbeats } = services
  const owner = ownerOf(place)
  heartbeats.hold(owner, requestId, clock.now())
  let cancel = clock.after(LEASE_RENEW_MS, beat)
  function beat(): void {
    cancel = clock.after(LEASE_RENEW_MS, beat)
    const due = heartbeats.due(owner, requestId, clock.now())
    if (due.length > 0) services.background(renew(services, place, owner, due))
  }
  return () => {
    cancel()
    heartbeats.release(owner, requestId)
  }
}

async function renew(services: LeaseServices, place: TenantPlace, owner: string, ids: string[]): Promise<void> {
  await services.tenants.renew(place, ids).catch(() => services.heartbeats.failed(owner, ids))
}
