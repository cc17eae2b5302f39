/** Limits under 200 clients over four isolates: never over in any closed interval, and all of it where demand is there. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CrowdPlan, type Experience, press, seeded } from '../support/crowd.ts'
import { pick } from '../support/http-client.ts'
import { expectNeverOver, microUsdOf, PRICE, rowsOf, sumOf, tokensOf } from '../support/limit-checks.ts'
import { type MeteredOrigin, startMeteredOrigin } from '../support/metered-origin.ts'
import { eventually, ROW_MS, setUp, type TestSluice } from '../support/sluice.ts'

const CLIENTS = 200
const PER_SECONDS = 4
const PER_MS = PER_SECONDS * 1000
/** Of a budget of money: 20,000 micro-dollars. */
const BUDGET_USD = 0.02
const BUDGET_MICRO_USD = 20_000
const TOKENS = 4000
const REQUESTS = 50
const IN_FLIGHT = 10

const rpm = { name: 'rpm', of: 'requests', amount: REQUESTS, perSeconds: PER_SECONDS } as const
const tpm = { name: 'tpm', of: 'tokens', amount: TOKENS, perSeconds: PER_SECONDS, hard: true } as const
const flight = { name: 'flight', of: 'concurrency', amount: IN_FLIGHT } as const
const budget = { name: 'budget', of: 'usd', amount: BUDGET_USD, per: 'day' } as const
const all = { perMs: PER_MS, requests: REQUESTS, tokens: TOKENS, inFlight: IN_FLIGHT }
/** Three windows begin in this time, and with some delay on a busy machine too; a fourth does not. */
const RUN_MS = 10_500

let origin: MeteredOrigin
let sluice: TestSluice

beforeAll(async () => {
  origin = await startMeteredOrigin()
  sluice = await setUp({
    isolates: 4,
    credentials: { upstream: 'sk-operator' },
    config: {
      log: 'off',
      providers: { metered: { protocol: 'openai', baseUrl: origin.url, credential: 'upstream' } },
      models: {
        m: { targets: [{ provider: 'metered', model: 'm', maxOutputTokens: 100, price: PRICE }], retries: 0 },
      },
    },
    tenants: [
      { id: 'warm' },
      { id: 'rpm', limits: [rpm] },
      { id: 'patient', limits: [rpm] },
      { id: 'tpm', limits: [tpm] },
      { id: 'flight', limits: [flight] },
      { id: 'budget', limits: [budget] },
      { id: 'all', limits: [rpm, tpm, flight, budget] },
      { id: 'resets', limits: [rpm, tpm, flight, budget] },
    ],
  })
  // Compiled, connected and known to every isolate before anything is timed.
  await crowd('warm', { clients: 40, forMs: 500 })
})

afterAll(async () => {
  await sluice?.stop()
  await origin?.close()
})

/** 200 clients who come back as soon as they may. */
function crowd(tenant: string, plan: Partial<CrowdPlan>): Promise<Experience[]> {
  const { key } = sluice.keyOf(tenant)
  const usual = { clients: CLIENTS, forMs: RUN_MS, maxWaitMs: 0, model: 'm', random: seeded(1) }
  return press(sluice, { ...usual, key, order: { group: tenant, tokens: 1 }, ...plan })
}

const refusedBy = (experiences: readonly Experience[]): Set<string | undefined> =>
  new Set(experiences.filter(({ status }) => status === 429).map(({ limitedBy }) => limitedBy))

test('requests: the amount in every window, and no more in any', async () => {
  const experiences = await crowd('rpm', {})
  const account = await origin.account('rpm')
  expectNeverOver(account, { perMs: PER_MS, requests: REQUESTS })
  // Each of three windows was used up.
  expect(account.arrivals).toHaveLength(3 * REQUESTS)
  expect(experiences.filter(({ status }) => status === 200)).toHaveLength(3 * REQUESTS)
  expect(refusedBy(experiences)).toEqual(new Set(['rpm']))
  expect(await rowsOf(sluice, 'rpm', 3 * REQUESTS)).toHaveLength(3 * REQUESTS)
})

test('requests that wait for their turn: the same', async () => {
  const experiences = await crowd('patient', { maxWaitMs: 2000 })
  const account = await origin.account('patient')
  expectNeverOver(account, { perMs: PER_MS, requests: REQUESTS })
  expect(account.arrivals).toHaveLength(3 * REQUESTS)
  expect(experiences.filter(({ status }) => status === 200)).toHaveLength(3 * REQUESTS)
})

