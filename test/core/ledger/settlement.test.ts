/** Settlement: once, in any order, also after a restart; slices that come back before or after the rows of their requests. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Settlement } from '../../../src/core/ledger/settlement.ts'
import { Tallies, usedOf } from '../../../src/core/ledger/tallies.ts'
import type { Charge, SliceReport } from '../../../src/core/ledger/types.ts'
import type { UsageRecord } from '../../../src/core/usage-record.ts'
import {
  askOf,
  budgetOf,
  ClockedLedger,
  counterOf,
  flightOf,
  needsOf,
  rowOf,
  StoredJournal,
} from '../../support/ledger.ts'

const RUNS = 1000
const START_MS = 1_000_000

const counters = [
  counterOf({ amount: 1000 }),
  counterOf({ limit: 'tpm', of: 'tokens', amount: 100_000 }),
  counterOf({ limit: 'hard', of: 'tokens', amount: 1_000_000, hard: true }),
  budgetOf(1_000_000),
  counterOf({ limit: 'short', of: 'tokens', amount: 100_000, window: { kind: 'sliding', perMs: 5000 } }),
  counterOf({ limit: 'paced', window: { kind: 'paced', perMs: 10_000, burst: 30 }, amount: 50 }),
]

const timed = counters.slice(0, 4)

const request = fc.record({
  gapMs: fc.integer({ min: 0, max: 400 }),
  output: fc.integer({ min: 0, max: 300 }),
  outcome: fc.constantFrom('finished', 'cancelled', 'refused', 'failed', 'hit'),
})

function endOf(id: string, output: number, outcome: string): UsageRecord {
  if (outcome === 'hit') return rowOf(id, 50, output, { attempts: 0, cache: 'hit' })
  if (outcome === 'refused') return rowOf(id, 0, 0, { attempts: 0, usage: null, costMicroUsd: null })
  if (outcome === 'failed') return rowOf(id, 0, 0, { usage: null, costMicroUsd: null })
  return rowOf(id, 90, output)
}

const shuffled = <T>(items: readonly T[], keys: readonly number[]): T[] =>
  items
    .map((item, index) => ({ item, key: keys[index % keys.length] ?? 0 }))
    .sort((one, other) => one.key - other.key)
    .map(({ item }) => item)

const order = fc.array(fc.nat(), { minLength: 40, maxLength: 40 })

describe('the order of settlements', () => {
  it('does not matter: every counter ends at the same level, also when it is made again from what is stored', () => {
    fc.assert(
      fc.property(
        fc.array(request, { minLength: 1, maxLength: 30, size: 'max' }),
        order,
        order,
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 0, max: 8000 }),
        (requests, keys, otherKeys, batch, laterMs) => {
          const levels = [keys, otherKeys].map((sortedBy) => {
            const ledger = new ClockedLedger(START_MS)
            requests.forEach(({ gapMs }, index) => {
              ledger.ask(askOf(`${index}`, counters))
              ledger.pass(gapMs)
            })
            ledger.pass(laterMs)
            const rows = requests.map(({ output, outcome }, index) => endOf(`${index}`, output, outcome))
            const sorted = shuffled(rows, sortedBy)
            for (let from = 0; from < sorted.length; from += batch) ledger.settle(sorted.slice(from, from + batch))
            const used = ledger.used(...counters)
            ledger.restart()
            // In memory the short window may count a slot some ms longer: until what was given back would have left, too.
            expect(ledger.used(...timed)).toEqual(used.slice(0, timed.length))
            expect(ledger.journal.reservations()).toEqual([])
            return rounded(used)
          })
          expect(levels[1]).toEqual(levels[0])
        },
      ),
      { numRuns: RUNS },
    )
  })

  it('does not matter where a restart comes between them, of all that is counted over time', () => {
    fc.assert(
      fc.property(
        fc.array(request, { minLength: 1, maxLength: 30, size: 'max' }),
        fc.nat({ max: 30 }),
        (requests, restartAfter) => {
          const ledgers = [new ClockedLedger(START_MS), new ClockedLedger(START_MS)]
          const levels = ledgers.map((ledger, which) => {
            requests.forEach(({ gapMs }, index) => {
              ledger.ask(askOf(`${index}`, timed))
              ledger.pass(gapMs)
            })
            requests.forEach(({ output, outcome }, index) => {
              if (which === 1 && index === restartAfter) ledger.restart()
              ledger.settle([endOf(`${index}`, output, outcome)])
            })
            return ledger.used(...timed)
          })
          expect(levels[1]).toEqual(levels[0])
        },
      ),
      { numRuns: RUNS },
    )
  })
})

it('settles a request once: the same rows again, or after it was reaped, change no count and no row', () => {
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 12 }), fc.boolean(), (requests, isReaped) => {
      const ledger = new ClockedLedger(START_MS)
      requests.forEach((_, index) => void ledger.ask(askOf(`${index}`, counters, { lifeMs: 4000 })))
      const rows = requests.map(({ output, outcome }, index) => endOf(`${index}`, output, outcome))
      if (isReaped) {
        ledger.pass(4000)
        expect(ledger.reap()).toHaveLength(requests.length)
      } else ledger.settle(rows)
      const [used, stored] = [ledger.used(...counters), counters.map((counter) => ledger.journal.load(counter))]
      ledger.settle(rows)
      expect(ledger.used(...counters)).toEqual(used)
      expect(counters.map((counter) => ledger.journal.load(counter))).toEqual(stored)
      expect(ledger.reap()).toEqual([])
    }),
    { numRuns: RUNS },
  )
})

it('counts as much for the tenant as for its keys together', () => {
  const ofKey = (key: string) => ({
    ...counterOf({ limit: 'key-tpm', of: 'tokens', amount: 1_000_000, scope: 'key', subject: key }),
    id: `key-tpm ${key}`,
  })
  const keys = ['a', 'b', 'c'].map(ofKey)
  const tenant = counterOf({ limit: 'tpm', of: 'tokens', amount: 1_000_000 })
  fc.assert(
    fc.property(fc.array(fc.tuple(request, fc.nat({ max: 2 })), { maxLength: 30, size: 'max' }), (requests) => {
      const ledger = new ClockedLedger(START_MS)
      requests.forEach(([{ gapMs, output, outcome }, which], index) => {
        ledger.ask(askOf(`${index}`, [tenant, keys[which] ?? tenant]))
        ledger.pass(gapMs)
        if (index % 3 > 0) ledger.settle([endOf(`${index - 1}`, output, outcome)])
      })
      const [total = 0, ...parts] = ledger.used(tenant, ...keys)
      expect(parts.reduce((sum, part) => sum + part, 0)).toBe(total)
    }),
    { numRuns: RUNS },
  )
})

it('leaves an evenly spaced limit on tokens never emptier than what was used would have, in whichever order', () => {
  const [perMs, amount] = [10_000, 5000]
  const paced = counterOf({ limit: 'paced', of: 'tokens', window: { kind: 'paced', perMs, burst: 3000 }, amount })
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 14 }), order, (requests, keys) => {
      const ledger = new ClockedLedger(START_MS)
      let [level, reserved] = [0, 0]
      const rows = requests.flatMap(({ gapMs, output, outcome }, index) => {
        const isGranted = ledger.ask(askOf(`${index}`, [paced])).kind === 'granted'
        const row = endOf(`${index}`, output, outcome)
        const isUsed = row.attempts > 0 && row.usage !== null
        level += isGranted && isUsed ? (row.usage?.inputTokens ?? 0) + (row.usage?.outputTokens ?? 0) : 0
        reserved += isGranted ? 200 + Math.max(0, 90 + output - 200) : 0
        ledger.pass(gapMs)
        level = Math.max(0, level - (gapMs * amount) / perMs)
        return isGranted ? [row] : []
      })
      for (const row of shuffled(rows, keys)) ledger.settle([row])
      const [used = 0] = ledger.used(paced)
      expect(used).toBeGreaterThanOrEqual(level - 1e-6)
      expect(used).toBeLessThanOrEqual(reserved)
    }),
    { numRuns: RUNS },
  )
})

describe('a slice', () => {
  const taken: Charge = { slice: 's', units: [1, 200] }
  const sliceCounters = [counterOf(), counterOf({ limit: 'tpm', of: 'tokens', amount: 10_000 })]
  const slice = {
    ...{ id: 's', isSlice: true, isolate: 'one', key: 'key00001', model: 'chat', startedAtMs: 0, atMs: 5000 },
    ...{ untilMs: 665_000, counters: sliceCounters, units: [10, 2000], leaseUntilMs: null, promptWeight: 0 },
    estimate: { inputTokens: 0, outputTokens: 0, price: null },
    isClosed: false,
  }
  const reportOf = (requests: number, usedMs: number): SliceReport => ({
    id: 's',
    left: [10 - requests, 2000 - 200 * requests],
    usedMs,
  })

  function started() {
    const journal = new StoredJournal()
    const tallies = new Tallies(journal)
    const settlement = new Settlement(journal, tallies, new Map())
    settlement.reserve({ ...slice, units: [...slice.units] }, 0)
    const used = (nowMs: number) => sliceCounters.map((counter) => usedOf(tallies.of(counter), nowMs))
    return { journal, settlement, used }
  }

  it('is charged whole until it is given back, then what was taken out of it, as of its last use', () => {
    const { settlement, used } = started()
    expect(used(1000)).toEqual([10, 2000])
    settlement.close(reportOf(4, 1000), 6000)
    settlement.close(reportOf(0, 1000), 6001)
    settlement.write()
    expect(used(6000)).toEqual([4, 800])
    expect(used(61_500)).toEqual([4, 800])
    expect(used(61_501)).toEqual([0, 0])
  })

  it('of which nobody tells counts as of its last possible use, and is settled whole in the end', () => {
    const { journal, settlement, used } = started()
    expect(used(65_500)).toEqual([10, 2000])
    expect(used(65_501)).toEqual([0, 0])
    const [stored] = journal.reservations()
    expect(stored).toMatchObject({ id: 's', units: [10, 2000] })
    if (stored !== undefined) expect(settlement.reap(stored, 665_000)).toEqual([])
    expect(journal.reservations()).toEqual([])
  })

  it('ends the same whether its rows or its report come first, with a restart anywhere between, and is gone then', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ output: fc.integer({ min: 0, max: 400 }), attempts: fc.integer({ min: 0, max: 1 }) }), {
          maxLength: 10,
        }),
        order,
        fc.nat({ max: 12 }),
        (requests, keys, restartAt) => {
          const { journal, settlement } = started()
          let [at, tallies] = [settlement, new Tallies(journal)]
          const told = [
            ...requests.map(
              (changes, index) => () => at.settle(rowOf(`${index}`, 90, changes.output, changes), taken, 4000),
            ),
            () => at.close(reportOf(requests.length, 3000), 4000),
          ]
          shuffled(told, keys).forEach((tell, index) => {
            if (index === restartAt) {
              tallies = new Tallies(journal)
              at = new Settlement(journal, tallies, new Map())
              for (const reservation of journal.reservations()) at.restore(reservation, 4000)
            }
            tell()
            at.write()
          })
          const fresh = new Tallies(journal)
          const wentOn = requests.filter(({ attempts }) => attempts > 0)
          const tokens = wentOn.reduce((sum, { output }) => sum + 90 + output, 0)
          expect(sliceCounters.map((counter) => usedOf(fresh.of(counter), 4000))).toEqual([wentOn.length, tokens])
          expect(journal.reservations()).toEqual([])
        },
      ),
      { numRuns: RUNS },
    )
  })
})

it('counts what was admitted while the ledger was out of reach from now on, whatever that makes of its limits', () => {
  const ledger = new ClockedLedger(START_MS)
  const rpm = counterOf({ amount: 1 })
  ledger.ask(askOf('a', [rpm]))
  ledger.settle([rowOf('b', 10, 20), rowOf('c', 10, 20)], {
    b: { counters: [rpm] },
    c: { counters: [rpm, flightOf(1)] },
  })
  expect(ledger.used(rpm, flightOf(1))).toEqual([3, 0])
  // One whose grant came too late has a reservation: that is what is settled.
  ledger.settle([rowOf('a', 10, 20)], { a: { counters: [rpm] } })
  expect(ledger.used(rpm)).toEqual([3])
})

it('learns what a provider said of those that went on, and of prompts it has the size of', () => {
  const ledger = new ClockedLedger(START_MS)
  ledger.ask(askOf('a', counters, { needs: needsOf({ promptWeight: 300 }) }))
  ledger.settle([rowOf('a', 100, 56)])
  expect(ledger.journal.learned('chat')).toEqual({ outputTokens: 246, bytesPerToken: 3.9 })
  ledger.settle([rowOf('b', 100, 46), rowOf('c', 1, 1, { attempts: 0 }), rowOf('d', 1, 1, { model: null })])
  expect(ledger.journal.learned('chat')).toEqual({ outputTokens: 236, bytesPerToken: 3.9 })
})

const rounded = (levels: readonly number[]): number[] => levels.map((level) => Math.round(level * 1e6) / 1e6)
