/** A tenant's object that is far: limits hold once that is known, and money always. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  BUDGET_MICRO_USD,
  budget,
  crowd,
  degradedSeconds,
  ISOLATES,
  OPEN_PART,
  overOrigin,
  PER_MS,
  REQUESTS,
  rpm,
} from '../support/far-ledger.ts'
import { type FaultySluice, setUpFaulty } from '../support/faulty-sluice.ts'
import { expectNeverOver, mostGranted, sumOf, tokensOf } from '../support/limit-checks.ts'
import { type MeteredOrigin, startMeteredOrigin } from '../support/metered-origin.ts'

const ROUND_TRIP_MS = 300

let origin: MeteredOrigin

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
      ...overOrigin(origin),
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
    for (const url of sluice.urls) expect(await degradedSeconds(sluice, url)).toBeLessThanOrEqual(PER_MS / 1000)
  })

  test('money never opens', async () => {
    await crowd(sluice, 'far-money', { forMs: 6000, pauseMs: 300 })
    const { arrivals } = await origin.account('far-money')
    expect(sumOf(arrivals, tokensOf)).toBeLessThanOrEqual(BUDGET_MICRO_USD)
    expect(sumOf(arrivals, tokensOf)).toBeGreaterThan(BUDGET_MICRO_USD / 2)
  })
})
