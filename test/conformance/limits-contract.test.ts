/** CONTRACT §4, §6 and §7 on limits, sentence by sentence: what is charged, to whom, what callers are told, and waiting. */
import { setTimeout as sleep } from 'node:timers/promises'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Limit } from '../../src/core/config.ts'
import { pick, type Reply, send } from '../support/http-client.ts'
import { limited, type Wanted } from '../support/limited.ts'
import { orderedScript } from '../support/ordered-origin.ts'
import { ScriptedOrigin } from '../support/scripted-origin.ts'
import { eventually, type MadeKey, setUp, type TestSluice } from '../support/sluice.ts'

/** Micro-dollars a token. */
const PRICE = { input: 1, output: 2 }
const IN_FORCE_MS = 10_000

let origin: ScriptedOrigin
let sluice: TestSluice
const { script, bodyOf } = orderedScript()

beforeAll(async () => {
  origin = await ScriptedOrigin.start()
  origin.on('up', script)
  const priced = { provider: 'up', model: 'm', price: PRICE }
  sluice = await setUp({
    isolates: 2,
    credentials: { main: 'sk-main' },
    config: {
      providers: { up: { protocol: 'openai', baseUrl: origin.url('up'), credential: 'main' } },
      models: {
        priced: { targets: [priced], retries: 0 },
        capped: { targets: [{ ...priced, maxOutputTokens: 100 }], retries: 0 },
        brief: { targets: [priced], retries: 0, timeouts: { totalMs: 1000 } },
        shared: { targets: [priced], retries: 0 },
      },
      limits: [{ name: 'shared', of: 'requests', amount: 2, perSeconds: 60, model: 'sha*' }],
    },
    tenants: [{ id: 'first' }],
  })
})
afterAll(async () => {
  await sluice?.stop()
  await origin?.close()
})

const { tenant, begin, ask, views, used } = limited(() => sluice)
const statuses = (replies: readonly Reply[]): number[] => replies.map(({ status }) => status)
const numberIn = (reply: Reply, name: string): number => Number(reply.headers[name])
const rpm = (amount: number, more: Partial<Limit> = {}) =>
  ({ name: 'rpm', of: 'requests', amount, perSeconds: 60, ...more }) as const
const paced = (perSeconds: number) => rpm(1, { perSeconds, shape: 'paced', burst: 1 })
const tpm = { name: 'tpm', of: 'tokens', amount: 9000, perSeconds: 60, hard: true } as const
const day = { name: 'day', of: 'usd', amount: 1, per: 'day' } as const

describe.concurrent('only what went on is charged', () => {
  test('nothing by a refusal of ours, whatever it is for', async () => {
    const key = await tenant('bad', [rpm(9), tpm, day], { models: ['priced'] })
    const replies = await Promise.all([
      ask(key, { model: 'none' }),
      ask(key, { model: 'capped' }),
      ask(key, { messages: 7 }),
      ask(key, { headers: { 'content-type': 'text/plain' } }),
      ask(key, { headers: { 'x-sluice-max-wait-ms': '3600001' } }),
      ask(key, { headers: { 'x-sluice-user': 'a b' } }),
      ask(key, { max_tokens: 1e9 }),
    ])
    expect(statuses(replies)).toEqual([404, 403, 400, 415, 400, 400, 429])
    await used('bad', { rpm: 0, tpm: 0, day: 0 })
    expect((await ask(key)).headers['x-ratelimit-remaining-requests']).toBe('8')
  })

  test('the request by what a provider refuses or fails at, and the tokens it reported then', async () => {
    const key = await tenant('failing', [rpm(9), tpm, day])
    expect((await ask(key, { order: { status: 400 } })).status).toBe(400)
    await used('failing', { rpm: 1, tpm: 0, day: 0 })
    expect((await ask(key, { order: { status: 500 } })).status).toBe(502)
    await used('failing', { rpm: 2, tpm: 0, day: 0 })
    const reply = await ask(key, { order: { status: 503, reports: true, prompt: 11, tokens: 4 } })
    expect(reply.status).toBe(502)
    await used('failing', { rpm: 3, tpm: 15, day: 19e-6 })
    const late = await ask(key, { order: { waitMs: 900 }, headers: { 'x-sluice-timeout-ms': '300' } })
    expect(late.status).toBe(504)
    await used('failing', { rpm: 4, tpm: 15, day: 19e-6 })
    const row = await sluice.row('failing', reply.headers['x-request-id'])
    expect(row).toMatchObject({ outcome: 'failed', usage: { source: 'provider' }, costMicroUsd: 19 })
  })

  test('what was used by a stream that is cancelled in the middle', async () => {
    const key = await tenant('leaving', [rpm(9), tpm, { name: 'one', of: 'concurrency', amount: 1 }])
    const exchange = begin(key, { stream: true, max_tokens: 400, order: { tokens: 300, gapMs: 10 } })
    const { headers } = await exchange.head
    await exchange.until('data:')
    await sleep(200)
    await exchange.reset()
    const { usage, ...row } = await sluice.row('leaving', headers['x-request-id'])
    expect(row).toMatchObject({ outcome: 'cancelled', attempts: 1 })
    expect(usage?.source).toBe('estimated')
    expect(usage?.outputTokens).toBeGreaterThan(1)
    await used('leaving', { rpm: 1, tpm: (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0), one: 0 })
  })

  test('money to the micro-dollar, and never beyond the budget', async () => {
    const key = await tenant('spender', [{ ...day, amount: 0.0005 }])
    let spent = 0
    for (let round = 0; round < 4; round += 1) {
      const order = { prompt: 13, tokens: 7 }
      const replies = await Promise.all([0, 1, 2, 3, 4, 5].map((index) => ask(key, { isolate: index % 2, order })))
      for (const reply of replies.filter(({ status }) => status === 200)) {
        expect(reply.headers['x-sluice-cost-usd']).toBe('0.000027')
        spent += 27
      }
      await used('spender', { day: spent / 1e6 })
    }
    expect(spent).toBeLessThanOrEqual(500)
    expect(spent).toBeGreaterThan(300)
  })
})

