/** What a caller is told of limits: headers that count down, refusals by name, money whose price nobody knows. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pick, type Reply } from '../support/http-client.ts'
import { PRICE } from '../support/limit-checks.ts'
import { type MeteredOrigin, startMeteredOrigin } from '../support/metered-origin.ts'
import { setUp, type TestSluice } from '../support/sluice.ts'

const PER_SECONDS = 3
const AMOUNT = 5
const DURATION = /^(\d+h)?(\d+m)?((\d+(\.\d+)?)s|\d+ms)?$/

const rpm = { name: 'rpm', of: 'requests', amount: AMOUNT, perSeconds: PER_SECONDS } as const
const month = { name: 'month', of: 'usd', amount: 1, per: 'month', timeZone: 'UTC' } as const

let origin: MeteredOrigin
let sluice: TestSluice
/** The same, where money limits pass over targets without a price. */
let lenient: TestSluice

beforeAll(async () => {
  origin = await startMeteredOrigin()
  const setup = (unknownPrice: 'block' | 'ignore') => ({
    credentials: { upstream: 'sk-operator' },
    config: {
      unknownPrice,
      providers: { metered: { protocol: 'openai' as const, baseUrl: origin.url, credential: 'upstream' } },
      models: {
        priced: { targets: [{ provider: 'metered', model: 'm', price: PRICE }], retries: 0 },
        free: { targets: [{ provider: 'metered', model: 'm' }], retries: 0 },
        both: {
          targets: [
            { provider: 'metered', model: 'unpriced' },
            { provider: 'metered', model: 'priced', price: PRICE },
          ],
          retries: 0,
        },
      },
    },
    tenants: [
      { id: 'count', limits: [rpm] },
      { id: 'levels', limits: [rpm, { ...rpm, name: 'wide', amount: 50 }] },
      { id: 'tokens', limits: [{ name: 'tpm', of: 'tokens', amount: 1000, perSeconds: PER_SECONDS, hard: true }] },
      { id: 'flight', limits: [{ name: 'flight', of: 'concurrency', amount: 1 }] },
      { id: 'money', limits: [month] },
      { id: 'unlimited' },
      { id: 'zero', limits: [{ name: 'none', of: 'usd', amount: 0, per: 'day' }] },
    ],
  })
  sluice = await setUp(setup('block'))
  lenient = await setUp(setup('ignore'))
})

afterAll(async () => {
  await sluice?.stop()
  await lenient?.stop()
  await origin?.close()
})

interface Wanted {
  readonly model?: string
  readonly at?: TestSluice
  readonly more?: Readonly<Record<string, unknown>>
}

function ask(tenant: string, { model = 'priced', at = sluice, more = {} }: Wanted = {}): Promise<Reply> {
  const body = { model, messages: [{ role: 'user', content: 'hi' }], order: { group: tenant }, ...more }
  return at.post(at.keyOf(tenant).key, '/v1/chat/completions', body)
}

const numberIn = (reply: Reply, name: string): number => Number(reply.headers[name])

