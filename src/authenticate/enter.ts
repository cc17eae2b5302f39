/** The way in: a caller, and the one version of the deployment that serves the whole of their request. */
import { type Refusal, refusal } from '../core/errors.ts'
import type { Deployment } from '../core/snapshot.ts'
import type { Caller } from '../core/tenant.ts'
import type { Refreshed } from '../lib/refreshed.ts'
import { authenticate, type Guard } from './authenticate.ts'
import type { Presented } from './presented.ts'

/** Somebody let in, and the one version of the deployment that serves the whole of their request. */
export interface Entry {
  readonly deployment: Deployment
  readonly caller: Caller
  /** The same key a while later, under the policy as it is then. */
  readonly again: () => Promise<Entered>
}

/** Let in, or not. */
export type Entered = (Entry & { readonly kind: 'entry' }) | { readonly kind: 'refused'; readonly refusal: Refusal }

const UNREADABLE = refusal('overloaded', 'The configuration cannot be read now. Try again.', { retryAfterMs: 1000 })

/** Lets a caller in, or not. Comes before the body is read, so the skins call it first. */
export async function enter(
  services: { readonly deployment: Refreshed<Deployment> },
  guard: Guard,
  presented: Presented,
): Promise<Entered> {
  const deployment = services.deployment.peek() ?? (await services.deployment.get().catch(() => null))
  if (deployment === null) return { kind: 'refused', refusal: UNREADABLE }
  const authentication = await authenticate(guard, presented, deployment)
  if (authentication.kind === 'refused') return authentication
  const again = (): Promise<Entered> => enter(services, guard, presented)
  return { kind: 'entry', deployment, caller: authentication.caller, again }
}
