/** The request path: authenticate → admit → recall → reserve → route → dispatch → record. Every branch is here; the rooms decide or do. */
import { type Admission, admit } from './admit/admit.ts'
import { admitHit } from './admit/admit-hit.ts'
import { guardRate } from './admit/rate-guard.ts'
import { reserve } from './admit/reserve.ts'
import type { Entry } from './authenticate/enter.ts'
import type { Refusal } from './core/errors.ts'
import { type Client, type InferenceRequest, promptBytes } from './core/inference.ts'
import { modelOf } from './core/models.ts'
import type { HitKind } from './core/recall/types.ts'
import { type Usage, usageEstimated } from './core/usage.ts'
import { counted } from './dispatch/count.ts'
import { dispatch, type Outcome, type Tried } from './dispatch/dispatch.ts'
import { helpersOf } from './dispatch/helpers.ts'
import { keep } from './recall/keep.ts'
import { recall } from './recall/recall.ts'
import type { Hit } from './recall/types.ts'
import { end, type Recordable } from './record/end.ts'
import { route } from './route/route.ts'
import type { Services } from './services.ts'

/** How a request is answered: exactly one of these, each recorded once. `cancelled`: the client left first. */
export type Answer = Told &
  (
    | (Extract<Outcome, { kind: 'whole' }> & { readonly costMicroUsd: number | null })
    | Extract<Outcome, { kind: 'stream' | 'cancelled' }>
    | (Tried & { readonly kind: 'recalled'; readonly hit: Hit })
    | (Tried & { readonly kind: 'refused'; readonly refusal: Refusal; readonly usage?: Usage | null })
  )

/** What every answer tells: how limits stood, the time waited for its turn, what recall made of it and why it was passed by. */
interface Told extends Pick<Admission, 'limits' | 'queueMs'> {
  readonly cache: HitKind | 'miss' | 'bypass'
  readonly bypass: string | null
}

const UNTRIED: Tried = { attempts: 0, target: null, askedAtMs: null }
const UNASKED: Told = { limits: null, queueMs: 0, cache: 'bypass', bypass: null }

/** Answers one request of somebody let in. When `client` has left, that cancels in every phase. Never rejects. */
export async function answer(
  services: Services,
  entry: Entry,
  request: InferenceRequest,
  client: Client,
  progress: { cache: Told['cache'] } = { cache: 'bypass' },
): Promise<Answer> {
  const { deployment, caller } = entry
  const refused = (reason: Refusal, told: Told): Answer => refuse(services, entry, request, reason, told)
  const { guard } = deployment.config
  const tooFast = guard && (await guardRate(services, caller, guard))
  if (tooFast) return refused(tooFast, UNASKED)
  const model = modelOf(deployment.models, caller, request.alias)
  if ('code' in model) return refused(model, UNASKED)

  const asked = admit(services, entry, request, model, client)
  const admission = asked instanceof Promise ? await asked : asked
  const admitted: Told = { ...UNASKED, limits: admission.limits, queueMs: admission.queueMs }
  if (admission.kind === 'refused') return refused(admission.refusal, admitted)
  if (admission.kind === 'cancelled') return leave(services, entry, request)

  const helpers = helpersOf(services, deployment, model, (one, of) => route(services, deployment, caller, one, of))
  const looked = recall(services, entry, request, model, { canLead: admission.kind === 'admitted', ...helpers }, client)
  if (looked instanceof Promise) progress.cache = 'miss'
  const recalled = looked instanceof Promise ? await looked : looked
  if (recalled.kind === 'cancelled') return leave(services, entry, request, admission)
  if (recalled.kind === 'hit') {
    const { hit } = recalled
    const served = admission.kind === 'admitted' ? admission : await admitHit(services, entry, request, model, client)
    const told: Told = { ...admitted, limits: served.limits, cache: hit.as }
    if (served.kind === 'cancelled') return leave(services, entry, request)
    if (served.kind !== 'admitted') return refused(served.refusal, told)
    const known = { ...UNTRIED, ...told, target: { id: hit.reply.target } }
    end(services, entry, request, { ...served, ...known, outcome: 'finished' })
    return { ...known, kind: 'recalled', hit }
  }
  const told: Told = { ...admitted, ...(recalled.kind === 'bypass' ? { bypass: recalled.reason } : { cache: 'miss' }) }
  const reservation = reserve(admission)
  if (reservation.kind === 'refused') return refused(reservation.refusal, told)

  const plan = route(services, deployment, caller, request, model, reservation)
  const outcome: Outcome =
    plan.kind === 'plan'
      ? counted(services, caller, request, model, await dispatch(services, request, plan, client.signal))
      : { ...UNTRIED, kind: plan.outcome, refusal: plan.refusal }
  keep(services, recalled, outcome)
  const ended = { ...outcome, ...told, charge: reservation.charge, release: reservation.release }
  if (outcome.kind === 'whole')
    return { ...outcome, ...told, ...end(services, entry, request, { ...ended, outcome: 'finished' }) }
  if (outcome.kind === 'stream') {
    // Not the request itself: its body is not kept for as long as the stream goes on.
    const streamed = { requestId: request.requestId, startedAtMs: request.startedAtMs, alias: request.alias }
    const firstTokenMs = outcome.committedAtMs - request.startedAtMs
    const over = outcome.live.ended.then(({ kind, ...more }) =>
      end(services, entry, streamed, { ...ended, ...more, outcome: kind, firstTokenMs }),
    )
    services.background(over)
    return { ...outcome, ...told }
  }
  if (outcome.kind === 'cancelled') {
    // Whoever was asked has the prompt, and bills it.
    const usage = outcome.askedAtMs === null || request.relay ? null : usageEstimated(promptBytes(request), 0)
    end(services, entry, request, { ...ended, outcome: 'cancelled', usage })
    return { ...outcome, ...told }
  }
  end(services, entry, request, { ...ended, outcome: outcome.kind })
  return { ...outcome, ...told, kind: 'refused' }
}

/** Refuses somebody let in, before or after there is a request to answer. Recorded like every other end. */
export function refuse(services: Services, entry: Entry, request: Recordable, reason: Refusal, told = UNASKED): Answer {
  end(services, entry, request, { ...UNTRIED, cache: told.cache, outcome: 'refused', refusal: reason })
  return { ...UNTRIED, ...told, kind: 'refused', refusal: reason }
}

/** Records somebody let in who left before anybody was asked. */
export function leave(services: Services, entry: Entry, request: Recordable, admission?: Admission): Answer {
  end(services, entry, request, { ...UNTRIED, ...admission, outcome: 'cancelled' })
  return { ...UNTRIED, ...UNASKED, kind: 'cancelled' }
}
