/** One tenant's ledger, by example: all limits or none, settlement in every outcome, restarts, and what nobody settled. */
import { describe, expect, it } from 'vitest'
import { LEASE_AFTER_CUT_MS, LEASE_MS } from '../../../src/core/limits.ts'
import { askOf, budgetOf, ClockedLedger, counterOf, flightOf, needsOf, pacedOf, rowOf } from '../../support/ledger.ts'

const rpm = counterOf({ amount: 3 })
const tpm = counterOf({ limit: 'tpm', of: 'tokens', amount: 1000 })
const hardTpm = counterOf({ limit: 'hard-tpm', of: 'tokens', amount: 1000, hard: true })
const budget = budgetOf(1000)

describe('ask', () => {
  it('is granted at once while every limit has room, and tells how they stand', () => {
    const ledger = new ClockedLedger()
    expect(ledger.ask(askOf('a', [rpm, hardTpm]))).toEqual({
      kind: 'granted',
      levels: [
        { remaining: 2, resetMs: 60_501 },
        { remaining: 700, resetMs: 60_501 },
      ],
      learned: { outputTokens: 256, bytesPerToken: 4 },
      slice: null,
    })
  })

  it('of no limits is granted', () => {
    expect(new ClockedLedger().ask(askOf('a', [])).kind).toBe('granted')
  })

  it('charges nothing anywhere where one limit refuses', () => {
    const ledger = new ClockedLedger()
    for (const id of ['a', 'b', 'c']) ledger.ask(askOf(id, [rpm, tpm]))
    const before = ledger.used(rpm, tpm, budget)
    expect(ledger.ask(askOf('d', [budget, rpm, tpm]))).toMatchObject({ kind: 'refused', by: 1, isFutile: false })
    expect(ledger.used(rpm, tpm, budget)).toEqual(before)
    expect(ledger.journal.reservations()).toHaveLength(3)
  })

  it('names the limit that stands in the way longest', () => {
    const ledger = new ClockedLedger()
    const [short, long] = [
      counterOf({ limit: 'short', amount: 1, window: { kind: 'sliding', perMs: 1000 } }),
      counterOf({ limit: 'long', amount: 1, window: { kind: 'sliding', perMs: 60_000 } }),
    ]
    ledger.ask(askOf('a', [short, long]))
    expect(ledger.ask(askOf('b', [short, long]))).toMatchObject({ kind: 'refused', by: 1, retryAfterMs: 60_501 })
    expect(ledger.ask(askOf('c', [long, short]))).toMatchObject({ kind: 'refused', by: 0 })
  })

  it('twice with one id is charged once', () => {
    const ledger = new ClockedLedger()
    expect(ledger.ask(askOf('a', [rpm])).kind).toBe('granted')
    expect(ledger.ask(askOf('a', [rpm])).kind).toBe('granted')
    expect(ledger.used(rpm)).toEqual([1])
  })

  it('twice with one id waits once', () => {
    const ledger = new ClockedLedger()
    const paced = pacedOf(10, 1000)
    ledger.ask(askOf('a', [paced]))
    expect(ledger.ask(askOf('b', [paced], { maxWaitMs: 1000 }))).toEqual({ kind: 'queued', etaMs: 100 })
    expect(ledger.ask(askOf('b', [paced], { maxWaitMs: 1000 })).kind).toBe('queued')
    expect(ledger.ledger.view([], 0)).toMatchObject({ waiting: 1, counters: [{ waiting: 1 }] })
  })

  it('for more than the whole amount is futile, whatever it would wait', () => {
    const ledger = new ClockedLedger()
    const needs = needsOf({ promptTokensMax: 950 })
    const reply = ledger.ask(askOf('a', [rpm, hardTpm], { needs, maxWaitMs: 3_600_000 }))
    expect(reply).toMatchObject({ kind: 'refused', by: 1, isFutile: true, retryAfterMs: 60_000 })
    expect(ledger.ask(askOf('b', [counterOf({ amount: 0 })]))).toMatchObject({ kind: 'refused', isFutile: true })
    const unbounded = needsOf({ outputTokensMax: null })
    expect(ledger.ask(askOf('c', [hardTpm], { needs: unbounded }))).toMatchObject({ kind: 'refused', isFutile: true })
  })

  it('goes by the amount as it is named now, and keeps the count when that changes', () => {
    const ledger = new ClockedLedger()
    for (const id of ['a', 'b', 'c']) ledger.ask(askOf(id, [rpm]))
    expect(ledger.ask(askOf('d', [{ ...rpm, amount: 5 }])).kind).toBe('granted')
    expect(ledger.ask(askOf('e', [rpm])).kind).toBe('refused')
    expect(ledger.ask(askOf('f', [{ ...rpm, amount: 5 }]))).toMatchObject({ levels: [{ remaining: 0 }] })
  })
})

