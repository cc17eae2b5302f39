/** Admission: what the ledger is asked, its answers, and what needs no question. */
import { describe, expect, it } from 'vitest'
import type { AskReply, Slice } from '../../src/core/ledger/types.ts'
import { ADMIT_DEADLINE_MIN_MS, LEASE_RENEW_MS, OBJECT_CALL_MS } from '../../src/core/limits.ts'
import {
  admitted,
  admitting,
  FLIGHT,
  granted,
  level,
  MONTH,
  pending,
  RPM,
  refused,
  TPM,
  told,
} from '../support/admitting.ts'

describe('without limits', () => {
  it('goes on at once, and asks nobody', () => {
    const { asks, next } = admitting([])
    expect(next()).toMatchObject({ kind: 'admitted', limits: null, queueMs: 0, charge: null, capOutput: false })
    expect(asks).toEqual([])
  })
})

describe('the question', () => {
  it('says what the ledger needs to know', async () => {
    const { clock, asks, next } = admitting([RPM], { waitMaxMs: 7000 })
    await next({ timeoutMs: 30_000 })
    expect(asks).toMatchObject([
      {
        id: 'r1',
        isolate: 'i1',
        startedAtMs: clock.now(),
        key: 'key00001',
        model: 'model',
        counters: [{ limit: 'rpm', of: 'requests', amount: 80 }],
        needs: { outputTokensMax: 1000 },
        maxWaitMs: 7000,
        lifeMs: 90_000,
        slices: [],
      },
    ])
    await next({ timeoutMs: 3_600_000 })
    expect(asks[1]?.lifeMs).toBe(160_000)
  })

  it('may take as long as the object is known to', async () => {
    const { services, deadlines, next } = admitting([RPM])
    await next()
    services.roundTrips.observe('acme.g1', 1)
    await next()
    expect(deadlines).toEqual([OBJECT_CALL_MS, ADMIT_DEADLINE_MIN_MS])
  })
})

describe('the answer', () => {
  it('granted: how the limits stand, what the attempts must keep to, and no charge of its own', async () => {
    const { next, ledger } = admitting([MONTH])
    ledger.admit = async () => granted(null, level(7))
    expect(await next()).toMatchObject({
      kind: 'admitted',
      limits: { counters: [{ limit: 'month' }], levels: [level(7)] },
      queueMs: 0,
      charge: null,
      moneyLimit: 'month',
      capOutput: true,
    })
  })

  it('refused: the limit, and when to come back', async () => {
    const { next, ledger } = admitting([RPM])
    ledger.admit = async () => refused()
    expect(await next()).toMatchObject({
      kind: 'refused',
      refusal: { code: 'rate_limit_exceeded', limitedBy: 'rpm', retryAfterMs: 1500 },
      limits: { counters: [{ limit: 'rpm' }], levels: [level(0)] },
      queueMs: 0,
    })
  })

  it.each([
    ['tokens', [RPM, TPM], [level(5), level(0)], 1, 'token_limit_exceeded'],
    ['money', [RPM, MONTH], [level(1), level(0)], 1, 'budget_exceeded'],
  ] as const)('short: only %s stand in the way', async (_, limits, levels, by, code) => {
    const { next, ledger } = admitting([...limits])
    ledger.admit = async () => refused(by, ...levels)
    expect(await next()).toMatchObject({ kind: 'short', refusal: { code, limitedBy: limits[1].name } })
  })

  it('is no shortage where requests are used up as well', async () => {
    const { next, ledger } = admitting([RPM, MONTH])
    ledger.admit = async () => refused(1, level(0), level(0))
    expect(await next()).toMatchObject({ kind: 'refused', refusal: { code: 'budget_exceeded' } })
  })

  it('short, unasked: a limit on money cannot count what a target without a price costs', async () => {
    const { next, asks } = admitting([MONTH])
    expect(await next({ alias: 'free' })).toMatchObject({
      kind: 'short',
      refusal: { code: 'budget_exceeded', limitedBy: 'month' },
    })
    expect(asks).toEqual([])
  })

  it('gone: the tenant was deleted, and so were its keys', async () => {
    const { next, ledger } = admitting([RPM])
    ledger.admit = async () => ({ kind: 'gone' })
    expect(await next()).toMatchObject({ kind: 'refused', limits: null, refusal: { code: 'invalid_api_key' } })
  })
})

