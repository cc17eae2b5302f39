/** Requests that wait for their turn: in order, evenly spaced, refused at once where the wait would be too long. */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Exchange, Reply } from '../support/http-client.ts'
import { PRICE, rowsOf } from '../support/limit-checks.ts'
import { type Arrival, type MeteredOrigin, startMeteredOrigin } from '../support/metered-origin.ts'
import { eventually, setUp, type TestSluice } from '../support/sluice.ts'

const REQUESTS = 100
const PER_SECOND = 10
const SPACING_MS = 1000 / PER_SECOND
const SPACING_OFF_MS = 20

const paced = { name: 'pace', of: 'requests', amount: PER_SECOND, perSeconds: 1, shape: 'paced', burst: 1 } as const
const slow = { name: 'slow', of: 'requests', amount: 1, perSeconds: 2, shape: 'paced', burst: 1 } as const

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
      models: { m: { targets: [{ provider: 'metered', model: 'm', price: PRICE }], retries: 0 } },
    },
    tenants: [
      { id: 'warm' },
      { id: 'hurried', limits: [paced] },
      { id: 'leaver', limits: [slow] },
      { id: 'policy', limits: [slow], waitMaxMs: 10_000 },
    ],
  })
  // Connected, compiled, and every key known everywhere, before anything is timed.
  for (const url of sluice.urls) await ask('warm', 0, { url }).reply
  for (const id of ['hurried', 'leaver', 'policy']) await sluice.inForce(sluice.keyOf(id).key, ['m'])
})

afterAll(async () => {
  await sluice?.stop()
  await origin?.close()
})

interface Asked {
  readonly url?: string
  readonly maxWaitMs?: number
  readonly key?: string
}

function ask(tenant: string, index: number, more: Asked = {}): Exchange {
  const { url = sluice.urls[index % sluice.urls.length] ?? '', maxWaitMs, key = sluice.keyOf(tenant).key } = more
  const body = {
    model: 'm',
    messages: [{ role: 'user', content: 'hi' }],
    order: { group: tenant, index, sentMs: Date.now() },
  }
  const headers = maxWaitMs === undefined ? {} : { 'x-sluice-max-wait-ms': String(maxWaitMs) }
  return sluice.begin(key, '/v1/chat/completions', body, { url, headers })
}

/** Sends them to one isolate, a little apart, so that there is an order of arrival; its key is known there for a while. */
async function askInOrder(tenant: string, maxWaitMs: number): Promise<Exchange[]> {
  const { key } = await sluice.makeKey(tenant)
  await sluice.inForce(key, ['m'])
  const exchanges: Exchange[] = []
  for (let index = 0; index < REQUESTS; index += 1) {
    const exchange = ask(tenant, index, { maxWaitMs, url: sluice.url, key })
    exchanges.push(exchange)
    await exchange.socket
    await sleep(5)
  }
  return exchanges
}

const arrivalsAt = async (group: string): Promise<readonly Arrival[]> => (await origin.account(group)).arrivals

