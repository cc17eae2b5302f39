/** The way in: a caller, and the one version of the deployment that serves the whole of their request. */
import { type Refusal, refusal } from '../core/errors.ts'
import type { Deployment } from '../core/snapshot.ts'
import type { Caller } from '../core/tenant.ts'
import type { Refreshed } from '../lib/refreshed.ts'
import { type Authentication, authenticate, type Guard } from './authenticate.ts'
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

interface Deployed {
  readonly deployment: Refreshed<Deployment>
}

const UNREADABLE = refusal('overloaded', 'The configuration cannot be read now. Try again.', { retryAfterMs: 1000 })

/** Lets a caller in, or not; at once where nothing must be asked for. Comes before the body is read, so the skins call it first. */
export function enter(services: Deployed, guard: Guard, presented: Presented): Entered | Promise<Entered> {
  const deployment = services.deployment.peek()
  return deployment === undefined
    ? enterLater(services, guard, presented)
    : enterUnder(deployment, services, guard, presented)
}

async function enterLater(services: Deployed, guard: Guard, presented: Presented): Promise<Entered> {
  const deployment = await services.deployment.get().catch(() => null)
  if (deployment === null) return { kind: 'refused', refusal: UNREADABLE }
  return enterUnder(deployment, services, guard, presented)
}

function enterUnder(
  deployment: Deployment,
  services: Deployed,
  guard: Guard,
  presented: Presented,
): Entered | Promise<Entered> {
  const entered = (authentication: Authentication, under = deployment): Entered => {
    if (authentication.kind === 'refused') return authentication
    const again = async (): Promise<Entered> => enter(services, guard, presented)
    return { kind: 'entry', deployment: under, caller: authentication.caller, again }
  }
  const authentication = authenticate(guard, presented, deployment)
  if (!(authentication instanceof Promise)) return entered(authentication)
  return deployment.pepper === null
    ? authentication.then(async (one) => entered(one, await peppered(deployment, guard)))
    : authentication.then((one) => entered(one))
}

/** The snapshot is older than the first key: whoever was let in was so with a pepper that it does not have yet. */
async function peppered(deployment: Deployment, guard: Guard): Promise<Deployment> {
  const pepper = await guard.cache.pepper().catch(() => null)
  return pepper === null ? deployment : { ...deployment, pepper }
}
