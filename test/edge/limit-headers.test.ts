/** How limits stand, as headers. */
import { expect, it } from 'vitest'
import type { Counter, Level } from '../../src/core/ledger/types.ts'
import { answerHeaders, type ReplyHeaders } from '../../src/edge/headers.ts'
import { goDuration, limitHeaders } from '../../src/edge/limit-headers.ts'
import type { Answer } from '../../src/gateway.ts'

const counter = (limit: string, of: Counter['of'], more: Partial<Counter> = {}): Counter => ({
  id: limit,
  limit,
  of,
  window: { kind: 'sliding', perMs: 60_000 },
  amount: 100,
  hard: false,
  scope: 'tenant',
  subject: null,
  ...more,
})
const level = (remaining: number, resetMs = 0): Level => ({ remaining, resetMs })

function headersOf(limits: readonly (readonly [Counter, Level | undefined])[]): ReplyHeaders {
  const headers: ReplyHeaders = {}
  const counters = limits.map(([one]) => one)
  limitHeaders(headers, { counters, levels: limits.flatMap(([, one]) => one ?? []) })
  return headers
}

it('says all limits in the words of the draft, and those of requests and tokens in OpenAI’s', () => {
  const headers = headersOf([
    [counter('rpm', 'requests', { amount: 600 }), level(599, 60_000)],
    [counter('tpm', 'tokens', { amount: 200_000 }), level(198_765.9, 59_001)],
    [counter('flight', 'concurrency', { window: { kind: 'held' }, amount: 50 }), level(49, 4000)],
    [
      counter('month', 'usd', { window: { kind: 'calendar', per: 'month', timeZone: 'UTC' }, amount: 500_000_000 }),
      level(499_999_908, 86_400_000),
    ],
  ])
  expect(headers).toEqual({
    'ratelimit-policy':
      '"rpm";q=600;w=60, "tpm";q=200000;qu="tokens";w=60, "flight";q=50;qu="concurrent-requests", ' +
      '"month";q=500000000;qu="micro-usd"',
    ratelimit: '"rpm";r=599;t=60, "tpm";r=198765;t=60, "flight";r=49, "month";r=499999908;t=86400',
    'x-ratelimit-limit-requests': '600',
    'x-ratelimit-remaining-requests': '599',
    'x-ratelimit-reset-requests': '1m0s',
    'x-ratelimit-limit-tokens': '200000',
    'x-ratelimit-remaining-tokens': '198765',
    'x-ratelimit-reset-tokens': '59.001s',
  })
})

it('shows the limit of which the smallest share is left; of equals the one whole last, or the first', () => {
  const day = { window: { kind: 'calendar', per: 'day', timeZone: 'Europe/Berlin' }, amount: 1000 } as const
  const shown = (...limits: [Counter, Level][]) => {
    const headers = headersOf(limits)
    return [headers['x-ratelimit-limit-requests'], headers['x-ratelimit-remaining-requests']]
  }
  const minute = counter('rpm', 'requests')
  const daily = counter('rpd', 'requests', day)
  expect(shown([minute, level(60)], [daily, level(500)])).toEqual(['1000', '500'])
  expect(shown([minute, level(40)], [daily, level(500)])).toEqual(['100', '40'])
  expect(shown([minute, level(50)], [daily, level(500)])).toEqual(['100', '50'])
  expect(shown([daily, level(500)], [minute, level(50)])).toEqual(['1000', '500'])
  expect(shown([minute, level(0, 60_000)], [daily, level(0, 80_000_000)])).toEqual(['1000', '0'])
  expect(shown([daily, level(0, 80_000_000)], [minute, level(0, 60_000)])).toEqual(['1000', '0'])
  expect(headersOf([[daily, level(1, 1)]])['ratelimit-policy']).toBe('"rpd";q=1000;w=86400')
  const paced = counter('even', 'requests', { window: { kind: 'paced', perMs: 1000, burst: 2 }, amount: 10 })
  expect(shown([minute, level(40)], [paced, level(1, 100)])).toEqual(['100', '40'])
  expect(shown([minute, level(60)], [paced, level(1, 100)])).toEqual(['10', '1'])
  const none = counter('shut', 'requests', { amount: 0 })
  expect(shown([minute, level(1)], [none, level(0)])).toEqual(['0', '0'])
})

it('says nothing of requests or tokens where no limit counts them', () => {
  const flight = counter('flight', 'concurrency', { window: { kind: 'held' }, amount: 3 })
  expect(headersOf([[flight, level(0)]])).toEqual({
    'ratelimit-policy': '"flight";q=3;qu="concurrent-requests"',
    ratelimit: '"flight";r=0',
  })
  expect(Object.keys(headersOf([[counter('rpm', 'requests'), level(1)]]))).not.toContain('x-ratelimit-limit-tokens')
  expect(headersOf([])).toEqual({})
})

