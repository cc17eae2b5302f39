/** Waiting: first come first served where somebody stands, past those who stand elsewhere, and to the millisecond. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Counter } from '../../../src/core/ledger/types.ts'
import { LEDGER_COUNTS_MAX, LEDGER_ENDED_MS, LEDGER_WAITERS_MAX } from '../../../src/core/limits.ts'
import { askOf, ClockedLedger, counterOf, flightOf, needsOf, pacedOf, rowOf } from '../../support/ledger.ts'

const RUNS = 1000

const sliding = (limit: string, amount: number, perMs: number): Counter =>
  counterOf({ limit, amount, window: { kind: 'sliding', perMs } })

/** Who was granted after waiting, in their order, and when. */
const granted = ({ turns }: ClockedLedger): [string, number][] =>
  [...turns].flatMap(([id, { verdict, atMs }]) => (verdict.kind === 'granted' ? [[id, atMs] as [string, number]] : []))

describe('first come first served', () => {
  it('spaces a hundred requests evenly over a paced limit, in their order', () => {
    const ledger = new ClockedLedger()
    for (let index = 0; index < 100; index += 1)
      ledger.ask(askOf(`${index}`, [pacedOf(10, 1000)], { maxWaitMs: 15_000 }))
    ledger.pass(15_000)
    expect(granted(ledger)).toEqual(Array.from({ length: 99 }, (_, index) => [`${index + 1}`, 100 * (index + 1)]))
  })

  it('holds on every limit, whatever each asks for and whoever ends or leaves meanwhile', () => {
    const step = fc.record({
      tokens: fc.integer({ min: 1, max: 300 }),
      gapMs: fc.integer({ min: 0, max: 500 }),
      maxWaitMs: fc.constantFrom(0, 20_000, 60_000),
      leaves: fc.option(fc.nat({ max: 30 }), { freq: 4 }),
      ends: fc.option(fc.nat({ max: 30 }), { freq: 4 }),
    })
    const counter = counterOf({
      limit: 'tpm',
      of: 'tokens',
      hard: true,
      amount: 1000,
      window: { kind: 'sliding', perMs: 4000 },
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30, size: 'max' }), (steps) => {
        const ledger = new ClockedLedger()
        const waited: string[] = []
        steps.forEach(({ tokens, gapMs, maxWaitMs, leaves, ends }, index) => {
          const needs = needsOf({ promptTokensMax: tokens, outputTokensMax: 0 })
          const { kind } = ledger.ask(askOf(`${index}`, [counter], { needs, maxWaitMs }))
          // Whoever comes while somebody waits cannot go before.
          if (kind === 'granted') expect(ledger.ledger.view([], ledger.nowMs).waiting).toBe(0)
          if (kind === 'queued') waited.push(`${index}`)
          if (leaves !== null) ledger.withdraw(`${leaves}`)
          if (ends !== null) ledger.settle([rowOf(`${ends}`, Math.ceil(tokens / 2), 0)])
          ledger.pass(gapMs)
        })
        ledger.pass(120_000)
        const order = granted(ledger).map(([id]) => id)
        expect(order).toEqual(waited.filter((id) => order.includes(id)))
        expect(ledger.ledger.view([], ledger.nowMs).waiting).toBe(0)
      }),
      { numRuns: RUNS },
    )
  })

  it('of one who needs more than those behind keeps them behind', () => {
    const ledger = new ClockedLedger()
    const counter = counterOf({ limit: 'tpm', of: 'tokens', hard: true, amount: 1000 })
    const ask = (id: string, tokens: number, maxWaitMs: number) =>
      ledger.ask(askOf(id, [counter], { needs: needsOf({ promptTokensMax: tokens, outputTokensMax: 0 }), maxWaitMs }))
    ask('first', 600, 0)
    expect(ask('large', 900, 90_000).kind).toBe('queued')
    expect(ask('small', 100, 90_000).kind).toBe('queued')
    expect(ask('hasty', 100, 0)).toMatchObject({ kind: 'refused', by: 0 })
    ledger.pass(90_000)
    expect(granted(ledger)).toEqual([
      ['large', 60_501],
      ['small', 60_501],
    ])
  })
})

