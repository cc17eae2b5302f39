/** What holds of a tenant's ledger whatever happens: never over, refusals charge nothing, settlements in any order. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Counter } from '../../../src/core/ledger/types.ts'
import { LEASE_MS } from '../../../src/core/limits.ts'
import { askOf, budgetOf, ClockedLedger, counterOf, flightOf, needsOf, pacedOf, rowOf } from '../../support/ledger.ts'
import { LedgerWorld } from '../../support/ledger-world.ts'

const RUNS = 1000
/** Ten seconds before midnight, UTC: budgets of a day begin anew within most runs. */
const EVENING_MS = Date.UTC(2026, 10, 20, 23, 59, 50)

/** Small ones, that are soon full, and large ones, of which there are slices. */
const amount = (min: number, max: number) =>
  fc.oneof(fc.integer({ min, max: Math.ceil(max / 10) }), fc.integer({ min: Math.ceil(max / 3), max }))

const limits = fc.record({
  requests: fc.record({ amount: amount(1, 1500), perMs: fc.integer({ min: 100, max: 9000 }) }),
  tokens: fc.record({ amount: amount(300, 400_000), perMs: fc.integer({ min: 100, max: 9000 }) }),
  budget: amount(300, 500_000),
  flight: fc.integer({ min: 1, max: 20 }),
})

const isolate = fc.integer({ min: 0, max: 2 })
const event = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('burst' as const),
      isolate,
      count: fc.integer({ min: 1, max: 40 }),
      gapMs: fc.integer({ min: 0, max: 20 }),
      outputTokens: fc.constantFrom(0, 10, 100),
      maxWaitMs: fc.constantFrom(0, 0, 0, 500, 5000),
      isHeard: fc.constantFrom(true, true, true, false),
      isHeld: fc.constantFrom(true, false, false),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 4000 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      every: fc.integer({ min: 1, max: 4 }),
      outputShare: fc.constantFrom(null, 0, 0.3, 1),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('report' as const), isolate }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('amounts' as const), share: fc.constantFrom(0.2, 0.5, 1, 1.5) }),
  },
)

type Limits = typeof limits extends fc.Arbitrary<infer T> ? T : never
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never

/** Those that slices may be had of, and the one of which they may not. */
function countersOf({ requests, tokens, budget, flight }: Limits, share: number): { free: Counter[]; held: Counter } {
  const amountOf = (amount: number) => Math.ceil(amount * share)
  const sliding = (perMs: number) => ({ kind: 'sliding', perMs }) as const
  return {
    free: [
      counterOf({ amount: amountOf(requests.amount), window: sliding(requests.perMs) }),
      counterOf({
        limit: 'hard',
        of: 'tokens',
        hard: true,
        amount: amountOf(tokens.amount),
        window: sliding(tokens.perMs),
      }),
      counterOf({ limit: 'soft', of: 'tokens', amount: 1_000_000, window: sliding(tokens.perMs) }),
      budgetOf(amountOf(budget)),
    ],
    held: flightOf(amountOf(flight)),
  }
}

function play(world: LedgerWorld, limits: Limits, events: readonly Event[]): void {
  let share = 1
  for (const event of events) {
    const { free, held } = countersOf(limits, share)
    switch (event.kind) {
      case 'burst':
        for (let index = 0; index < event.count; index += 1) {
          const { isolate, outputTokens, maxWaitMs, isHeard, isHeld, gapMs } = event
          world.request(isolate, isHeld ? [...free, held] : free, outputTokens, maxWaitMs, isHeard)
          world.pass(gapMs)
        }
        break
      case 'pass':
        world.pass(event.ms)
        break
      case 'settle':
        world.settle(
          world.open().filter((_, index) => index % event.every === 0),
          event.outputShare,
        )
        break
      case 'report':
        world.report(event.isolate)
        break
      case 'restart':
        world.restart()
        break
      case 'amounts':
        share = event.share
    }
  }
}

it('is never over: in any window, at any moment, in any day, whatever isolates hold, lose or settle late', () => {
  let sliced = 0
  fc.assert(
    fc.property(limits, fc.array(event, { minLength: 5, maxLength: 40, size: 'max' }), (limits, events) => {
      const world = new LedgerWorld(3, EVENING_MS)
      play(world, limits, events)
      sliced += world.sliced
      expect(world.faults).toEqual([])
    }),
    { numRuns: RUNS },
  )
  expect(sliced).toBeGreaterThan(RUNS)
})

it('grants all of an unused limit at once, and no more', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 100, max: 60_000 }), (amount, perMs) => {
      const ledger = new ClockedLedger(EVENING_MS)
      const counter = counterOf({ amount, window: { kind: 'sliding', perMs } })
      const kinds = Array.from({ length: amount + 1 }, (_, index) => ledger.ask(askOf(`${index}`, [counter])).kind)
      expect(kinds.filter((kind) => kind === 'granted')).toHaveLength(amount)
      expect(kinds.at(-1)).toBe('refused')
    }),
    { numRuns: RUNS },
  )
})

