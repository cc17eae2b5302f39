/** `RateLimiter` over the Workers rate-limit binding, where the runtime has one. */
import type { RateLimiter } from '../types.ts'

/**
 * The binding counts per location, to the limit and period of wrangler.toml: of the rule only `perSeconds` is used, to say
 * when to come back, so the config should name the same period. Undefined without a binding, as on bare workerd.
 */
export function createBindingRateLimiter(binding: unknown): RateLimiter | undefined {
  if (!isRateLimit(binding)) return undefined
  return {
    async limit(key, { perSeconds }) {
      const { success } = await binding.limit({ key })
      // It does not say when its window ends: a whole one is always enough.
      return success ? { allowed: true } : { allowed: false, retryAfterMs: perSeconds * 1000 }
    },
  }
}

function isRateLimit(value: unknown): value is RateLimit {
  return typeof value === 'object' && value !== null && 'limit' in value
}