describe('another limit', () => {
  const [full, free] = [sliding('full', 1, 10_000), sliding('free', 3, 10_000)]

  it('lets those past who do not need the one that somebody stands at', () => {
    const ledger = new ClockedLedger()
    ledger.ask(askOf('a', [full]))
    expect(ledger.ask(askOf('b', [full, free], { maxWaitMs: 20_000 })).kind).toBe('queued')
    expect(ledger.ask(askOf('c', [free])).kind).toBe('granted')
    expect(ledger.ask(askOf('d', [full], { maxWaitMs: 11_000 }))).toMatchObject({ kind: 'refused', by: 0 })
  })

  it('takes the turn of one who stands behind at the first when the turn there comes', () => {
    const ledger = new ClockedLedger()
    ledger.ask(askOf('a', [full]))
    ledger.ask(askOf('b', [full, free], { maxWaitMs: 50_000 }))
    ledger.ask(askOf('c', [free, full], { maxWaitMs: 50_000 }))
    ledger.pass(50_000)
    expect(granted(ledger)).toEqual([
      ['b', 10_085],
      ['c', 20_170],
    ])
  })

  it('that is full when the first has room is stood at then', () => {
    const ledger = new ClockedLedger()
    ledger.ask(askOf('a', [full]))
    ledger.ask(askOf('b', [full, free], { maxWaitMs: 50_000 }))
    ledger.pass(5000)
    for (const id of ['c', 'd', 'e']) expect(ledger.ask(askOf(id, [free])).kind).toBe('granted')
    ledger.pass(6000)
    expect(ledger.ask(askOf('f', [free], { maxWaitMs: 50_000 })).kind).toBe('queued')
    ledger.pass(40_000)
    expect(granted(ledger)).toEqual([
      ['b', 15_085],
      ['f', 15_085],
    ])
  })
})

it('stands on counts that stay, however many others come and go', () => {
  const ledger = new ClockedLedger()
  const other = (index: number): Counter => ({ ...sliding('user', 1, 60_000), id: `user ${index}` })
  const late = sliding('late', 1, 10_000)
  ledger.ledger.view([other(0)], 0)
  ledger.ask(askOf('first', [late]))
  for (let index = 1; index < LEDGER_COUNTS_MAX - 1; index += 1) ledger.ledger.view([other(index)], 0)
  expect(ledger.ask(askOf('waits', [other(0), { ...late, id: 'new' }, late], { maxWaitMs: 20_000 })).kind).toBe(
    'queued',
  )
  expect(ledger.ask(askOf('passes', [other(0)])).kind).toBe('granted')
  ledger.pass(20_000)
  expect(ledger.turns.get('waits')).toMatchObject({ verdict: { kind: 'refused', by: 0 } })
})

describe('the bound of a wait', () => {
  const paced = pacedOf(10, 1000)

  it('refuses at once whose turn would come after it, and tells when to come back', () => {
    const ledger = new ClockedLedger()
    const asks = Array.from({ length: 100 }, (_, index) => ledger.ask(askOf(`${index}`, [paced], { maxWaitMs: 2000 })))
    expect(asks.filter(({ kind }) => kind === 'queued')).toHaveLength(20)
    const backMs = asks.flatMap((reply) => (reply.kind === 'refused' ? [reply.retryAfterMs] : []))
    expect(backMs).toEqual(Array.from({ length: 79 }, (_, index) => 2100 + 100 * index))
    // Whoever obeys succeeds at its next try.
    backMs.forEach((atMs, index) => {
      ledger.pass(atMs - ledger.nowMs)
      expect(ledger.ask(askOf(`again ${index}`, [paced])).kind).toBe('granted')
    })
  })

  it('is exact: a turn at its last moment is taken, one a millisecond later is not waited for', () => {
    const ledger = new ClockedLedger()
    ledger.ask(askOf('a', [paced]))
    expect(ledger.ask(askOf('b', [paced], { maxWaitMs: 99 }))).toMatchObject({ kind: 'refused', retryAfterMs: 100 })
    expect(ledger.ask(askOf('c', [paced], { maxWaitMs: 100 })).kind).toBe('queued')
    ledger.pass(100)
    expect(granted(ledger)).toEqual([['c', 100]])
  })

  it('is kept where nobody can foretell the turn', () => {
    const ledger = new ClockedLedger()
    ledger.ask(askOf('a', [flightOf(1)]))
    ledger.ask(askOf('b', [flightOf(1)], { maxWaitMs: 1234 }))
    ledger.pass(1233)
    expect(ledger.turns.size).toBe(0)
    ledger.pass(1)
    expect(ledger.turns.get('b')).toMatchObject({ atMs: 1234, verdict: { kind: 'refused', by: 0, isFutile: false } })
    ledger.settle([rowOf('a', 1, 1)])
    expect(ledger.used(flightOf(1))).toEqual([0])
  })

  it('is over at once for one who now needs more than the amount, and for nobody behind it', () => {
    const ledger = new ClockedLedger()
    const counter = (amount: number) => counterOf({ limit: 'tpm', of: 'tokens', hard: true, amount })
    const ask = (id: string, tokens: number, amount: number) => {
      const needs = needsOf({ promptTokensMax: tokens, outputTokensMax: 0 })
      return ledger.ask(askOf(id, [counter(amount)], { needs, maxWaitMs: 90_000 }))
    }
    ask('a', 600, 1000)
    expect(ask('b', 900, 1000).kind).toBe('queued')
    expect(ask('c', 100, 800).kind).toBe('granted')
    expect(ledger.turns.get('b')).toMatchObject({ atMs: 0, verdict: { kind: 'refused' } })
  })
})

