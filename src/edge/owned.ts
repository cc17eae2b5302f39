/** Requests that an object answers: let in before, and made again from what their clients sent. */
import type { Entry } from '../authenticate/enter.ts'
import type { StreamJob } from '../core/streams/types.ts'
import { matcher } from '../core/tenant.ts'
import { fromBase64 } from '../lib/hash.ts'
import type { Services } from '../services.ts'

/** What is known of such a request besides itself. */
export interface Owned {
  readonly entry: Entry
  readonly identity: { readonly requestId: string; readonly startedAtMs: number }
  readonly headingId: string | undefined
  readonly isBackground: boolean
}

/** By the request that was made; nobody else can bring one in. */
export type OwnedRequests = WeakMap<Request, Owned>

/** The request of a job, as its client sent it but for the key: aborting the signal is the client leaving. */
export async function requestOf(
  services: Pick<Services, 'deployment'>,
  owned: OwnedRequests,
  job: StreamJob,
  signal: AbortSignal,
): Promise<Request> {
  const deployment = services.deployment.peek() ?? (await services.deployment.get())
  const { tenant, key } = job.caller
  const [ofTenant, ofKey] = [matcher(tenant.models), matcher(key.models)]
  const caller = { ...job.caller, mayCall: (alias: string) => ofTenant(alias) && ofKey(alias) }
  const entry: Entry = { deployment, caller, again: () => Promise.resolve({ ...entry, kind: 'entry' }) }
  const body = job.isBase64 ? fromBase64(job.text) : job.text
  const request = new Request(`https://sluice${job.path}`, { method: 'POST', headers: job.headers, body, signal })
  const { requestId, startedAtMs, isBackground } = job
  const headingId = job.headingId ?? undefined
  owned.set(request, { entry, identity: { requestId, startedAtMs }, headingId, isBackground })
  return request
}
