/** Beside the path: a request that reads along with an identical one in flight. Admitted and recorded as a hit is. */
import { admitHit } from './admit/admit-hit.ts'
import type { Entry } from './authenticate/enter.ts'
import type { Refusal } from './core/errors.ts'
import type { Client, InferenceRequest } from './core/inference.ts'
import type { LimitState } from './core/ledger/types.ts'
import { modelOf } from './core/models.ts'
import { leave, refuse } from './gateway.ts'
import { flightOf } from './recall/flight.ts'
import { end } from './record/end.ts'
import type { Services } from './services.ts'

/** The name under which identical requests meet; null where this one is to be answered by itself. */
export function meetingOf(
  services: Services,
  { deployment, caller }: Entry,
  request: InferenceRequest,
): string | null | Promise<string | null> {
  const model = modelOf(deployment.models, caller, request.alias)
  return 'code' in model ? null : flightOf(services, caller, request, model)
}

/** Let in to read along, or not. */
export type Following =
  | {
      readonly kind: 'following'
      readonly limits: LimitState | null
      readonly queueMs: number
      /** Records it; to be called once, when it has been read to its end or its reader has left. */
      readonly ended: (outcome: 'finished' | 'cancelled', target: string | null, firstTokenMs: number) => void
    }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly limits: LimitState | null }
  | { readonly kind: 'cancelled' }

/** Admits whoever reads along: it costs a request, never tokens or money. */
export async function follow(
  services: Services,
  entry: Entry,
  request: InferenceRequest,
  client: Client,
): Promise<Following> {
  const model = modelOf(entry.deployment.models, entry.caller, request.alias)
  if ('code' in model) return { kind: 'refused', refusal: model, limits: null }
  const admission = await admitHit(services, entry, request, model, client)
  if (admission.kind === 'cancelled') {
    leave(services, entry, request)
    return { kind: 'cancelled' }
  }
  if (admission.kind !== 'admitted') {
    refuse(services, entry, request, admission.refusal)
    return { kind: 'refused', refusal: admission.refusal, limits: admission.limits }
  }
  const ended = (outcome: 'finished' | 'cancelled', target: string | null, firstTokenMs: number): void => {
    const known = { attempts: 0, askedAtMs: null, target: target === null ? null : { id: target } }
    end(services, entry, request, { ...admission, ...known, cache: 'coalesced', outcome, firstTokenMs })
  }
  return { kind: 'following', limits: admission.limits, queueMs: admission.queueMs, ended }
}