describe.concurrent('who is counted', () => {
  test('tenants apart; the same name of a key over its tenant, of a tenant over the config; null removes', async () => {
    const [a, b] = [await tenant('one', []), await tenant('two', [])]
    const free = await tenant('free', [{ name: 'shared', amount: null }])
    const strict = await sluice.makeKey('free', { limits: [rpm(1, { name: 'shared' })] })
    const thrice = (key: MadeKey) => Promise.all([0, 1, 0].map((isolate) => ask(key, { model: 'shared', isolate })))
    const all = (await Promise.all([a, b, free, strict].map(thrice))).map((replies) => statuses(replies).toSorted())
    expect(all).toEqual([
      [200, 200, 429],
      [200, 200, 429],
      [200, 200, 200],
      [200, 429, 429],
    ])
    expect(statuses(await thrice(free)), 'the key counts for itself').toEqual([200, 200, 200])
    expect((await ask(a)).headers, 'the glob does not match').not.toHaveProperty('ratelimit')
  })

  test('by scope: each key, each user that is named, each alias', async () => {
    const limits = [
      rpm(3, { name: 'by-key', scope: 'key' }),
      rpm(1, { name: 'by-user', scope: 'user' }),
      rpm(2, { name: 'by-model', scope: 'model' }),
    ]
    const key = await tenant('scopes', limits)
    const other = await sluice.makeKey('scopes')
    const bob = { 'x-sluice-user': 'bob' }
    const by = async (of: MadeKey, wanted: Wanted = {}) => (await ask(of, wanted)).headers['x-sluice-limited-by']
    expect(await by(key, { headers: bob })).toBeUndefined()
    expect(await by(other, { headers: bob, isolate: 1 })).toBe('by-user')
    expect(await by(other, { headers: { 'x-sluice-user': 'ann' } })).toBeUndefined()
    expect(await by(key)).toBe('by-model')
    expect(await by(key, { model: 'capped' })).toBeUndefined()
    expect(await by(key, { model: 'capped', isolate: 1 })).toBeUndefined()
    expect(await by(key, { model: 'brief' })).toBe('by-key')
    expect(await by(other, { model: 'brief' })).toBeUndefined()
    const wanted = { 'by-user/bob': 1, 'by-user/ann': 1, 'by-model/priced': 2, 'by-model/capped': 2 }
    await used('scopes', { ...wanted, [`by-key/${key.id}`]: 3, [`by-key/${other.id}`]: 2 })
  })
})

