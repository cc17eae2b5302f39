/** `RateLimiter` over Upstash Redis: the sliding window of `@upstash/ratelimit`, one script call a request. */
import { Ratelimit } from '@upstash/ratelimit'
import type { Redis } from '@upstash/redis'
import { RATE_BLOCKED_KEYS_MAX, RATE_BLOCKED_MS_MAX, RATE_RULES_MAX } from '../../core/limits.ts'
import { BoundedMap } from '../../lib/bounded-map.ts'
import type { Clock } from '../../lib/clock.ts'
import type { RateLimiter, RateRule } from '../types.ts'

/**
 * The window is two aligned buckets, the older one weighted by how much of it still counts: right to a few per cent when
 * requests come evenly. It counts at most the rule's amount in either bucket.
 */
export function createUpstashRateLimiter(redis: Redis, clock: Clock): RateLimiter {
  const limiters = new BoundedMap<string, Ratelimit>(RATE_RULES_MAX)
  const blocked = new BoundedMap<string, { readonly askAgainAtMs: number; readonly resetMs: number }>(
    RATE_BLOCKED_KEYS_MAX,
  )

  return {
    async limit(key, rule) {
      const { requests, perSeconds } = rule
      const refused = (resetMs: number) => {
        // One past the reset, where the older bucket begins to count less; it may have come while the answer travelled.
        // Never more than a window: to come back takes a millisecond, too.
        const leftMs = Math.max(1, resetMs - clock.now() + 1)
        return { allowed: false, retryAfterMs: Math.min(leftMs, perSeconds * 1000) } as const
      }
      const ruleName = `${requests}/${perSeconds}`
      const blockedKey = `${ruleName} ${key}`
      const known = blocked.get(blockedKey)
      if (known !== undefined && clock.now() < known.askAgainAtMs) return refused(known.resetMs)

      const limiter = limiters.get(ruleName) ?? limiterOf(redis, rule)
      limiters.set(ruleName, limiter)
      const { success, reset } = await limiter.limit(key)
      if (success) return { allowed: true }
      // About when the next one becomes free.
      const blockedMs = Math.min((perSeconds * 1000) / requests, RATE_BLOCKED_MS_MAX)
      blocked.set(blockedKey, { askAgainAtMs: Math.min(reset, clock.now() + blockedMs), resetMs: reset })
      return refused(reset)
    },
  }
}

function limiterOf(redis: Redis, { requests, perSeconds }: RateRule): Ratelimit {
  return new Ratelimit({
    redis,
    limiter: Ratelimit.slidingWindow(requests, `${perSeconds} s`),
    // With the window in it: buckets of different lengths must never be taken for each other. A new amount keeps the count.
    prefix: `sluice:rate:${perSeconds}`,
    // Its own would block a key to the end of the bucket, which halves what a key under load gets, and never forgets one.
    // Ours asks again as soon as one more may have become free.
    ephemeralCache: false,
    // Whoever asks has a deadline; here a failure is a failure, never "allowed".
    timeout: 0,
    analytics: false,
    enableTelemetry: false,
  })
}