it('goes by an amount that was raised while somebody waits', () => {
  const ledger = new ClockedLedger()
  for (const id of ['a', 'b']) ledger.ask(askOf(id, [sliding('rpm', 1, 1000)], { maxWaitMs: 5000 }))
  expect(ledger.ask(askOf('c', [sliding('rpm', 1, 1000)], { maxWaitMs: 1500 })).kind).toBe('refused')
  expect(ledger.ask(askOf('d', [sliding('rpm', 2, 1000)], { maxWaitMs: 1500 })).kind).toBe('queued')
  expect(granted(ledger)).toEqual([['b', 0]])
})

describe('who leaves', () => {
  it('gives its booking back, and those behind move up', () => {
    const ledger = new ClockedLedger()
    for (const id of ['a', 'b', 'c', 'd']) ledger.ask(askOf(id, [pacedOf(10, 1000)], { maxWaitMs: 5000 }))
    expect(ledger.ask(askOf('e', [pacedOf(10, 1000)], { maxWaitMs: 399 })).kind).toBe('refused')
    ledger.withdraw('b')
    expect(ledger.ask(askOf('f', [pacedOf(10, 1000)], { maxWaitMs: 399 })).kind).toBe('queued')
    ledger.pass(5000)
    expect(granted(ledger)).toEqual([
      ['c', 100],
      ['d', 200],
      ['f', 300],
    ])
  })

  it('before its ask has come is not let in by that, for a while', () => {
    const ledger = new ClockedLedger()
    const rpm = sliding('rpm', 9, 1000)
    ledger.withdraw('a')
    ledger.settle([rowOf('b', 10, 20)], { b: { counters: [rpm] } })
    for (const id of ['a', 'b']) expect(ledger.ask(askOf(id, [rpm])).kind).toBe('refused')
    expect(ledger.used(rpm)).toEqual([1])
    ledger.pass(LEDGER_ENDED_MS)
    expect(ledger.ask(askOf('a', [rpm])).kind).toBe('granted')
  })

  it('by a row of its own that came first does so too', () => {
    const ledger = new ClockedLedger()
    for (const id of ['a', 'b', 'c']) ledger.ask(askOf(id, [pacedOf(10, 1000)], { maxWaitMs: 5000 }))
    ledger.settle([rowOf('b', 0, 0, { attempts: 0, usage: null })])
    ledger.pass(5000)
    expect(granted(ledger)).toEqual([['c', 100]])
  })
})

it('holds so many who wait and no more', () => {
  const ledger = new ClockedLedger()
  const counters = [pacedOf(1000, 1000)]
  for (let index = 0; index <= LEDGER_WAITERS_MAX; index += 1) {
    ledger.ledger.ask(askOf(`${index}`, counters, { maxWaitMs: 600_000 }), 0)
  }
  expect(ledger.ledger.view([], 0).waiting).toBe(LEDGER_WAITERS_MAX)
  expect(ledger.ask(askOf('more', counters, { maxWaitMs: 600_000 }))).toMatchObject({ kind: 'refused', by: 0 })
})

it('tells a single caller the first moment at which it is granted', () => {
  const counters = [
    sliding('rpm', 6, 3000),
    counterOf({ limit: 'tpm', of: 'tokens', hard: true, amount: 2000, window: { kind: 'sliding', perMs: 5000 } }),
    pacedOf(7, 2000, 3),
  ]
  const step = fc.record({
    gapMs: fc.integer({ min: 0, max: 700 }),
    tokens: fc.integer({ min: 0, max: 800 }),
    settles: fc.boolean(),
  })
  let refused = 0
  fc.assert(
    fc.property(fc.array(step, { minLength: 4, maxLength: 25, size: 'max' }), (steps) => {
      const replies = [0, 1, 2].map((which) => {
        const ledger = new ClockedLedger(1_000_000)
        steps.forEach(({ gapMs, tokens, settles }, index) => {
          const needs = needsOf({ outputTokensMax: tokens })
          // Refused ones would be told moments of their own: only the last one asks in vain.
          if (ledger.ask(askOf(`${index}`, counters, { needs })).kind !== 'granted') ledger.restart()
          if (settles) ledger.settle([rowOf(`${index}`, 100, Math.floor(tokens / 2))])
          ledger.pass(gapMs)
        })
        const reply = ledger.ask(askOf('last', counters))
        if (reply.kind !== 'refused') return reply.kind
        if (which === 0) return reply.retryAfterMs
        ledger.pass(reply.retryAfterMs - (which === 1 ? 1 : 0))
        return ledger.ask(askOf('again', counters)).kind
      })
      if (replies[0] === 'granted') return
      refused += 1
      expect(replies.slice(1)).toEqual(['refused', 'granted'])
    }),
    { numRuns: 4 * RUNS },
  )
  expect(refused).toBeGreaterThan(RUNS)
})
