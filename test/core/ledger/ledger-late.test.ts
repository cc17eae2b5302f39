/** What comes late, out of order, or from clocks that disagree: nothing of it may put a limit over. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Slices } from '../../../src/core/ledger/slices.ts'
import type { Charge, Counter, SliceReport } from '../../../src/core/ledger/types.ts'
import { LEDGER_ENDED_MS } from '../../../src/core/limits.ts'
import { askOf, ClockedLedger, counterOf, flightOf, needsOf, rowOf } from '../../support/ledger.ts'

describe('an ask that comes after its request has ended', () => {
  const rpm = counterOf()
  const counters = [rpm, flightOf(1)]

  it('charges nothing when it was withdrawn before', () => {
    const ledger = new ClockedLedger()
    ledger.withdraw('a')
    expect(ledger.ask(askOf('a', counters, { maxWaitMs: 5000 }))).toMatchObject({ kind: 'refused' })
    expect(ledger.used(...counters)).toEqual([0, 0])
    expect(ledger.ask(askOf('b', counters))).toMatchObject({ kind: 'granted' })
  })

  it('charges nothing again when it was granted and withdrawn before', () => {
    const ledger = new ClockedLedger()
    ledger.ask(askOf('a', counters))
    ledger.withdraw('a')
    ledger.pass(LEDGER_ENDED_MS - 1)
    expect(ledger.ask(askOf('a', counters))).toMatchObject({ kind: 'refused' })
    expect(ledger.used(...counters)).toEqual([0, 0])
    ledger.pass(1)
    expect(ledger.ask(askOf('a', counters))).toMatchObject({ kind: 'granted' })
  })

  it('charges nothing more than its row did, which said that nobody could be asked', () => {
    const ledger = new ClockedLedger()
    ledger.settle([rowOf('a', 10, 20)], { a: { counters } })
    expect(ledger.ask(askOf('a', counters))).toMatchObject({ kind: 'refused' })
    expect(ledger.used(...counters)).toEqual([1, 0])
  })

  it('is heard all the same about slices', () => {
    const { ledger, reports, many } = withSlice()
    const before = ledger.used(many)[0] ?? 0
    ledger.withdraw('late')
    ledger.ask(askOf('late', [many], { slices: reports }))
    expect(ledger.used(many)).toEqual([before - (reports[0]?.left[0] ?? 0)])
  })
})

it('gives no slice to a request that has waited: its life is counted from the ask', () => {
  const ledger = new ClockedLedger()
  const many = counterOf({ amount: 1000, window: { kind: 'sliding', perMs: 1000 } })
  const flight = flightOf(1)
  for (let index = 0; index < 50; index += 1) {
    ledger.ask(askOf(`r${index}`, [many]))
    ledger.pass(10)
  }
  ledger.ask(askOf('holds', [flight]))
  ledger.ask(askOf('waits', [many, flight], { maxWaitMs: 5000 }))
  ledger.pass(100)
  ledger.settle([rowOf('holds', 1, 1)])
  expect(ledger.turns.get('waits')?.verdict).toMatchObject({ kind: 'granted', slice: null })
})

/** A ledger that has just granted a slice which nobody has used, and what is to be told of it. */
function withSlice() {
  const ledger = new ClockedLedger()
  const many = counterOf({ amount: 10_000 })
  const slices = new Slices()
  for (let index = 0; ; index += 1) {
    const reply = ledger.ask(askOf(`r${index}`, [many]))
    if (reply.kind === 'granted' && reply.slice !== null) {
      slices.put('t', 'set', reply.slice, [], ledger.nowMs)
      break
    }
    ledger.pass(10)
  }
  slices.take('t', 'set', [100_000], ledger.nowMs)
  const reports = slices.reports('t', ledger.nowMs)
  if (reports.length !== 1) throw new Error('it is done with')
  return { ledger, reports, many }
}

/** An isolate far away, whose clock is wrong. */
interface Far {
  readonly skewMs: number
  readonly wayMs: number
}

const TICK_MS = 10
const ASKS_AT_ONCE = 40
const MIDNIGHT_MS = Date.UTC(2026, 10, 20)

