/** How many tokens a prompt has, where nobody could be asked: by what is learned of the model. No I/O. */
import { type InferenceRequest, promptBytes } from '../core/inference.ts'
import { promptWeight, START } from '../core/ledger/estimates.ts'
import type { Slices } from '../core/ledger/slices.ts'
import type { Model } from '../core/snapshot.ts'
import { type Caller, ownerOf, placeOf } from '../core/tenant.ts'
import { NOTHING_USED } from '../core/usage.ts'
import type { Outcome } from './dispatch.ts'

/** What it stands on. */
export interface CountServices {
  readonly clock: { now(): number }
  readonly slices: Pick<Slices, 'learned'>
}

const NO_HEADERS = { processingMs: null, version: null, requestId: null }

/**
 * An outcome as it is, unless tokens were to be counted and no target could: then an estimate, marked as one. What a
 * target refused because of the request itself stays refused.
 */
export function counted(
  { clock, slices }: CountServices,
  caller: Caller,
  request: InferenceRequest,
  { targets, alias }: Model,
  outcome: Outcome,
): Outcome {
  const [target] = targets
  if (request.operation !== 'count_tokens' || outcome.kind !== 'failed' || target === undefined) return outcome
  const bytes = promptBytes(request)
  const weight = promptWeight({ bytes, chars: request.bodyChars - (request.bodyBytes - bytes) })
  const { bytesPerToken } = slices.learned(ownerOf(placeOf(caller)), alias) ?? START
  const { attempts, askedAtMs } = outcome
  return {
    kind: 'whole',
    form: 'messages',
    body: JSON.stringify({ input_tokens: Math.max(1, Math.ceil(weight / bytesPerToken)) }),
    isEstimated: true,
    usage: NOTHING_USED,
    target,
    attempts,
    askedAtMs,
    committedAtMs: clock.now(),
    upstream: NO_HEADERS,
    droppedParams: [],
  }
}
