/** A tenant's object that is far, or out of reach: limits hold as far as they can, money always, and nothing stays open. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CrowdPlan, press, seeded } from '../support/crowd.ts'
import type { ObjectFault } from '../support/fault-front.ts'
import { type FaultySluice, setUpFaulty } from '../support/faulty-sluice.ts'
import { pick, type Reply } from '../support/http-client.ts'
import { expectNeverOver, mostGranted, PRICE, sumOf, tokensOf } from '../support/limit-checks.ts'
import { type MeteredOrigin, startMeteredOrigin } from '../support/metered-origin.ts'
import { eventually } from '../support/sluice.ts'

const ISOLATES = 4
const ROUND_TRIP_MS = 300
const PER_SECONDS = 4
const PER_MS = PER_SECONDS * 1000
const REQUESTS = 40
const BUDGET_MICRO_USD = 3000
/** While its object is out of reach each isolate lets through this part of a rate … */
const OPEN_PART = 8
/** … and for so long. */
const OPEN_MS = 30_000

const rpm = { name: 'rpm', of: 'requests', amount: REQUESTS, perSeconds: PER_SECONDS } as const
const budget = { name: 'budget', of: 'usd', amount: BUDGET_MICRO_USD / 1e6, per: 'day' } as const

let origin: MeteredOrigin

const setup = () => ({
  isolates: ISOLATES,
  credentials: { upstream: 'sk-operator' },
  config: {
    log: 'off' as const,
    providers: { metered: { protocol: 'openai' as const, baseUrl: origin.url, credential: 'upstream' } },
    models: {
      m: { targets: [{ provider: 'metered', model: 'm', maxOutputTokens: 100, price: PRICE }], retries: 0 },
    },
  },
})

/** Has every isolate know a tenant's key and make its first acquaintance with the object. */
async function visit(sluice: FaultySluice, tenant: string): Promise<void> {
  for (const url of sluice.urls) await ask(sluice, tenant, url, 'visits')
}

function ask(sluice: FaultySluice, tenant: string, url: string, group = tenant): Promise<Reply> {
  const body = { model: 'm', messages: [{ role: 'user', content: 'hi' }], max_tokens: 5, order: { group } }
  return sluice.post(sluice.keyOf(tenant).key, '/v1/chat/completions', body, { url })
}

function crowd(sluice: FaultySluice, tenant: string, plan: Partial<CrowdPlan>): ReturnType<typeof press> {
  const { key } = sluice.keyOf(tenant)
  const usual = { clients: 100, forMs: 13_000, maxWaitMs: 1000, maxTokens: 100, model: 'm', random: seeded(5) }
  return press(sluice, { ...usual, key, order: { group: tenant, tokens: 20 }, ...plan })
}

const degradedSeconds = async (sluice: FaultySluice, url: string): Promise<number> =>
  Number(pick((await sluice.admin('GET', '/admin/status', undefined, url)).json, 'degradedSeconds'))

beforeAll(async () => {
  origin = await startMeteredOrigin()
})

afterAll(async () => {
  await origin?.close()
})

describe(`an object ${ROUND_TRIP_MS} ms away`, () => {
  let sluice: FaultySluice

  beforeAll(async () => {
    sluice = await setUpFaulty({
      ...setup(),
      tenants: [
        { id: 'far', limits: [rpm] },
        { id: 'far-money', limits: [budget] },
      ],
    })
    await sluice.faultsEverywhere([{ kind: 'far', ms: ROUND_TRIP_MS }])
  })

  afterAll(async () => {
    await sluice?.stop()
  })

  test('rates hold once the isolates know how far it is, and what was open until then is bounded', async () => {
    const beganAtMs = Date.now()
    await crowd(sluice, 'far', {})
    const account = await origin.account('far')
    // An isolate takes the first answers for failures: until it knows better it lets its own part through.
    const openMost = REQUESTS + (ISOLATES * REQUESTS) / OPEN_PART
    expect(mostGranted(account, PER_MS, () => 1)).toBeLessThanOrEqual(openMost)
    const known = { ...account, arrivals: account.arrivals.filter(({ sentMs }) => sentMs > beganAtMs + PER_MS) }
    expectNeverOver(known, { perMs: PER_MS, requests: REQUESTS })
    // And it is no outage: two more windows were used up.
    expect(known.arrivals.length).toBeGreaterThanOrEqual(1.9 * REQUESTS)
    // The distance itself is no outage: hardly any time was counted as one.
    for (const url of sluice.urls) expect(await degradedSeconds(sluice, url)).toBeLessThanOrEqual(PER_SECONDS)
  })

  test('money never opens', async () => {
    await crowd(sluice, 'far-money', { forMs: 6000, pauseMs: 300 })
    const { arrivals } = await origin.account('far-money')
    expect(sumOf(arrivals, tokensOf)).toBeLessThanOrEqual(BUDGET_MICRO_USD)
    expect(sumOf(arrivals, tokensOf)).toBeGreaterThan(BUDGET_MICRO_USD / 2)
  })
})