describe('a slice', () => {
  const sliceOf = (units: number[], lifeMs = 5000): Slice => ({ id: 's1', units, lifeMs })

  it('admits what fits without a question or a promise, with its charge and the levels', async () => {
    const { next, ledger, asks } = admitting([RPM])
    ledger.admit = async () => granted(sliceOf([2]))
    await next()
    const admission = next()
    expect(admission).toMatchObject({
      kind: 'admitted',
      charge: { slice: 's1', units: [1] },
      limits: { counters: [{ limit: 'rpm' }], levels: [level(80)] },
    })
    next()
    expect(asks.length).toBe(1)
  })

  it('that is used up goes back with the next question, once', async () => {
    const { clock, next, ledger, asks } = admitting([RPM])
    ledger.admit = async () => granted(sliceOf([1]))
    await next()
    next()
    await clock.advance(10)
    ledger.admit = async () => granted()
    await next()
    await next()
    expect(asks.map(({ slices }) => slices)).toEqual([[], [{ id: 's1', left: [0], usedMs: 0 }], []])
  })

  it('lives from when it was asked for, not from when the answer came', async () => {
    const { clock, next, ledger, asks } = admitting([RPM])
    ledger.admit = async () => {
      await clock.advance(60)
      return granted(sliceOf([5], 100))
    }
    await next()
    ledger.admit = async () => granted()
    await clock.advance(39)
    expect(next()).toMatchObject({ charge: { slice: 's1' } })
    await clock.advance(1)
    await next()
    expect(asks[1]?.slices).toEqual([{ id: 's1', left: [4], usedMs: 99 }])
  })

  it('is reported again when the question that carried it failed', async () => {
    const { services, clock, next, ledger, asks, outOfReach } = admitting([RPM])
    ledger.admit = async () => granted(sliceOf([0]))
    await next()
    outOfReach()
    await next()
    services.localLimiter.answered('acme.g1', clock.now())
    ledger.admit = async () => granted()
    await next()
    expect(asks[1]?.slices.map(({ id }) => id)).toEqual(['s1'])
    expect(asks[2]?.slices).toEqual(asks[1]?.slices)
  })

  it('of tokens goes by what was learned of the alias', async () => {
    const { next, ledger } = admitting([TPM])
    ledger.admit = async () => granted(sliceOf([1000]))
    await next({ bodyBytes: 400, bodyChars: 400 })
    expect(next({ bodyBytes: 400, bodyChars: 400 })).toMatchObject({ charge: { units: [230] } })
  })
})

describe('a concurrency lease', () => {
  it('is renewed while the request runs, until it is released', async () => {
    const { clock, renewed, next } = admitting([FLIGHT])
    const { release } = admitted(await next())
    await clock.advance(LEASE_RENEW_MS)
    expect(renewed).toEqual([['r1']])
    release()
    await clock.advance(5 * LEASE_RENEW_MS)
    expect(renewed.length).toBe(1)
  })

  it('sets no timer for a request that has none', async () => {
    const { clock, next } = admitting([RPM])
    admitted(await next()).release()
    expect(clock.timers).toBe(0)
  })
})

it('lets no request wait for the call of another one', async () => {
  const { ledger, next } = admitting([RPM])
  const stuck = pending<AskReply>()
  ledger.admit = (ask) => (ask.id === 'r1' ? stuck.promise : Promise.resolve(granted()))
  const first = next()
  expect(await told(next())).toBe('ok')
  stuck.resolve(granted())
  expect(await told(first)).toBe('ok')
})