describe.concurrent('limit headers', () => {
  test('count down to a refusal that says when to come back, and is right', async () => {
    for (let left = AMOUNT - 1; left >= 0; left -= 1) {
      const reply = await ask('count')
      expect(reply.status).toBe(200)
      expect(numberIn(reply, 'x-ratelimit-limit-requests')).toBe(AMOUNT)
      expect(numberIn(reply, 'x-ratelimit-remaining-requests')).toBe(left)
      expect(reply.headers['x-ratelimit-reset-requests']).toMatch(DURATION)
      expect(reply.headers['ratelimit-policy']).toContain('rpm')
      expect(reply.headers.ratelimit).toContain('rpm')
      expect(reply.headers['retry-after']).toBeUndefined()
    }
    const refused = await ask('count')
    expect(refused).toMatchObject({
      status: 429,
      json: { error: { type: 'rate_limit_error', code: 'rate_limit_exceeded', param: null } },
    })
    expect(refused.headers['x-sluice-limited-by']).toBe('rpm')
    expect(numberIn(refused, 'x-ratelimit-remaining-requests')).toBe(0)
    const retryAfterMs = numberIn(refused, 'retry-after-ms')
    expect(retryAfterMs).toBeGreaterThan(0)
    expect(retryAfterMs).toBeLessThanOrEqual(PER_SECONDS * 1000 + 100)
    expect(numberIn(refused, 'retry-after')).toBe(Math.ceil(retryAfterMs / 1000))
    await sleep(retryAfterMs)
    expect((await ask('count')).status).toBe(200)
  })

  test('agree with what the operator is shown', async () => {
    const reply = await ask('levels')
    const view = await sluice.done('GET', '/admin/tenants/levels/limits')
    const counters = pick(view, 'data') as { name: string; remaining: number; amount: number }[]
    expect(counters.find(({ name }) => name === 'rpm')).toMatchObject({
      amount: AMOUNT,
      remaining: numberIn(reply, 'x-ratelimit-remaining-requests'),
    })
    expect(counters.find(({ name }) => name === 'wide')).toMatchObject({ amount: 50, remaining: 49 })
  })

  test('are absent where nothing limits', async () => {
    const names = Object.keys((await ask('unlimited')).headers)
    expect(names.filter((name) => name.includes('ratelimit') || name === 'retry-after')).toEqual([])
  })

  test('tokens: what is left is less by what was used', async () => {
    const reply = await ask('tokens', { more: { max_tokens: 50, order: { group: 'tokens', prompt: 5, tokens: 20 } } })
    expect(numberIn(reply, 'x-ratelimit-limit-tokens')).toBe(1000)
    expect(numberIn(reply, 'x-ratelimit-remaining-tokens')).toBe(975)
    const tooLarge = await ask('tokens', { more: { max_tokens: 2000 } })
    expect(tooLarge).toMatchObject({ status: 429, json: { error: { code: 'token_limit_exceeded' } } })
    expect(tooLarge.headers['x-sluice-limited-by']).toBe('tpm')
  })

  test('concurrency: a second request is refused by name, at least a second away', async () => {
    const slow = ask('flight', { more: { order: { group: 'flight', gapMs: 1500 } } })
    await sleep(500)
    const refused = await ask('flight')
    expect(refused).toMatchObject({ status: 429, json: { error: { code: 'concurrency_limit_exceeded' } } })
    expect(refused.headers['x-sluice-limited-by']).toBe('flight')
    expect(numberIn(refused, 'retry-after')).toBeGreaterThanOrEqual(1)
    expect((await slow).status).toBe(200)
  })

  test('a budget that is used up is no matter of a minute: clients shall not try again', async () => {
    const refused = await ask('zero')
    expect(refused).toMatchObject({
      status: 429,
      json: { error: { type: 'insufficient_quota', code: 'budget_exceeded' } },
    })
    expect(refused.headers['x-sluice-limited-by']).toBe('none')
    expect(refused.headers['x-should-retry']).toBe('false')
  })

  test('a refusal is a row, and charges nothing', async () => {
    const refused = await ask('zero')
    const row = await sluice.row('zero', refused.headers['x-request-id'])
    expect(row).toMatchObject({ outcome: 'refused', status: 429, attempts: 0, usage: null })
  })
})

describe.concurrent('a target without a price', () => {
  test('blocks a money limit by default, and is not asked', async () => {
    const refused = await ask('money', { model: 'free' })
    expect(refused).toMatchObject({ status: 429, json: { error: { code: 'budget_exceeded' } } })
    expect(refused.headers['x-sluice-limited-by']).toBe('month')
    expect(refused.headers['x-sluice-attempts']).toBe('0')
  })

  test('is passed over where another target has one', async () => {
    const reply = await ask('money', { model: 'both' })
    expect(reply.status).toBe(200)
    expect(reply.headers['x-sluice-target']).toBe('metered/priced')
  })

  test.each(['money', 'unlimited'])(
    '%s: served where the config says ignore; its cost is unknown, not nothing',
    async (id) => {
      const reply = await ask(id, { model: 'free', at: lenient })
      expect(reply.status).toBe(200)
      expect(reply.headers['x-sluice-cost-usd']).toBe('null')
      expect((await lenient.row(id, reply.headers['x-request-id'])).costMicroUsd).toBeNull()
    },
  )
})
