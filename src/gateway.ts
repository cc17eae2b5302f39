/** The request path, start to finish: authenticate → route → dispatch → record. Every branch is here; the rooms decide or do. */
import { authenticate, type Guard } from './authenticate/authenticate.ts'
import type { Presented } from './authenticate/presented.ts'
import { type Refusal, refusal } from './core/errors.ts'
import type { InferenceRequest } from './core/inference.ts'
import type { Counter, Level } from './core/ledger/types.ts'
import { modelOf } from './core/models.ts'
import type { Caller } from './core/tenant.ts'
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
  readonly limits: { readonly counters: readonly Counter[]; readonly levels: readonly Level[] } | null
  /** Time waited for its turn. */
  readonly queueMs: number
}

/** Stands in a row for the status of a client who left before one was sent. */
const CLIENT_LEFT_STATUS = 499
const UNTRIED: Tried = { attempts: 0, target: null, askedAtMs: null }
const UNLIMITED: Admitted = { limits: null, queueMs: 0 }
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
  const model = modelOf(entry.deployment.models, entry.caller, request.alias)
  if ('code' in model) {
    end(services, entry, request, { ...UNTRIED, outcome: 'refused', refusal: model })
    return { ...UNTRIED, ...UNLIMITED, kind: 'refused', refusal: model }
  }
  const plan = route(services, entry.deployment, entry.caller, request, model)
  if (plan.kind === 'refused') {
    end(services, entry, request, { ...UNTRIED, outcome: plan.outcome, refusal: plan.refusal })
    return { ...UNTRIED, ...UNLIMITED, kind: 'refused', refusal: plan.refusal }
  }

  const outcome = await dispatch(services, request, plan, signal)
  switch (outcome.kind) {
    case 'cancelled':
      end(services, entry, request, { ...outcome, outcome: 'cancelled' })
      return { ...outcome, ...UNLIMITED }
    case 'refused':
    case 'failed':
      end(services, entry, request, { ...outcome, outcome: outcome.kind })
      return { ...outcome, ...UNLIMITED, kind: 'refused' }
    case 'whole':
      return { ...outcome, ...UNLIMITED, ...end(services, entry, request, { ...outcome, outcome: 'finished' }) }
    case 'stream': {
      // Not the request itself: its body is not kept for as long as the stream goes on.
      const of = { requestId: request.requestId, startedAtMs: request.startedAtMs, alias: request.alias }
      const firstTokenMs = outcome.committedAtMs - request.startedAtMs
      const recorded = outcome.live.ended.then(({ kind, usage, code }) =>
        end(services, entry, of, { ...outcome, outcome: kind, usage, firstTokenMs, code }),
      )
      services.background(recorded)
      return { ...outcome, ...UNLIMITED }
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
  Partial<Pick<Ending, 'usage' | 'firstTokenMs' | 'code'>> & { readonly refusal?: Refusal }

/** The one way out: every exit of the path is recorded here, once. */
function end(services: Services, { deployment, caller }: Entry, request: Recordable, known: End) {
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
  })
  return { costMicroUsd }
}
