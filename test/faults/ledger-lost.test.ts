/** Limits when settlements are lost: an isolate that stops settling, workerd killed in the middle, and the alarm that makes it good. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { UsageRecord } from '../../src/core/usage-record.ts'
import { type CrowdPlan, press, seeded } from '../support/crowd.ts'
import { type FaultySluice, setUpFaulty } from '../support/faulty-sluice.ts'
import { expectNeverOver, microUsdOf, PRICE, sumOf, tokensOf } from '../support/limit-checks.ts'
import { type MeteredOrigin, startMeteredOrigin } from '../support/metered-origin.ts'
import { eventually } from '../support/sluice.ts'

const CLIENTS = 200
const TOTAL_MS = 5000
/** A reservation lives so long after the longest its request can run. */
const RESERVATION_MS = TOTAL_MS + 60_000
/** For the alarm to come round, and the row to be listed. */
const REAPED_WITHIN_MS = 5000
const PER_SECONDS = 4
const BUDGET_MICRO_USD = 20_000
const limits = [
  { name: 'rpm', of: 'requests', amount: 50, perSeconds: PER_SECONDS },
  { name: 'tpm', of: 'tokens', amount: 4000, perSeconds: PER_SECONDS, hard: true },
  { name: 'flight', of: 'concurrency', amount: 10 },
  { name: 'budget', of: 'usd', amount: 0.02, per: 'day' },
] as const
const held = { perMs: PER_SECONDS * 1000, requests: 50, tokens: 4000, inFlight: 10 }
/** What one request may cost at most, and costs: 5 of prompt and the tokens ordered. */
const ORDERED_TOKENS = 20
const COST_MICRO_USD = 5 + ORDERED_TOKENS
/** The isolate whose settlements never arrive. */
const MUTE = 3

let origin: MeteredOrigin
let sluice: FaultySluice
let reservedAtMs = 0

beforeAll(async () => {
  origin = await startMeteredOrigin()
  sluice = await setUpFaulty({
    isolates: 4,
    credentials: { upstream: 'sk-operator' },
    config: {
      log: 'off',
      providers: { metered: { protocol: 'openai', baseUrl: origin.url, credential: 'upstream' } },
      models: {
        m: {
          targets: [{ provider: 'metered', model: 'm', maxOutputTokens: 100, price: PRICE }],
          timeouts: { firstTokenMs: TOTAL_MS, idleMs: TOTAL_MS, totalMs: TOTAL_MS },
          retries: 0,
        },
      },
    },
    tenants: [
      { id: 'mute', limits },
      { id: 'killed', limits },
      { id: 'dead', limits },
    ],
  })
  await sluice.faults(MUTE, [{ methods: ['record', 'renew'], kind: 'drop' }])
  reservedAtMs = Date.now()
  const url = sluice.urls[MUTE] ?? ''
  const body = { model: 'm', messages: [{ role: 'user', content: 'hi' }], max_tokens: 100 }
  const ask = (): Promise<{ status: number }> =>
    sluice.post(
      sluice.keyOf('dead').key,
      '/v1/chat/completions',
      { ...body, order: { group: 'dead', tokens: ORDERED_TOKENS } },
      { url },
    )
  const statuses = await Promise.all([ask(), ask(), ask()])
  expect(statuses.map(({ status }) => status)).toEqual([200, 200, 200])
})

afterAll(async () => {
  await sluice?.stop()
  await origin?.close()
})

function crowd(tenant: string, plan: Partial<CrowdPlan>): ReturnType<typeof press> {
  const { key } = sluice.keyOf(tenant)
  const order = { group: tenant, tokens: ORDERED_TOKENS, gapMs: 10 }
  const usual = { clients: CLIENTS, forMs: 9000, maxWaitMs: 1000, maxTokens: 40, stream: true, model: 'm' }
  return press(sluice, { ...usual, key, order, random: seeded(3), ...plan })
}