describe.concurrent('what callers are told', () => {
  test('the same by whole, streamed and failed replies, by GET /v1/limits, and to the operator', async () => {
    const key = await tenant('told', [rpm(5), tpm, day])
    const replies = []
    for (const wanted of [{}, { stream: true }, { order: { status: 400 } }, { order: { status: 500 } }])
      replies.push(await ask(key, wanted))
    expect(replies.map((reply) => numberIn(reply, 'x-ratelimit-remaining-requests'))).toEqual([4, 3, 2, 1])
    await used('told', { rpm: 4, tpm: 12, day: 14e-6 })
    const own = await send(`${sluice.url}/v1/limits`, { headers: { authorization: `Bearer ${key.key}` } })
    const shown = [...(await views('told')).values()].map(({ resetMs: _, ...view }) => view)
    expect(pick(own.json, 'data')).toMatchObject(shown)
    expect(shown.map(({ remaining }) => remaining)).toEqual([2, 1, 8988, 0.999986])
  })

  test('no moment later than retry-after, which is where the period ends; and the SDK does not try again', async () => {
    const zone = 'Pacific/Auckland'
    const key = await tenant('ended', [rpm(9), { ...day, amount: 0.0002, timeZone: zone }])
    expect((await ask(key, { order: { prompt: 100, tokens: 10 } })).status).toBe(200)
    await used('ended', { day: 120e-6 })
    const refused = await ask(key, { max_tokens: 40 })
    expect(refused).toMatchObject({
      status: 429,
      json: { error: { code: 'budget_exceeded', type: 'insufficient_quota' } },
    })
    const ends = new Date(Date.now() + numberIn(refused, 'retry-after-ms'))
    const told = new Intl.DateTimeFormat('en-GB', { timeZone: zone, timeStyle: 'short' })
    expect(['00:00', '23:59']).toContain(told.format(ends))
    expect(refused.headers['x-should-retry']).toBe('false')
    const moments = [...(refused.headers.ratelimit ?? '').matchAll(/t=(\d+)/g)].map(([, t]) => Number(t))
    expect(moments).toContain(numberIn(refused, 'retry-after'))
    for (const moment of moments) expect(moment).toBeLessThanOrEqual(numberIn(refused, 'retry-after'))
    let calls = 0
    const counting: typeof fetch = (...given) => fetch(...given).finally(() => (calls += 1))
    const client = new OpenAI({ apiKey: key.key, baseURL: `${sluice.url}/v1`, fetch: counting })
    const request = { model: 'priced', max_tokens: 40, messages: [{ role: 'user' as const, content: 'hi' }] }
    await expect(client.chat.completions.create(request)).rejects.toMatchObject({
      status: 429,
      code: 'budget_exceeded',
    })
    expect(calls).toBe(1)
  })

  test.each<[string, Partial<Limit>, string]>([
    ['requests', { of: 'requests', perSeconds: 60 }, 'rate_limit_exceeded'],
    ['evenly', { of: 'requests', perSeconds: 60, shape: 'paced' }, 'rate_limit_exceeded'],
    ['tokens', { of: 'tokens', perSeconds: 60 }, 'token_limit_exceeded'],
    ['flight', { of: 'concurrency' }, 'concurrency_limit_exceeded'],
    ['money', { of: 'usd', per: 'month' }, 'budget_exceeded'],
  ])('of an amount of 0 of %s: at once, by name, and that no try helps', async (name, limit, code) => {
    const key = await tenant(`nothing-${name}`, [{ name, amount: 0, ...limit }], { waitMaxMs: 20_000 })
    const refused = await ask(key)
    expect(refused).toMatchObject({ status: 429, json: { error: { code } } })
    expect(refused.headers).toMatchObject({ 'x-sluice-limited-by': name, 'x-should-retry': 'false' })
    expect(refused.headers.ratelimit).toContain(`"${name}";r=0`)
    expect(numberIn(refused, 'retry-after')).toBeGreaterThan(0)
  })

  test('a bound on output is sent where the worst case is reserved: the caller’s, or what the target would stop at', async () => {
    const key = await tenant('bounds', [{ ...tpm, amount: 90_000 }])
    const none = { max_tokens: undefined }
    await ask(key, { ...none, model: 'capped', order: { group: 'chat' } })
    await ask(key, { model: 'capped', order: { group: 'own' } })
    await ask(key, { ...none, path: '/v1/completions', order: { group: 'text' } })
    await ask(key, { ...none, path: '/v1/embeddings', order: { group: 'embed' } })
    const sent = ['chat', 'own', 'text', 'embed'].map((group) => bodyOf(group)?.max_tokens)
    expect(sent).toEqual([100, 10, 16, undefined])
  })
})

