/** The request path: authenticate → admit → reserve → route → dispatch → record. Every branch is here; the rooms decide or do. */
import { admit } from './admit/admit.ts'
import { reserve } from './admit/reserve.ts'
import { authenticate, type Guard } from './authenticate/authenticate.ts'
import type { Presented } from './authenticate/presented.ts'
import { type Refusal, refusal } from './core/errors.ts'
import { type InferenceRequest, promptBytes } from './core/inference.ts'
import type { LimitState } from './core/ledger/types.ts'
import { modelOf } from './core/models.ts'
import type { Caller } from './core/tenant.ts'
import { usageEstimated } from './core/usage.ts'
import { dispatch, type Outcome, type Tried } from './dispatch/dispatch.ts'
import { type Ending, record } from './record/record.ts'
import { route } from './route/route.ts'
import type { Deployment, Services } from './services.ts'

/** Somebody let in, and the one version of the deployment that serves the whole of their request. */
export interface Entry {
  readonly deployment: Deployment
  readonly caller: Caller
}

/** How a request is answered: exactly one of these, each recorded once. `cancelled`: the client left first. */
export type Answer = Admitted &
  (
    | (Extract<Outcome, { kind: 'whole' }> & { readonly costMicroUsd: number | null })
    | Extract<Outcome, { kind: 'stream' | 'cancelled' }>
    | (Tried & { readonly kind: 'refused'; readonly refusal: Refusal })
  )

/** What admission knows of a request. */
interface Admitted {
  /** The limits that applied, and how each stood afterwards, by index; null where there were none. */
  readonly limits: LimitState | null
  /** Time waited for its turn. */
  readonly queueMs: number
}

/** Stands in a row for the status of a client who left before one was sent. */
const CLIENT_LEFT_STATUS = 499
const UNTRIED: Tried = { attempts: 0, target: null, askedAtMs: null }
const UNASKED: Admitted = { limits: null, queueMs: 0 }
const NO_DEPLOYMENT = refusal('overloaded', 'The configuration cannot be read at the moment. Try again in a second.', {
  retryAfterMs: 1000,
})

/** Lets a caller in, or not. Comes before the body is read, so the skins call it first. */
export async function enter(
  services: Services,
  guard: Guard,
  presented: Presented,
): Promise<(Entry & { readonly kind: 'entry' }) | { readonly kind: 'refused'; readonly refusal: Refusal }> {
  const deployment = services.deployment.peek() ?? (await services.deployment.get().catch(() => null))
  if (deployment === null) return { kind: 'refused', refusal: NO_DEPLOYMENT }
  const authentication = await authenticate(guard, presented, deployment)
  if (authentication.kind === 'refused') return authentication
  return { kind: 'entry', deployment, caller: authentication.caller }
}

/** Answers one request of somebody let in. Aborting `signal` (the client left) cancels in every phase. Never rejects. */
export async function answer(
  services: Services,
  entry: Entry,
  request: InferenceRequest,
  signal: AbortSignal,
): Promise<Answer> {
  const refused = (reason: Refusal, { limits, queueMs }: Admitted): Answer => {
    end(services, entry, request, { ...UNTRIED, outcome: 'refused', refusal: reason })
    return { ...UNTRIED, limits, queueMs, kind: 'refused', refusal: reason }
  }
  const model = modelOf(entry.deployment.models, entry.caller, request.alias)
  if ('code' in model) return refused(model, UNASKED)

  const asked = admit(services, entry, request, model, signal)
  const admission = asked instanceof Promise ? await asked : asked
  const { limits, queueMs } = admission
  if (admission.kind === 'refused') return refused(admission.refusal, admission)
  if (admission.kind === 'cancelled') {
    end(services, entry, request, { ...UNTRIED, outcome: 'cancelled' })
    return { ...UNTRIED, limits, queueMs, kind: 'cancelled' }
  }
  const reservation = reserve(admission)
  if (reservation.kind === 'refused') return refused(reservation.refusal, admission)

  const plan = route(services, entry.deployment, entry.caller, request, model, reservation)
  const outcome: Outcome =
    plan.kind === 'plan'
      ? await dispatch(services, request, plan, signal)
      : { ...UNTRIED, kind: plan.outcome, refusal: plan.refusal }
  const ended = { ...outcome, charge: reservation.charge, release: reservation.release }
  switch (outcome.kind) {
    case 'cancelled': {
      // Whoever was asked has the prompt, and bills it.
      const usage = outcome.askedAtMs === null ? null : usageEstimated(promptBytes(request), 0)
      end(services, entry, request, { ...ended, outcome: 'cancelled', usage })
      return { ...outcome, limits, queueMs }
    }
    case 'refused':
    case 'failed':
      end(services, entry, request, { ...ended, outcome: outcome.kind })
      return { ...outcome, limits, queueMs, kind: 'refused' }
    case 'whole':
      return { ...outcome, limits, queueMs, ...end(services, entry, request, { ...ended, outcome: 'finished' }) }
    case 'stream': {
      // Not the request itself: its body is not kept for as long as the stream goes on.
      const of = { requestId: request.requestId, startedAtMs: request.startedAtMs, alias: request.alias }
      const firstTokenMs = outcome.committedAtMs - request.startedAtMs
      const recorded = outcome.live.ended.then(({ kind, usage, code }) =>
        end(services, entry, of, { ...ended, outcome: kind, usage, firstTokenMs, code }),
      )
      services.background(recorded)
      return { ...outcome, limits, queueMs }
    }
  }
}

/** Refuses somebody let in before there is a request to answer: a bad body, say. Recorded like every other end. */
export function refuse(services: Services, entry: Entry, request: Recordable, refused: Refusal): void {
  end(services, entry, request, { ...UNTRIED, outcome: 'refused', refusal: refused })
}

/** Records somebody let in who left before there was a request to answer. */
export function leave(services: Services, entry: Entry, request: Recordable): void {
  end(services, entry, request, { ...UNTRIED, outcome: 'cancelled' })
}

/** What a row needs to know of the request itself. */
type Recordable = Pick<InferenceRequest, 'requestId' | 'startedAtMs'> & { readonly alias: string | null }

/** What a branch above knows of the end; absent where that stage never ran. */
type End = Tried &
  Pick<Ending, 'outcome'> &
  Partial<Pick<Ending, 'usage' | 'firstTokenMs' | 'code' | 'charge'>> & {
    readonly refusal?: Refusal
    readonly release?: () => void
  }

/** The one way out: every exit of the path is recorded here, once. */
function end(services: Services, { deployment, caller }: Entry, request: Recordable, known: End) {
  known.release?.()
  const unsent = known.outcome === 'cancelled' && known.firstTokenMs === undefined
  const { costMicroUsd } = record(services, caller, deployment.config.log, {
    requestId: request.requestId,
    startedAtMs: request.startedAtMs,
    alias: request.alias,
    outcome: known.outcome,
    status: known.refusal?.status ?? (unsent ? CLIENT_LEFT_STATUS : 200),
    target: known.target,
    attempts: known.attempts,
    usage: known.usage ?? null,
    firstTokenMs: known.firstTokenMs ?? null,
    code: known.refusal?.code ?? known.code ?? null,
    charge: known.charge ?? null,
  })
  return { costMicroUsd }
}
