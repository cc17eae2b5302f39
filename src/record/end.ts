/** The one way out of the path: every exit is recorded here, once, whatever stages have run. */
import type { Config } from '../core/config.ts'
import type { Refusal } from '../core/errors.ts'
import type { InferenceRequest } from '../core/inference.ts'
import type { LimitState } from '../core/ledger/types.ts'
import type { Caller } from '../core/tenant.ts'
import type { Tried } from '../dispatch/dispatch.ts'
import { type Ending, type RecordServices, record } from './record.ts'

/** What a row needs to know of the request itself. */
export type Recordable = Pick<InferenceRequest, 'requestId' | 'startedAtMs'> & { readonly alias: string | null }

/** What is known at an exit; absent where that stage never ran. */
export interface End extends Tried {
  readonly outcome: Ending['outcome']
  /** What recall made of it; absent where it was never asked. */
  readonly cache?: Ending['cache']
  readonly refusal?: Refusal
  readonly usage?: Ending['usage']
  readonly firstTokenMs?: number
  readonly code?: Ending['code']
  readonly charge?: Ending['charge']
  /** The limits that it was admitted under. */
  readonly limits?: LimitState | null
  /** Gives back what only this isolate holds of it. */
  readonly release?: () => void
}

/** Stands in a row for the status of a client who left before one was sent. */
const CLIENT_LEFT_STATUS = 499

/** Ends a request of somebody let in; answers with what it has cost. */
export function end(
  services: RecordServices,
  { deployment, caller }: { readonly deployment: { readonly config: Config }; readonly caller: Caller },
  request: Recordable,
  known: End,
): { readonly costMicroUsd: number | null } {
  known.release?.()
  const isUnsent = known.outcome === 'cancelled' && known.firstTokenMs === undefined
  const { costMicroUsd } = record(services, caller, deployment.config.log, {
    requestId: request.requestId,
    startedAtMs: request.startedAtMs,
    alias: request.alias,
    outcome: known.outcome,
    cache: known.cache ?? 'bypass',
    status: known.refusal?.status ?? (isUnsent ? CLIENT_LEFT_STATUS : 200),
    target: known.target,
    attempts: known.attempts,
    usage: known.usage ?? null,
    firstTokenMs: known.firstTokenMs ?? null,
    code: known.refusal?.code ?? known.code ?? null,
    charge: known.charge ?? null,
    isHeld: known.limits?.counters.some(({ window }) => window.kind === 'held') ?? false,
  })
  return { costMicroUsd }
}