describe.concurrent('waiting', () => {
  test('beyond 5 s of a stream goes on inside it, to its turn', async () => {
    const key = await tenant('deferred', [paced(6)], { waitMaxMs: 20_000 })
    await ask(key)
    const beganMs = Date.now()
    const exchange = begin(key, { stream: true })
    const { status, headers } = await exchange.head
    expect(Date.now() - beganMs).toBeGreaterThan(4800)
    expect([status, headers['x-sluice-deferred']]).toEqual([200, '1'])
    expect(Object.keys(headers).filter((name) => /ratelimit|attempts|target|cost/.test(name))).toEqual([])
    const { body } = await exchange.reply
    expect(body).toMatch(/^: keep-alive\n\n: sluice target=up\/m attempts=1\n\ndata: /)
    expect(body).toContain('[DONE]')
  })

  test('beyond 5 s of a stream in vain ends in an error frame; of a whole reply in a refusal', async () => {
    const key = await tenant('in-vain', [{ name: 'one', of: 'concurrency', amount: 1 }], { waitMaxMs: 5600 })
    const holding = begin(key, { order: { waitMs: 8000 } })
    await used('in-vain', { one: 1 })
    const [streamed, whole] = await Promise.all([ask(key, { stream: true }), ask(key, { isolate: 1 })])
    const frame = JSON.parse(streamed.body.replace(/^: keep-alive\n\ndata: /, ''))
    expect(frame.error).toMatchObject({ code: 'queue_timeout', type: 'rate_limit_error', status: 429 })
    expect(frame.error.retry_after_ms).toBeGreaterThanOrEqual(1000)
    expect(streamed.body).not.toContain('[DONE]')
    expect(whole).toMatchObject({ status: 429, json: { error: { code: 'queue_timeout' } } })
    expect(whole.headers['x-sluice-limited-by']).toBe('one')
    expect(numberIn(whole, 'x-sluice-queue-ms')).toBeGreaterThan(5000)
    await holding.reset()
  })

  test('is bounded by the tenant, the caller and the caller’s own time; what is beyond is refused at once', async () => {
    const key = await tenant('bounded', [paced(3)], { waitMaxMs: 5000 })
    await ask(key)
    const beganMs = Date.now()
    for (const header of ['x-sluice-max-wait-ms', 'x-sluice-timeout-ms']) {
      const refused = await ask(key, { headers: { [header]: '1000' } })
      expect(refused).toMatchObject({ status: 429, json: { error: { code: 'rate_limit_exceeded' } } })
    }
    expect(Date.now() - beganMs).toBeLessThan(900)
    const waited = await ask(key, { model: 'brief' })
    expect(waited.status, 'the wait is not in the model’s time').toBe(200)
    expect(numberIn(waited, 'x-sluice-queue-ms')).toBeGreaterThan(1000)
  })

  test('gives its place back as soon as the client has left', async () => {
    const key = await tenant('patient', [paced(30)], { waitMaxMs: 60_000 })
    await ask(key)
    const exchanges = [begin(key), begin(key, { stream: true })]
    const waiting = async (count: number) =>
      eventually(`${count} wait`, 2000, async () => (await views('patient')).get('rpm')?.waiting === count || undefined)
    await waiting(2)
    await Promise.all(exchanges.map((exchange) => exchange.reset()))
    await waiting(0)
    await used('patient', { rpm: 1 })
    await eventually('a row of each', 2000, async () => {
      const found = (await sluice.rows('patient')).map(({ outcome, attempts }) => `${outcome} ${attempts}`)
      return String(found.toSorted()) === 'cancelled 0,cancelled 0,finished 1' || undefined
    })
  })
})

test('a changed amount is in force everywhere within 10 s, and keeps the count', async () => {
  const key = await tenant('changing', [rpm(5)])
  expect(statuses([await ask(key), await ask(key), await ask(key)])).toEqual([200, 200, 200])
  await sluice.done('PATCH', '/admin/tenants/changing', { limits: [rpm(2)] })
  await sleep(IN_FORCE_MS)
  for (const isolate of [0, 1]) {
    const refused = await ask(key, { isolate })
    expect([refused.status, refused.headers['x-ratelimit-limit-requests']]).toEqual([429, '2'])
  }
  await used('changing', { rpm: 3 })
})