test('hard tokens: never over, though nobody knows beforehand what an answer takes', async () => {
  // They wait: what settlement gives back goes to the next at once.
  const plan = { order: { group: 'tpm', tokens: 95 }, maxTokens: 100, maxWaitMs: PER_MS + 1000 }
  const experiences = await crowd('tpm', plan)
  const account = await origin.account('tpm')
  expectNeverOver(account, { perMs: PER_MS, tokens: TOKENS })
  // What is left is less than the worst case of one more request.
  expect(sumOf(account.arrivals, tokensOf)).toBeGreaterThanOrEqual(3 * 0.93 * TOKENS)
  expect(refusedBy(experiences)).toEqual(new Set(['tpm']))
})

test('concurrency: ten at once, never eleven', async () => {
  const order = { group: 'flight', tokens: 10, gapMs: 20 }
  const experiences = await crowd('flight', { order, stream: true, forMs: 4000, maxWaitMs: 500 })
  const account = await origin.account('flight')
  expect(account.inFlightMost).toBe(IN_FLIGHT)
  expect(refusedBy(experiences)).toEqual(new Set(['flight']))
  // A slot is free again at most 100 ms after its stream's end: 4 s hold ten lanes of streams of some 300 ms.
  expect(account.arrivals.length).toBeGreaterThan(80)
})

test('money: spent to the last request that fits, and not a micro-dollar more', async () => {
  const order = { group: 'budget', tokens: 95 }
  // They are told to come back tomorrow, and do not: what settlements give back is asked for.
  const experiences = await crowd('budget', { order, maxTokens: 95, forMs: 4000, pauseMs: 300 })
  const { arrivals } = await origin.account('budget')
  expect(sumOf(arrivals, tokensOf)).toBeLessThanOrEqual(BUDGET_MICRO_USD)
  expect(sumOf(arrivals, tokensOf)).toBeGreaterThan(0.98 * BUDGET_MICRO_USD)
  expect(microUsdOf(await rowsOf(sluice, 'budget', arrivals.length))).toBe(sumOf(arrivals, tokensOf))
  expect(refusedBy(experiences)).toEqual(new Set(['budget']))
  expect(new Set(experiences.filter(({ status }) => status !== 200).map(({ code }) => code))).toEqual(
    new Set(['budget_exceeded']),
  )
})

test('all four at once', async () => {
  const order = { group: 'all', tokens: 20, gapMs: 10 }
  const experiences = await crowd('all', { order, stream: true, maxTokens: 40 })
  const account = await origin.account('all')
  expectNeverOver(account, all)
  const rows = await rowsOf(sluice, 'all', account.arrivals.length)
  expect(rows).toHaveLength(account.arrivals.length)
  expect(microUsdOf(rows)).toBeLessThanOrEqual(BUDGET_MICRO_USD)
  expect(account.arrivals.length).toBeGreaterThan(REQUESTS)
  expect(new Set(experiences.map(({ status }) => status))).toEqual(new Set([200, 429]))
})

test('all four at once, with half of the streams reset at random', async () => {
  const order = { group: 'resets', tokens: 20, gapMs: 10 }
  const leave = { share: 0.5, withinMs: 300 }
  const experiences = await crowd('resets', { order, stream: true, maxTokens: 40, leave, random: seeded(7) })
  const account = await origin.account('resets')
  expectNeverOver(account, all)
  // Nothing stays held on behalf of those who left, wherever they were when they did.
  await eventually('every reservation settled', ROW_MS, async () => {
    const view = await sluice.done('GET', '/admin/tenants/resets/limits')
    return pick(view, 'reservations') === 0 ? true : undefined
  })
  const rows = await rowsOf(sluice, 'resets', account.arrivals.length)
  // One settlement a request, however it ended.
  expect(new Set(rows.map(({ requestId }) => requestId)).size).toBe(rows.length)
  expect(microUsdOf(rows)).toBeLessThanOrEqual(BUDGET_MICRO_USD)
  expect(account.arrivals.filter(({ answered }) => !answered).length).toBeGreaterThan(5)
  // What was produced is counted, as far as anybody saw it.
  const counted = sumOf(rows, ({ usage }) => usage?.outputTokens ?? 0)
  expect(counted).toBeGreaterThanOrEqual(sumOf(experiences, ({ tokens }) => tokens))
  // Of a stream that was cut the events are counted; its last, with the finish reason alone, is one of them.
  const cut = rows.filter(({ outcome }) => outcome === 'cancelled').length
  expect(counted).toBeLessThanOrEqual(sumOf(account.arrivals, ({ outputTokens }) => outputTokens) + cut)
  expect(experiences.filter(({ status, left }) => status === 200 && !left).length).toBeGreaterThan(REQUESTS / 2)
})