describe.concurrent('requests that wait', () => {
  // Spacing is a measurement: whatever else the machine does meanwhile blurs it.
  test('100 at a pace of 10/s: all served, in order, evenly, none tried twice', {
    concurrent: false,
    retry: 2,
  }, async () => {
    const tenant = `patient-${randomUUID().slice(0, 8)}`
    await sluice.makeTenant(tenant, { limits: [paced] })
    const replies = await Promise.all((await askInOrder(tenant, 15_000)).map(({ reply }) => reply))
    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200))
    const arrivals = await arrivalsAt(tenant)
    expect(arrivals.map(({ index }) => index)).toEqual(replies.map((_, index) => index))
    const offMs = arrivals
      .slice(1)
      .map(({ atMs }, index) => Math.abs(atMs - (arrivals[index]?.atMs ?? 0) - SPACING_MS))
      .sort((a, b) => a - b)
    expect(offMs[Math.floor(offMs.length * 0.9)]).toBeLessThanOrEqual(SPACING_OFF_MS)
    // Evenly is not faster: from first to last it took what the pace says.
    expect((arrivals.at(-1)?.atMs ?? 0) - (arrivals[0]?.sentMs ?? 0)).toBeGreaterThanOrEqual(
      (REQUESTS - 1) * SPACING_MS,
    )
    const rows = await rowsOf(sluice, tenant, REQUESTS)
    expect(rows.map(({ attempts }) => attempts)).toEqual(rows.map(() => 1))
    // Who waited is told so.
    expect(Number(replies.at(-1)?.headers['x-sluice-queue-ms'])).toBeGreaterThan(8000)
  })

  test('who cannot be served in time is told at once when to come back, and is served then', async () => {
    const maxWaitMs = 2000
    const client = async (exchange: Exchange, index: number): Promise<{ first: Reply; next: Reply | null }> => {
      const first = await exchange.reply
      if (first.status === 200) return { first, next: null }
      expect(Number(first.headers['x-sluice-queue-ms'])).toBe(0)
      await sleep(Number(first.headers['retry-after']) * 1000)
      return { first, next: await ask('hurried', index, { maxWaitMs }).reply }
    }
    const ended = await Promise.all((await askInOrder('hurried', maxWaitMs)).map(client))
    const refused = ended.filter(({ next }) => next !== null)
    // One at once and one each 100 ms for 2 s after; the sending itself took half a second.
    expect(refused.length).toBeGreaterThan(70)
    expect(refused.length).toBeLessThan(81)
    for (const { first } of refused) {
      expect(first).toMatchObject({ status: 429, json: { error: { code: 'rate_limit_exceeded' } } })
      expect(first.headers['x-sluice-limited-by']).toBe('pace')
      expect(first.headers['retry-after']).toMatch(/^[1-9]\d*$/)
      // The header of whole seconds is the exact one rounded up.
      expect(Number(first.headers['retry-after'])).toBe(Math.ceil(Number(first.headers['retry-after-ms']) / 1000))
    }
    expect(refused.map(({ next }) => next?.status)).toEqual(refused.map(() => 200))
    expect(await arrivalsAt('hurried')).toHaveLength(REQUESTS)
  })

  test('a waiter that is reset gives its place back: those behind it move up', async () => {
    expect((await ask('leaver', 0).reply).status).toBe(200)
    const first = ask('leaver', 1, { maxWaitMs: 20_000 })
    await waiting('leaver', 1)
    const second = ask('leaver', 2, { maxWaitMs: 20_000 })
    await waiting('leaver', 2)
    const third = ask('leaver', 3, { maxWaitMs: 20_000 })
    await waiting('leaver', 3)
    await first.reset()
    await waiting('leaver', 2)
    expect((await second.reply).status).toBe(200)
    expect((await third.reply).status).toBe(200)
    const arrivals = await arrivalsAt('leaver')
    expect(arrivals).toHaveLength(3)
    // The second and third of three turns: without the reset it would have been the third and fourth.
    const tookMs = (arrivals.at(-1)?.atMs ?? 0) - (arrivals[0]?.sentMs ?? 0)
    expect(tookMs).toBeGreaterThanOrEqual(4000)
    expect(tookMs).toBeLessThan(5500)
    const left = (await sluice.rows('leaver')).filter(({ outcome }) => outcome === 'cancelled')
    expect(left).toMatchObject([{ attempts: 0, status: 499 }])
  })

  test("without the header the tenant's own patience counts, and 0 is none", async () => {
    expect((await ask('policy', 0).reply).status).toBe(200)
    const hurried = await ask('policy', 1, { maxWaitMs: 0 }).reply
    expect(hurried.status).toBe(429)
    const patient = await ask('policy', 2).reply
    expect(patient.status).toBe(200)
    expect(Number(patient.headers['x-sluice-queue-ms'])).toBeGreaterThan(1000)
  })
})

/** Waits until so many requests of a tenant wait. */
async function waiting(tenant: string, count: number): Promise<void> {
  await eventually(`${count} waiting`, 5000, async () => {
    const view = await sluice.done('GET', `/admin/tenants/${tenant}/limits`)
    return (view as { waiting?: number }).waiting === count ? true : undefined
  })
}
