/** Gives a slice back at its end when no later request does. */
import type { Slices } from '../core/ledger/slices.ts'
import { ownerOf, type TenantPlace } from '../core/tenant.ts'
import { type Clock, sleep } from '../lib/clock.ts'
import type { TenantStore } from '../stores/types.ts'

/** What giving back stands on. */
export interface GiveBackServices {
  readonly clock: Clock
  readonly slices: Slices
  readonly tenants: Pick<TenantStore, 'record'>
}

/**
 * For as long as requests come they take along what is left of slices. After the last of a busy time nobody does, and the
 * rest would stay charged until the ledger takes its isolate for dead; so whoever brought a slice looks once more.
 */
export async function giveBack(
  { clock, slices, tenants }: GiveBackServices,
  place: TenantPlace,
  lifeMs: number,
): Promise<void> {
  await sleep(clock, lifeMs)
  const owner = ownerOf(place)
  const reports = slices.reports(owner, clock.now())
  if (reports.length === 0) return
  try {
    await tenants.record(place, { rows: [], charges: {}, slices: reports })
    slices.delivered(owner, reports)
  } catch {
    slices.lost(owner, reports)
  }
}