test('an isolate that stops settling: what it holds stays held, and nothing is over', async () => {
  await crowd('mute', {})
  const account = await origin.account('mute')
  expectNeverOver(account, held)
  // By the origin's own count: of a quarter of them there is no row.
  expect(sumOf(account.arrivals, tokensOf)).toBeLessThanOrEqual(BUDGET_MICRO_USD)
  // It was the mute isolate that went without, and only its own: those who settle had their turns until its
  // leases were all of the ten.
  const settled = (await sluice.rows('mute')).filter(({ attempts }) => attempts > 0)
  expect(settled.length).toBeGreaterThan(0)
  expect(settled.length).toBeLessThan(account.arrivals.length)
})

let killedAtMs = 0

test('workerd killed and started again in the middle: nothing is over, and it goes on', async () => {
  const pressing = crowd('killed', { forMs: 12_000 })
  await sleep(3000)
  killedAtMs = Date.now()
  await sluice.crash()
  await sluice.restart()
  const restartedAtMs = Date.now()
  // The window that was open when it died is still open: this is what the journal is for.
  expect(restartedAtMs - killedAtMs).toBeLessThan(PER_SECONDS * 1000)
  await pressing
  const account = await origin.account('killed')
  expectNeverOver(account, held)
  expect(sumOf(account.arrivals, tokensOf)).toBeLessThanOrEqual(BUDGET_MICRO_USD)
  expect(account.arrivals.filter(({ atMs }) => atMs < killedAtMs).length).toBeGreaterThan(10)
})

test('a reservation that nobody settles is settled by the alarm, across the restart', { timeout: 90_000 }, async () => {
  expect(await reaped('dead')).toEqual([])
  await sleep(Math.max(0, reservedAtMs + RESERVATION_MS - Date.now()))
  const rows = await eventually('three reaped rows', REAPED_WITHIN_MS, async () => {
    const found = await reaped('dead')
    return found.length === 3 ? found : undefined
  })
  for (const row of rows) expect(row).toMatchObject({ outcome: 'broken', status: 200, model: 'm' })
  // At the estimate, which is not the worst case: the budget has the rest back.
  const spent = microUsdOf(rows)
  expect(spent).toBeGreaterThan(0)
  expect(spent).toBeLessThan(3 * 140)
  await expectSettled('dead', spent)
})

test('and so are those that were in flight when workerd died', { timeout: 90_000 }, async () => {
  await sleep(Math.max(0, killedAtMs + RESERVATION_MS - Date.now()))
  const { arrivals } = await origin.account('killed')
  // Every request that went on has its row now.
  const rows = await eventually('a row for every arrival', REAPED_WITHIN_MS, async () => {
    const found = (await sluice.rows('killed')).filter((row) => row.attempts > 0 || row.usage?.source === 'reaped')
    return found.length >= arrivals.length ? found : undefined
  })
  expect(rows.filter(({ usage }) => usage?.source === 'reaped').length).toBeGreaterThan(0)
  expect(microUsdOf(rows)).toBeGreaterThanOrEqual(COST_MICRO_USD)
  expect(microUsdOf(rows)).toBeLessThanOrEqual(BUDGET_MICRO_USD)
  await expectSettled('killed', microUsdOf(rows))
})

const reaped = async (tenant: string): Promise<UsageRecord[]> =>
  (await sluice.rows(tenant)).filter(({ usage }) => usage?.source === 'reaped')

/** No reservation is left, and money is used as the rows say. What did not finish is held for another moment. */
async function expectSettled(tenant: string, microUsd: number): Promise<void> {
  await eventually(`${tenant} settled, ${microUsd} micro-dollars used`, 1000, async () => {
    const view = (await sluice.done('GET', `/admin/tenants/${tenant}/limits`)) as {
      reservations: number
      data: { name: string; used: number }[]
    }
    const used = new Map(view.data.map((counter) => [counter.name, counter.used]))
    const isSettled = view.reservations === 0 && used.get('flight') === 0
    return isSettled && Math.round((used.get('budget') ?? 0) * 1e6) === microUsd ? true : undefined
  })
}