describe('settle', () => {
  it('turns what was reserved into what was used', () => {
    const ledger = new ClockedLedger()
    ledger.ask(askOf('a', [rpm, tpm, hardTpm, budget]))
    expect(ledger.used(rpm, tpm, hardTpm, budget)).toEqual([1, 200, 300, 300])
    ledger.settle([rowOf('a', 90, 30)])
    expect(ledger.used(rpm, tpm, hardTpm, budget)).toEqual([1, 120, 120, 120])
    expect(ledger.journal.reservations()).toEqual([])
  })

  it('leaves what an estimate did not cover as debt in the same window', () => {
    const ledger = new ClockedLedger()
    ledger.ask(askOf('a', [tpm]))
    ledger.pass(30_000)
    ledger.settle([rowOf('a', 100, 2000)])
    expect(ledger.used(tpm)).toEqual([2100])
    expect(ledger.ask(askOf('b', [tpm]))).toMatchObject({ kind: 'refused', retryAfterMs: 30_501 })
  })

  it('owes only what is above the reservation once that has left its window', () => {
    const ledger = new ClockedLedger()
    ledger.ask(askOf('a', [tpm]))
    ledger.ask(askOf('b', [tpm]))
    ledger.pass(70_000)
    ledger.settle([rowOf('a', 100, 250), rowOf('b', 1, 1)])
    expect(ledger.used(tpm)).toEqual([150])
    ledger.restart()
    expect(ledger.used(tpm)).toEqual([150])
  })

  it.each([
    [
      'refused before anybody was asked',
      { attempts: 0, outcome: 'refused', usage: null, costMicroUsd: null },
      [0, 0, 0],
    ],
    ['served from a cache', { attempts: 0, cache: 'hit' }, [1, 0, 0]],
    ['failed upstream', { outcome: 'failed', usage: null, costMicroUsd: null }, [1, 0, 0]],
    ['cancelled', { outcome: 'cancelled' }, [1, 120, 120]],
    ['of unknown price', { costMicroUsd: null }, [1, 120, 0]],
  ] as const)('of a request that was %s keeps what it used', (_, changes, used) => {
    const ledger = new ClockedLedger()
    ledger.ask(askOf('a', [rpm, tpm, budget]))
    ledger.settle([rowOf('a', 100, 20, changes)])
    expect(ledger.used(rpm, tpm, budget)).toEqual(used)
  })

  it('gives room to those who wait', () => {
    const ledger = new ClockedLedger()
    ledger.ask(askOf('a', [budget], { needs: needsOf({ worstMicroUsd: 900 }) }))
    expect(ledger.ask(askOf('b', [budget], { maxWaitMs: 3_600_000 }))).toMatchObject({ kind: 'refused' })
    const hourly = { ...budget, id: 'hourly', window: { kind: 'sliding', perMs: 3_600_000 } } as const
    ledger.ask(askOf('c', [hourly], { needs: needsOf({ worstMicroUsd: 900 }) }))
    expect(ledger.ask(askOf('d', [hourly], { maxWaitMs: 3_700_000 })).kind).toBe('queued')
    ledger.pass(1000)
    ledger.settle([rowOf('c', 100, 20)])
    expect(ledger.turns.get('d')).toMatchObject({ atMs: 1000, verdict: { kind: 'granted' } })
  })
})

describe('withdraw', () => {
  it('gives back all of a grant that nobody waits for any more', () => {
    const ledger = new ClockedLedger()
    const flight = flightOf(1)
    ledger.ask(askOf('a', [rpm, tpm, budget, flight, pacedOf(1, 1000)]))
    ledger.withdraw('a')
    expect(ledger.used(rpm, tpm, budget, flight, pacedOf(1, 1000))).toEqual([0, 0, 0, 0, 0])
    expect(ledger.journal.reservations()).toEqual([])
  })

  it('of nobody does nothing', () => {
    const ledger = new ClockedLedger()
    ledger.ask(askOf('a', [rpm]))
    ledger.withdraw('b')
    expect(ledger.used(rpm)).toEqual([1])
  })
})

