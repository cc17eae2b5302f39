/** The coarse request-rate guard: one quick question per request and key, which never stands in the way when it fails. */
import type { Breaker } from '../core/breaker.ts'
import { type Refusal, refusal } from '../core/errors.ts'
import { RATE_GUARD_MS } from '../core/limits.ts'
import type { Caller } from '../core/tenant.ts'
import { type Clock, withDeadline } from '../lib/clock.ts'
import type { RateLimiter, RateRule } from '../stores/types.ts'

/** What the guard stands on. */
export interface RateGuardServices {
  /** Undefined where the deployment has nothing to count with: everybody passes. */
  readonly rateLimiter: RateLimiter | undefined
  /** Of this isolate's calls to the limiter. */
  readonly rateBreaker: Breaker
  readonly clock: Clock
  readonly log: (line: Readonly<Record<string, unknown>>) => void
}

/** The refusal of a key that is over the rule; null lets the request go on. Never rejects, nor waits for long. */
export async function guardRate(
  { rateLimiter, rateBreaker, clock, log }: RateGuardServices,
  caller: Pick<Caller, 'tenantId' | 'generation' | 'key'>,
  rule: RateRule,
): Promise<Refusal | null> {
  if (rateLimiter === undefined || !rateBreaker.mayTry(clock.now())) return null
  try {
    const asked = rateLimiter.limit(keyOf(caller), rule)
    const verdict = await withDeadline(clock, RATE_GUARD_MS, asked, () => new Late())
    rateBreaker.succeeded()
    return verdict.allowed ? null : tooMany(verdict.retryAfterMs)
  } catch (error) {
    // The error itself is not told: it comes from a store's client, and may know what must not be in a log.
    const reason = error instanceof Late ? 'late' : 'failed'
    if (rateBreaker.failed(clock.now())) log({ level: 'warn', event: 'rate-guard-open', reason })
    return null
  }
}

class Late extends Error {}

/** Tenants never share a count, nor does a re-made one with the old. The parts have no dots in them. */
function keyOf({ tenantId, generation, key }: Pick<Caller, 'tenantId' | 'generation' | 'key'>): string {
  return `${tenantId}.${generation}.${key.id}`
}

function tooMany(retryAfterMs: number): Refusal {
  const message = 'Too many requests with this API key. Wait as long as retry-after says, then send fewer.'
  return refusal('rate_limit_exceeded', message, { retryAfterMs, limitedBy: 'guard' })
}
