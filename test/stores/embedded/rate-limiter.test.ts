/** The Workers rate-limit binding as a `RateLimiter`, and its absence. */
import { env } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { createBindingRateLimiter } from '../../../src/stores/embedded/rate-limiter.ts'
import type { RateLimiter } from '../../../src/stores/types.ts'
import { rateLimiterContract } from '../../contracts/rate-limiter.ts'

function limiterOver(binding: unknown): RateLimiter {
  const limiter = createBindingRateLimiter(binding)
  if (limiter === undefined) throw new Error('there is no binding')
  return limiter
}

// The numbers of wrangler.toml.
rateLimiterContract(() => ({
  isolate: () => limiterOver(env.RATE_LIMITER),
  rule: { requests: 600, perSeconds: 60 },
}))

it('says to come back after a whole window: the binding does not tell when its own ends', async () => {
  const refusing = { limit: async () => ({ success: false }) }
  const verdict = await limiterOver(refusing).limit('key', { requests: 1, perSeconds: 10 })
  expect(verdict).toEqual({ allowed: false, retryAfterMs: 10_000 })
})

it.each([undefined, null, 'RATE_LIMITER', {}, 7])('is none where the binding is %j', (binding) => {
  expect(createBindingRateLimiter(binding)).toBeUndefined()
})