/** Isolates ask as fast as they may for a while; answers with when requests were really admitted, and how many by a slice. */
function crowd(isolates: readonly Far[], counter: Counter, startMs: number, ms: number) {
  const ledger = new ClockedLedger(startMs)
  const admittedAtMs: number[] = []
  const post: { atMs: number; read: () => void }[] = []
  let [sliced, requests] = [0, 0]
  const send = (wayMs: number, read: () => void) => post.push({ atMs: ledger.nowMs + wayMs, read })
  const own = isolates.map((far, index) => ({ ...far, name: `${index}`, slices: new Slices(), asking: 0 }))

  function ended(wayMs: number, id: string, charges: Record<string, Charge>, reports: readonly SliceReport[]) {
    send(wayMs + 100, () => ledger.settle([rowOf(id, 1, 1)], charges, reports))
  }

  function request(isolate: (typeof own)[number]) {
    const { name, slices, skewMs, wayMs } = isolate
    const sentAtMs = ledger.nowMs + skewMs
    const id = `r${++requests}`
    const taken = slices.take('t', 'set', [1], sentAtMs)
    if (taken !== null) {
      sliced += 1
      admittedAtMs.push(ledger.nowMs)
      ended(wayMs, id, { [id]: taken.charge }, slices.reports('t', sentAtMs))
      return
    }
    if (isolate.asking >= ASKS_AT_ONCE) return
    isolate.asking += 1
    const ask = askOf(id, [counter], {
      isolate: name,
      needs: needsOf({ price: null }),
      slices: slices.reports('t', sentAtMs),
    })
    send(wayMs, () => {
      const reply = ledger.ask(ask)
      // When the ledger grants it is its own affair; what is tested is what isolates admit by themselves.
      if (reply.kind === 'granted') admittedAtMs.push(ledger.nowMs)
      send(wayMs, () => {
        isolate.asking -= 1
        if (reply.kind !== 'granted') return
        if (reply.slice !== null) slices.put('t', 'set', reply.slice, [], sentAtMs)
        ended(wayMs, id, {}, [])
      })
    })
  }

  for (const endMs = startMs + ms; ledger.nowMs < endMs; ledger.pass(TICK_MS)) {
    const due = post.filter(({ atMs }) => atMs <= ledger.nowMs).toSorted((one, other) => one.atMs - other.atMs)
    for (const letter of due) {
      post.splice(post.indexOf(letter), 1)
      letter.read()
    }
    for (const isolate of own) for (let index = 0; index < 2; index += 1) request(isolate)
  }
  return { admittedAtMs, sliced }
}

describe('isolates far away whose clocks are wrong', () => {
  const far = fc.record({ skewMs: fc.integer({ min: -3_600_000, max: 3_600_000 }), wayMs: fc.nat({ max: 300 }) })
  const isolates = fc.array(far, { minLength: 1, maxLength: 3 })

  it('never admit more than the amount in any window', () => {
    const [amount, perMs] = [500, 4000]
    const counter = counterOf({ amount, window: { kind: 'sliding', perMs } })
    let slicedAll = 0
    fc.assert(
      fc.property(isolates, (each) => {
        const { admittedAtMs, sliced } = crowd(each, counter, MIDNIGHT_MS, 3 * perMs)
        slicedAll += sliced
        let first = 0
        admittedAtMs.forEach((atMs, index) => {
          while ((admittedAtMs[first] ?? atMs) < atMs - perMs) first += 1
          expect(index - first + 1).toBeLessThanOrEqual(amount)
        })
      }),
      { numRuns: 60 },
    )
    expect(slicedAll).toBeGreaterThan(1000)
  })

  it('never admit more than the amount in any period: no slice lives past the end of its own', () => {
    const amount = 500
    const counter = counterOf({ amount, window: { kind: 'calendar', per: 'day', timeZone: 'UTC' } })
    let slicedAll = 0
    fc.assert(
      fc.property(isolates, fc.integer({ min: 100, max: 4000 }), (each, beforeMs) => {
        const { admittedAtMs, sliced } = crowd(each, counter, MIDNIGHT_MS - beforeMs, 8000)
        slicedAll += sliced
        const old = admittedAtMs.filter((atMs) => atMs < MIDNIGHT_MS).length
        expect(old).toBeLessThanOrEqual(amount)
        expect(admittedAtMs.length - old).toBeLessThanOrEqual(amount)
      }),
      { numRuns: 60 },
    )
    expect(slicedAll).toBeGreaterThan(1000)
  })
})
