/** Objects that were made for a caller, told to the tenant's object: so that they are erased with it. */
import { USAGE_FLUSH_MS } from '../core/limits.ts'
import type { OwnedThing } from '../core/owned.ts'
import { type Caller, placeOf } from '../core/tenant.ts'
import type { TenantStore } from '../stores/types.ts'
import { flushAfter, type RecordServices } from './record.ts'

/** What it stands on. */
export type OwnServices = RecordServices & { readonly tenants: Pick<TenantStore, 'own'> }

/** Goes with the next usage rows, or at once where there are too many already. */
export function own(
  services: OwnServices,
  caller: Pick<Caller, 'tenantId' | 'generation' | 'tenant'>,
  thing: OwnedThing,
): void {
  const owner = placeOf(caller)
  const isDue = services.usageBuffer.own(owner, thing, services.clock.now())
  if (isDue === null) services.background(services.tenants.own(owner, [thing]).catch(() => undefined))
  else if (isDue) services.background(flushAfter(services, owner, USAGE_FLUSH_MS))
}
