/** The request path: authenticate → admit → reserve → route → dispatch → record. Every branch is here; the rooms decide or do. */
import { type Admission, admit } from './admit/admit.ts'
import { guardRate } from './admit/rate-guard.ts'
import { reserve } from './admit/reserve.ts'
import { authenticate, type Guard } from './authenticate/authenticate.ts'
import type { Presented } from './authenticate/presented.ts'
import { type Refusal, refusal } from './core/errors.ts'
import { type InferenceRequest, promptBytes } from './core/inference.ts'
import { modelOf } from './core/models.ts'
import type { Caller } from './core/tenant.ts'
import { type Usage, usageEstimated } from './core/usage.ts'
import { dispatch, type Outcome, type Tried } from './dispatch/dispatch.ts'
import { end, type Recordable } from './record/end.ts'
import { route } from './route/route.ts'
import type { Deployment, Services } from './services.ts'

/** Somebody let in, and the one version of the deployment that serves the whole of their request. */
export interface Entry {
  readonly deployment: Deployment
  readonly caller: Caller
  /** The same key a while later, under the policy as it is then. */
  readonly again: () => Promise<Entered>
}

/** Let in, or not. */
type Entered = (Entry & { readonly kind: 'entry' }) | { readonly kind: 'refused'; readonly refusal: Refusal }

/** How a request is answered: exactly one of these, each recorded once. `cancelled`: the client left first. */
export type Answer = Told &
  (
    | (Extract<Outcome, { kind: 'whole' }> & { readonly costMicroUsd: number | null })
    | Extract<Outcome, { kind: 'stream' | 'cancelled' }>
    | (Tried & { readonly kind: 'refused'; readonly refusal: Refusal; readonly usage?: Usage | null })
  )

/** What every answer tells of admission: how the limits that applied stood, and the time waited for its turn. */
type Told = Pick<Admission, 'limits' | 'queueMs'>

const UNTRIED: Tried = { attempts: 0, target: null, askedAtMs: null }
const UNASKED: Told = { limits: null, queueMs: 0 }
const UNREADABLE = refusal('overloaded', 'The configuration cannot be read now. Try again.', { retryAfterMs: 1000 })

/** Lets a caller in, or not. Comes before the body is read, so the skins call it first. */
export async function enter(services: Services, guard: Guard, presented: Presented): Promise<Entered> {
  const deployment = services.deployment.peek() ?? (await services.deployment.get().catch(() => null))
  if (deployment === null) return { kind: 'refused', refusal: UNREADABLE }
  const authentication = await authenticate(guard, presented, deployment)
  if (authentication.kind === 'refused') return authentication
  const again = (): Promise<Entered> => enter(services, guard, presented)
  return { kind: 'entry', deployment, caller: authentication.caller, again }
}

/** Answers one request of somebody let in. Aborting `signal` (the client left) cancels in every phase. Never rejects. */
export async function answer(
  services: Services,
  entry: Entry,
  request: InferenceRequest,
  signal: AbortSignal,
): Promise<Answer> {
  const { deployment, caller } = entry
  const refused = (reason: Refusal, told: Told): Answer => {
    refuse(services, entry, request, reason)
    return { ...UNTRIED, ...told, kind: 'refused', refusal: reason }
  }
  const { guard } = deployment.config
  const tooFast = guard === undefined ? null : await guardRate(services, caller, guard)
  if (tooFast !== null) return refused(tooFast, UNASKED)
  const model = modelOf(deployment.models, caller, request.alias)
  if ('code' in model) return refused(model, UNASKED)

  const asked = admit(services, entry, request, model, signal)
  const admission = asked instanceof Promise ? await asked : asked
  const told = { limits: admission.limits, queueMs: admission.queueMs }
  if (admission.kind === 'refused') return refused(admission.refusal, told)
  if (admission.kind === 'cancelled') return leave(services, entry, request)
  const reservation = reserve(admission)
  if (reservation.kind === 'refused') return refused(reservation.refusal, told)

  const plan = route(services, deployment, caller, request, model, reservation)
  const outcome: Outcome =
    plan.kind === 'plan'
      ? await dispatch(services, request, plan, signal)
      : { ...UNTRIED, kind: plan.outcome, refusal: plan.refusal }
  const ended = { ...outcome, ...told, charge: reservation.charge, release: reservation.release }
  switch (outcome.kind) {
    case 'cancelled': {
      // Whoever was asked has the prompt, and bills it.
      const usage = outcome.askedAtMs === null ? null : usageEstimated(promptBytes(request), 0)
      end(services, entry, request, { ...ended, outcome: 'cancelled', usage })
      return { ...outcome, ...told }
    }
    case 'refused':
    case 'failed':
      end(services, entry, request, { ...ended, outcome: outcome.kind })
      return { ...outcome, ...told, kind: 'refused' }
    case 'whole':
      return { ...outcome, ...told, ...end(services, entry, request, { ...ended, outcome: 'finished' }) }
    case 'stream': {
      // Not the request itself: its body is not kept for as long as the stream goes on.
      const { requestId, startedAtMs, alias } = request
      const firstTokenMs = outcome.committedAtMs - startedAtMs
      const recorded = outcome.live.ended.then(({ kind, usage, code }) =>
        end(services, entry, { requestId, startedAtMs, alias }, { ...ended, outcome: kind, usage, firstTokenMs, code }),
      )
      services.background(recorded)
      return { ...outcome, ...told }
    }
  }
}

/** Refuses somebody let in before there is a request to answer: a bad body, say. Recorded like every other end. */
export function refuse(services: Services, entry: Entry, request: Recordable, refused: Refusal): void {
  end(services, entry, request, { ...UNTRIED, outcome: 'refused', refusal: refused })
}

/** Records somebody let in who left before anybody was asked. */
export function leave(services: Services, entry: Entry, request: Recordable): Answer {
  end(services, entry, request, { ...UNTRIED, outcome: 'cancelled' })
  return { ...UNTRIED, ...UNASKED, kind: 'cancelled' }
}
