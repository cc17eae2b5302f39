/** What a caller is told whom a limit stops. */
import { describe, expect, it } from 'vitest'
import { limitCode, limitRefusal, queueTimeout } from '../../src/admit/refusals.ts'
import type { Counter } from '../../src/core/ledger/types.ts'

const counter = (more: Partial<Counter> = {}): Counter => ({
  id: 'id',
  limit: 'rpm',
  of: 'requests',
  window: { kind: 'sliding', perMs: 60_000 },
  amount: 600,
  hard: false,
  scope: 'tenant',
  subject: null,
  ...more,
})
const SOON = { retryAfterMs: 1234, isFutile: false }
const NEVER = { retryAfterMs: Number.POSITIVE_INFINITY, isFutile: true }

it.each([
  ['requests', 'rate_limit_exceeded'],
  ['tokens', 'token_limit_exceeded'],
  ['concurrency', 'concurrency_limit_exceeded'],
  ['usd', 'budget_exceeded'],
] as const)('a limit on %s refuses with %s', (of, code) => {
  expect(limitCode(of)).toBe(code)
  expect(limitRefusal(counter({ of }), SOON)).toMatchObject({ code, status: 429, limitedBy: 'rpm', retryAfterMs: 1234 })
  expect(limitRefusal(counter({ of }), NEVER)).toMatchObject({ code, status: 429, limitedBy: 'rpm', isFutile: true })
})

describe('the message', () => {
  const said = (more: Partial<Counter>, refused = SOON) => limitRefusal(counter(more), refused).message

  it('names the limit, its amount and window, whom it counts, and when to come back', () => {
    expect(said({})).toBe(
      "Reached the limit 'rpm' of 600 requests in 60 s for your tenant. Try again in 1.3 s. " +
        'Ask your operator for a higher limit if you need more.',
    )
  })

  it.each<[Partial<Counter>, string]>([
    [{ of: 'concurrency', amount: 5, window: { kind: 'held' } }, '5 requests at once for your tenant'],
    [{ of: 'tokens', amount: 9, scope: 'key', subject: 'k' }, '9 tokens in 60 s for this key'],
    [{ window: { kind: 'paced', perMs: 500, burst: 1 }, scope: 'model' }, '600 requests in 0.5 s for this model'],
    [
      { of: 'usd', amount: 500_000, window: { kind: 'calendar', per: 'month', timeZone: 'Europe/Berlin' } },
      '0.500000 USD a month (Europe/Berlin) for your tenant',
    ],
  ])('says what %j allows', (more, words) => {
    expect(said(more)).toContain(words)
  })

  it('does not repeat whom it counts by name', () => {
    expect(said({ scope: 'user', subject: 'somebody@example' })).not.toContain('somebody')
  })

  it('says what to do where the request alone is too much', () => {
    expect(said({ of: 'tokens' }, NEVER)).toMatch(
      /^This request alone is more than the limit 'rpm'.*max_completion_tokens/,
    )
    expect(said({ amount: 0 }, NEVER)).not.toContain('max_completion_tokens')
  })
})

it('gives no time where none is known, and says that no wait helps', () => {
  const refused = limitRefusal(counter(), { retryAfterMs: Number.POSITIVE_INFINITY, isFutile: false })
  expect(refused).not.toHaveProperty('retryAfterMs')
  expect(refused.isFutile).toBe(true)
  expect(refused.message).toContain('No wait helps.')
  expect(limitRefusal(counter(), NEVER)).not.toHaveProperty('retryAfterMs')
})

it('tells a request that waited in vain so, with the limit it waited for', () => {
  const refused = queueTimeout(counter({ of: 'tokens' }), 2000, SOON)
  expect(refused).toMatchObject({ code: 'queue_timeout', status: 429, limitedBy: 'rpm', retryAfterMs: 1234 })
  expect(refused).not.toHaveProperty('isFutile')
  expect(refused.message).toBe(
    "Waited 2 s for the limit 'rpm' of 600 tokens in 60 s for your tenant, in vain. Try again in 1.3 s. " +
      "A larger 'x-sluice-max-wait-ms' waits longer, as far as your tenant's policy allows.",
  )
})