it('is not changed by refusals, as far as admission can tell', () => {
  const closed = counterOf({ limit: 'closed', amount: 1, window: { kind: 'sliding', perMs: 3_600_000 } })
  const open = [
    counterOf({ amount: 12, window: { kind: 'sliding', perMs: 2000 } }),
    counterOf({ limit: 'hard', of: 'tokens', hard: true, amount: 4000, window: { kind: 'sliding', perMs: 5000 } }),
    budgetOf(9000),
    pacedOf(40, 1000, 5),
    flightOf(8),
  ]
  const step = fc.record({
    gapMs: fc.integer({ min: 0, max: 300 }),
    outputTokens: fc.integer({ min: 0, max: 500 }),
    maxWaitMs: fc.constantFrom(0, 0, 400, 3000),
    refused: fc.integer({ min: 0, max: 3 }),
    settles: fc.boolean(),
    restarts: fc.integer({ min: 0, max: 9 }).map((chance) => chance === 0),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
      const [plain, bothered] = [new ClockedLedger(EVENING_MS), new ClockedLedger(EVENING_MS)]
      for (const ledger of [plain, bothered]) ledger.ask(askOf('first', [closed]))
      steps.forEach(({ gapMs, outputTokens, maxWaitMs, refused, settles, restarts }, index) => {
        const needs = needsOf({ outputTokensMax: outputTokens, worstMicroUsd: 200 + outputTokens })
        for (let extra = 0; extra < refused; extra += 1) {
          const counters = extra % 2 === 0 ? [...open, closed] : [closed, ...open]
          const reply = bothered.ask(askOf(`x${index}.${extra}`, counters, { needs, maxWaitMs }))
          expect(reply.kind).toBe('refused')
        }
        const kinds = [plain, bothered].map((ledger) => {
          const { kind } = ledger.ask(askOf(`r${index}`, open, { needs, maxWaitMs }))
          if (settles) ledger.settle([rowOf(`r${index - 1}`, 50, Math.floor(outputTokens / 2))])
          ledger.pass(gapMs)
          if (restarts) ledger.restart()
          return kind
        })
        expect(kinds[1]).toBe(kinds[0])
        expect(bothered.used(...open, closed)).toEqual(plain.used(...open, closed))
      })
      const turnsOf = ({ turns }: ClockedLedger) =>
        [...turns].map(([id, { verdict, atMs }]) => [id, verdict.kind, atMs])
      expect(turnsOf(bothered)).toEqual(turnsOf(plain))
      expect(bothered.journal.reservations()).toEqual(plain.journal.reservations())
    }),
    { numRuns: RUNS },
  )
})

it('never has more in flight than may be, while those that run renew and those that died do not', () => {
  const step = fc.record({
    kind: fc.constantFrom('ask', 'ask', 'ask', 'end', 'die', 'restart', 'withdraw'),
    which: fc.nat({ max: 20 }),
    gapMs: fc.integer({ min: 0, max: 9000 }),
    maxWaitMs: fc.constantFrom(0, 10_000),
  })
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.array(step, { minLength: 10, maxLength: 80, size: 'max' }),
      (amount, steps) => {
        const ledger = new ClockedLedger()
        const flight = [flightOf(amount)]
        const running = new Set<string>()
        const hear = () => {
          for (const [id, { verdict }] of ledger.turns) if (verdict.kind === 'granted') running.add(id)
          ledger.turns.clear()
          expect(running.size).toBeLessThanOrEqual(amount)
        }
        steps.forEach(({ kind, which, gapMs, maxWaitMs }, index) => {
          const one = [...running][which % Math.max(1, running.size)] ?? ''
          if (kind === 'ask') {
            const { kind: reply } = ledger.ask(askOf(`${index}`, flight, { maxWaitMs }))
            if (reply === 'granted') running.add(`${index}`)
          } else if (kind === 'restart') ledger.restart()
          else {
            // Whoever dies holds its lease on; whoever ends or was never heard of again gives it back.
            running.delete(one)
            if (kind === 'end') ledger.settle([rowOf(one, 1, 1)])
            if (kind === 'withdraw') ledger.withdraw(one)
          }
          hear()
          ledger.renew(...running)
          ledger.pass(gapMs)
          hear()
        })
        // All that run or wait are left alone: the last one's turn comes, and its lease runs out.
        ledger.pass(10_000 + LEASE_MS)
        expect(ledger.used(...flight)).toEqual([0])
      },
    ),
    { numRuns: RUNS },
  )
})
