/** What a caller is told when no attempt has come to an answer. No I/O. */
import { type Refusal, refusal } from '../core/errors.ts'
import { RETRY_AFTER_MAX_MS } from '../core/limits.ts'
import type { RefusedTurn } from '../core/pool/types.ts'
import type { Fault } from './fault.ts'

const QUEUED: Readonly<Record<Exclude<RefusedTurn['why'], 'none'>, string>> = {
  full: 'Too many requests wait for a replica. Try again later.',
  wait: 'No replica comes free within the time that this request may wait. Try again later, or allow more with x-sluice-max-wait-ms.',
  shed: 'The replicas have no time for batch requests now. Try again later.',
}

/** What the caller is told after the last fault; only a unanimous 429 is told as one. */
export function refusalOf(faults: readonly Fault[], alias: string): { kind: 'refused' | 'failed'; refusal: Refusal } {
  const failed = (refused: Refusal) => ({ kind: 'failed' as const, refusal: refused })
  const last = faults.at(-1)
  if (last?.kind === 'rejected')
    return {
      kind: 'refused',
      refusal: refusal('upstream_rejected', last.message, { status: last.status, param: last.param }),
    }
  if (last?.kind === 'context')
    return {
      kind: 'refused',
      refusal: refusal('context_length_exceeded', last.message || 'The prompt is too long for this model.', {
        param: 'messages',
      }),
    }
  if (last?.kind === 'unsendable') return { kind: 'refused', refusal: last.refusal }
  if (last?.kind === 'overloaded')
    return failed(
      refusal('overloaded', 'Too many large answers at once. Try again in a second.', { retryAfterMs: 1000 }),
    )
  const limited = faults.filter((fault) => fault.kind === 'rate-limited')
  if (limited.length > 0 && limited.length === faults.length) {
    const waits = limited.flatMap(({ retryAfterMs }) => retryAfterMs ?? [])
    return failed(
      refusal('upstream_rate_limited', `Every provider of '${alias}' is rate limiting. Try again later.`, {
        ...(waits.length > 0 ? { retryAfterMs: Math.min(RETRY_AFTER_MAX_MS, ...waits) } : {}),
      }),
    )
  }
  if (last?.kind === 'unplaced' && last.why !== 'none')
    return {
      kind: 'refused',
      refusal: refusal('queue_timeout', QUEUED[last.why], { retryAfterMs: last.retryAfterMs }),
    }
  if (last?.kind === 'timeout')
    return failed(
      refusal('upstream_timeout', `No provider of '${alias}' answered in time. Try again, or allow more time.`),
    )
  return failed(refusal('upstream_failed', `No provider of '${alias}' could answer. Try again later.`))
}