describe('requests in flight', () => {
  const flight = flightOf(2)

  it('hold a lease each until their row comes', () => {
    const ledger = new ClockedLedger()
    for (const id of ['a', 'b']) ledger.ask(askOf(id, [flight]))
    expect(ledger.ask(askOf('c', [flight]))).toMatchObject({ kind: 'refused', retryAfterMs: 1000 })
    ledger.settle([rowOf('a', 1, 1)])
    expect(ledger.ask(askOf('d', [flight])).kind).toBe('granted')
  })

  it('keep it a moment longer when they were cut, until their origin has noticed', () => {
    const ledger = new ClockedLedger()
    for (const id of ['a', 'b']) ledger.ask(askOf(id, [flight]))
    ledger.settle([rowOf('a', 1, 1, { outcome: 'cancelled' })])
    expect(ledger.ask(askOf('c', [flight], { maxWaitMs: 5000 })).kind).toBe('queued')
    ledger.pass(5000)
    expect(ledger.turns.get('c')).toMatchObject({ atMs: LEASE_AFTER_CUT_MS, verdict: { kind: 'granted' } })
  })

  it('lose it when nobody renews it', () => {
    const ledger = new ClockedLedger()
    for (const id of ['a', 'b']) ledger.ask(askOf(id, [flight]))
    ledger.pass(20_000)
    ledger.renew('a', 'unknown')
    ledger.pass(10_000)
    expect(ledger.used(flight)).toEqual([1])
    ledger.pass(LEASE_MS)
    expect(ledger.used(flight)).toEqual([0])
  })

  it('are told to come back by how long requests take and how many are before them', () => {
    const ledger = new ClockedLedger()
    for (let index = 0; index < 200; index += 1) {
      ledger.ask(askOf(`${index}`, [flight]))
      ledger.settle([
        rowOf(`${index}`, 1, 1, { totalMs: 20_000 }),
        rowOf(`refused ${index}`, 0, 0, { attempts: 0, totalMs: 1 }),
      ])
    }
    for (const id of ['a', 'b', 'c', 'd']) ledger.ask(askOf(id, [flight], { maxWaitMs: 600_000 }))
    const reply = ledger.ask(askOf('e', [flight]))
    expect(reply).toMatchObject({ kind: 'refused' })
    // Two before it and two at a time, of 20 s each.
    expect(reply.kind === 'refused' && reply.retryAfterMs).toBeCloseTo(30_000, -1)
  })
})

describe('a restart', () => {
  it('keeps what was reserved and what was settled', () => {
    const ledger = new ClockedLedger(1_000_000)
    const paced = pacedOf(2, 60_000, 2)
    const counters = [counterOf(), tpm, hardTpm, budget, paced]
    ledger.ask(askOf('a', counters))
    ledger.pass(5000)
    ledger.ask(askOf('b', counters))
    ledger.pass(500)
    ledger.settle([rowOf('a', 90, 30)])
    const before = ledger.used(...counters)
    ledger.restart()
    expect(ledger.used(...counters)).toEqual(before)
    ledger.settle([rowOf('b', 10, 1)])
    const after = ledger.used(...counters)
    ledger.restart()
    expect(ledger.used(...counters)).toEqual(after)
    expect(after.slice(0, 4)).toEqual([2, 131, 131, 131])
  })

  it('leaves leases alive long enough for their isolates to renew them', () => {
    const ledger = new ClockedLedger()
    const flight = flightOf(1)
    ledger.ask(askOf('a', [flight]))
    ledger.pass(29_000)
    ledger.restart()
    ledger.pass(2000)
    expect(ledger.used(flight)).toEqual([1])
    ledger.renew('a')
    ledger.pass(LEASE_MS - 1)
    expect(ledger.used(flight)).toEqual([1])
    ledger.pass(1)
    expect(ledger.used(flight)).toEqual([0])
  })
})

describe('reap', () => {
  it('settles what nobody did at its estimate, and tells its row', () => {
    const ledger = new ClockedLedger(1_000_000)
    const needs = needsOf({ worstMicroUsd: 900 })
    ledger.ask(askOf('a', [rpm, budget], { needs, lifeMs: 61_000, startedAtMs: 999_900 }))
    expect(ledger.ledger.nextReapMs()).toBe(1_061_000)
    ledger.pass(60_999)
    expect(ledger.reap()).toEqual([])
    ledger.pass(1)
    expect(ledger.reap()).toEqual([
      {
        requestId: 'a',
        at: '1970-01-01T00:16:39.900Z',
        key: 'key00001',
        model: 'chat',
        target: null,
        outcome: 'broken',
        status: 200,
        cache: 'bypass',
        attempts: 1,
        usage: {
          inputTokens: 100,
          cachedInputTokens: 0,
          cacheWriteTokens: 0,
          outputTokens: 100,
          reasoningTokens: 0,
          source: 'reaped',
        },
        costMicroUsd: 200,
        firstTokenMs: null,
        totalMs: 61_100,
      },
    ])
    expect(ledger.used(budget)).toEqual([200])
    expect(ledger.reap()).toEqual([])
    expect(ledger.ledger.nextReapMs()).toBe(Number.POSITIVE_INFINITY)
    ledger.settle([rowOf('a', 500, 500)])
    expect(ledger.used(budget)).toEqual([200])
  })

  it('after a restart too', () => {
    const ledger = new ClockedLedger()
    ledger.ask(askOf('a', [budget], { lifeMs: 61_000 }))
    ledger.restart()
    ledger.pass(61_000)
    expect(ledger.reap()).toHaveLength(1)
    expect(ledger.used(budget)).toEqual([200])
  })
})