it('says what the policy is where nobody knows how it stands', () => {
  expect(headersOf([[counter('rpm', 'requests'), undefined]])).toEqual({ 'ratelimit-policy': '"rpm";q=100;w=60' })
})

it('never says less than nothing, nor a number that a structured field cannot hold', () => {
  const headers = headersOf([
    [counter('rpm', 'requests'), level(-3, -1)],
    [counter('tpm', 'tokens', { amount: 1e21 }), level(1e21, 1)],
  ])
  expect(headers.ratelimit).toBe('"rpm";r=0;t=0, "tpm";r=999999999999999;t=1')
  expect(headers['ratelimit-policy']).toContain('"tpm";q=999999999999999;')
  expect(headers['x-ratelimit-remaining-requests']).toBe('0')
  expect(headers['x-ratelimit-reset-requests']).toBe('0s')
})

it('never names a later moment than a retry-after beside it', () => {
  const counters = [
    counter('rpm', 'requests'),
    counter('tpm', 'tokens'),
    counter('day', 'usd', { window: { kind: 'calendar', per: 'day', timeZone: 'UTC' } }),
  ]
  const levels = [level(0, 60_500), level(9, 2000), level(5, 18_000_000)]
  const said = (refused: Parameters<typeof limitHeaders>[2]) => {
    const headers: ReplyHeaders = {}
    limitHeaders(headers, { counters, levels }, refused)
    return headers.ratelimit
  }
  expect(said({ retryAfterMs: 30_388, limitedBy: 'rpm' })).toBe('"rpm";r=0;t=31, "tpm";r=9;t=2, "day";r=5')
  expect(said({ retryAfterMs: 18_000_000, limitedBy: 'day' })).toBe('"rpm";r=0;t=61, "tpm";r=9;t=2, "day";r=5;t=18000')
  expect(said({ retryAfterMs: 1500 }), 'a provider’s own').toBe('"rpm";r=0, "tpm";r=9;t=2, "day";r=5')
  expect(said({}), 'no moment named').toBe('"rpm";r=0;t=61, "tpm";r=9;t=2, "day";r=5;t=18000')
})

it('keeps what is constant with the list of counters, and nothing of how they stood', () => {
  const counters = [counter('rpm', 'requests')]
  const first: ReplyHeaders = {}
  const second: ReplyHeaders = {}
  limitHeaders(first, { counters, levels: [level(9, 1)] })
  limitHeaders(second, { counters, levels: [level(8, 2000)] })
  expect(first).toMatchObject({ ratelimit: '"rpm";r=9;t=1', 'x-ratelimit-reset-requests': '1ms' })
  expect(second).toMatchObject({ ratelimit: '"rpm";r=8;t=2', 'x-ratelimit-reset-requests': '2s' })
})

it.each([
  [0, '0s'],
  [-5, '0s'],
  [0.2, '1ms'],
  [12, '12ms'],
  [999.1, '1s'],
  [1000, '1s'],
  [1500, '1.5s'],
  [1001, '1.001s'],
  [59_999, '59.999s'],
  [60_000, '1m0s'],
  [90_000, '1m30s'],
  [90_070, '1m30.07s'],
  [360_000, '6m0s'],
  [3_600_000, '1h0m0s'],
  [5_400_000, '1h30m0s'],
  [2_592_000_001, '720h0m0.001s'],
])('says %d ms as Go does: %s', (ms, said) => {
  expect(goDuration(ms)).toBe(said)
})

it('stands on refusals too, beside the time that was waited, which is no overhead of ours', () => {
  const refused = {
    kind: 'refused',
    refusal: { code: 'rate_limit_exceeded', message: '', param: null, status: 429 },
    attempts: 0,
    target: null,
    askedAtMs: null,
    limits: { counters: [counter('rpm', 'requests')], levels: [level(0, 500)] },
    queueMs: 1999.2,
    cache: 'bypass',
    bypass: null,
  } as const satisfies Answer
  expect(answerHeaders({}, 'chat', 1000, refused)).toMatchObject({
    'x-sluice-queue-ms': '2000',
    'x-sluice-overhead-ms': '0',
    'server-timing': 'sluice;dur=0, queue;dur=2000',
    'x-ratelimit-remaining-requests': '0',
    'x-ratelimit-reset-requests': '500ms',
  })
  const failed = { ...refused, askedAtMs: 3003 }
  expect(answerHeaders({}, 'chat', 1000, failed)).toMatchObject({ 'x-sluice-overhead-ms': '3' })
  const unlimited = answerHeaders({}, 'chat', 1000, { ...failed, limits: null, queueMs: 0 })
  expect(unlimited).toMatchObject({ 'x-sluice-overhead-ms': '2003', 'server-timing': 'sluice;dur=2003' })
  expect(Object.keys(unlimited).filter((name) => name.includes('ratelimit'))).toEqual([])
})
