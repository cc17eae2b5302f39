/** The coarse request-rate guard: one quick question per request and key, which never stands in the way when it fails. */
import { type Refusal, refusal } from '../core/errors.ts'
import { RATE_GUARD_FAILURES_MAX, RATE_GUARD_LOG_MS, RATE_GUARD_MS, RATE_GUARD_REST_MS } from '../core/limits.ts'
import type { Caller } from '../core/tenant.ts'
import { type Clock, withDeadline } from '../lib/clock.ts'
import type { RateLimiter, RateRule } from '../stores/types.ts'

/** What the guard stands on. Without a limiter everybody passes. */
export interface RateGuardParts {
  readonly limiter: RateLimiter | undefined
  readonly clock: Clock
  readonly log: (line: Readonly<Record<string, unknown>>) => void
}

/** One per isolate. */
export interface RateGuard {
  /** The refusal of a key that is over the rule; null lets the request go on. Never rejects. */
  check(caller: Pick<Caller, 'tenantId' | 'generation' | 'key'>, rule: RateRule): Promise<Refusal | null>
}

/** Makes the guard of an isolate. It keeps numbers only: nothing of one request is waited for by another. */
export function createRateGuard({ limiter, clock, log }: RateGuardParts): RateGuard {
  let failures = 0
  let restUntilMs = 0
  let loggedAtMs = Number.NEGATIVE_INFINITY

  /** After failures in a row the limiter rests; then one request tries it, and when that one is lost, another later. */
  function mayAsk(): boolean {
    if (failures < RATE_GUARD_FAILURES_MAX) return true
    const nowMs = clock.now()
    if (nowMs < restUntilMs) return false
    restUntilMs = nowMs + RATE_GUARD_REST_MS
    return true
  }

  function failed(reason: 'late' | 'failed'): void {
    const nowMs = clock.now()
    failures += 1
    if (failures >= RATE_GUARD_FAILURES_MAX) restUntilMs = nowMs + RATE_GUARD_REST_MS
    if (nowMs - loggedAtMs < RATE_GUARD_LOG_MS) return
    loggedAtMs = nowMs
    // The error itself is not told: it comes from a store's client, and may know what must not be in a log.
    log({ level: 'warn', event: 'rate-guard-open', reason })
  }

  return {
    async check(caller, rule) {
      if (limiter === undefined || !mayAsk()) return null
      try {
        const asked = limiter.limit(keyOf(caller), rule)
        const verdict = await withDeadline(clock, RATE_GUARD_MS, asked, () => new Late())
        failures = 0
        return verdict.allowed ? null : tooMany(verdict.retryAfterMs)
      } catch (error) {
        failed(error instanceof Late ? 'late' : 'failed')
        return null
      }
    },
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
