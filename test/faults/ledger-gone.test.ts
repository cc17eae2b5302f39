/** A tenant's object out of reach: limits hold as far as they can, money always, and nothing stays open. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  ask,
  budget,
  crowd,
  degradedSeconds,
  ISOLATES,
  OPEN_PART,
  overOrigin,
  PER_MS,
  REQUESTS,
  rpm,
  visit,
} from '../support/far-ledger.ts'
import type { ObjectFault } from '../support/fault-front.ts'
import { type FaultySluice, setUpFaulty } from '../support/faulty-sluice.ts'
import { expectNeverOver } from '../support/limit-checks.ts'
import { type MeteredOrigin, startMeteredOrigin } from '../support/metered-origin.ts'
import { eventually } from '../support/sluice.ts'

/** For so long an isolate goes on by itself. */
const OPEN_MS = 30_000

let origin: MeteredOrigin

beforeAll(async () => {
  origin = await startMeteredOrigin()
})

afterAll(async () => {
  await origin?.close()
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
      ...overOrigin(origin),
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