/** All of it is gone; or only its ledger, while keys can still be asked for. */
const outages: readonly ObjectFault[] = [
  { kind: 'reject' },
  { kind: 'hang', methods: ['admit', 'turn', 'withdraw', 'renew', 'record'] },
]

describe.each(outages)('a ledger out of reach ($kind)', (fault) => {
  let sluice: FaultySluice

  beforeAll(async () => {
    sluice = await setUpFaulty({
      ...setup(),
      tenants: [
        { id: 'rates', limits: [rpm] },
        { id: 'money', limits: [rpm, budget] },
        { id: 'hard', limits: [{ name: 'tpm', of: 'tokens', amount: 10_000, perSeconds: 4, hard: true }] },
        { id: 'unlimited' },
      ],
    })
    for (const tenant of ['rates', 'money', 'hard', 'unlimited']) await visit(sluice, tenant)
    // The visits' window has passed.
    await sleep(PER_MS + 200)
    await sluice.faultsEverywhere([fault])
  })

  afterAll(async () => {
    await sluice?.stop()
  })

  test('rates open to an eighth in each isolate, money and hard limits close, and after 30 s all do', async () => {
    const group = `rates-${fault.kind}`
    const lostAtMs = Date.now()
    const [, money, hard, free] = await Promise.all([
      crowd(sluice, 'rates', { order: { group }, clients: 40, forMs: 9000, maxWaitMs: 0 }),
      ask(sluice, 'money', sluice.url),
      ask(sluice, 'hard', sluice.url),
      ask(sluice, 'unlimited', sluice.url),
    ])
    for (const closed of [money, hard]) {
      expect(closed).toMatchObject({ status: 503, json: { error: { code: 'overloaded' } } })
      expect(closed.headers['retry-after']).toBe('1')
    }
    // Who has no limit has nothing to ask of anybody.
    expect(free.status).toBe(200)
    const account = await origin.account(group)
    const openInAll = (ISOLATES * REQUESTS) / OPEN_PART
    expectNeverOver(account, { perMs: PER_MS, requests: openInAll })
    expect(account.arrivals.length).toBeGreaterThanOrEqual(2 * openInAll)

    await sleep(lostAtMs + OPEN_MS + 1500 - Date.now())
    const late = await ask(sluice, 'rates', sluice.url, 'late')
    expect(late.status).toBe(503)
    if (fault.methods !== undefined) expect((await ask(sluice, 'unlimited', sluice.url, 'late')).status).toBe(200)

    await sluice.faultsEverywhere([])
    for (const url of sluice.urls) expect(await degradedSeconds(sluice, url)).toBeGreaterThanOrEqual(OPEN_MS / 1000)
    const everywhere = ['money', 'hard', 'rates'].flatMap((id) => sluice.urls.map((url) => ({ id, url })))
    await Promise.all(
      everywhere.map(({ id, url }) =>
        eventually(`${id} in force again at ${url}`, 5000, async () => {
          const { status } = await ask(sluice, id, url, 'back')
          return status === 200 ? true : undefined
        }),
      ),
    )
    // Counted by the object again: the amount is what it was, in all isolates together.
    await sleep(PER_MS + 200)
    const back = `back-${fault.kind}`
    await crowd(sluice, 'rates', { order: { group: back }, clients: 100, forMs: 2500 })
    expect((await origin.account(back)).arrivals).toHaveLength(REQUESTS)
  })
})
