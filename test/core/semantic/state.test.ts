/** What a route has learned survives its store, within its bound. */
import { expect, it } from 'vitest'
import { NO_EVIDENCE } from '../../../src/core/semantic/evidence.ts'
import { NEW_STATE, readState, shortName, writeState } from '../../../src/core/semantic/state.ts'
import { GUARDS } from '../../../src/core/semantic/types.ts'

const names = Array.from({ length: 1000 }, (_, index) => `group${index}`.padEnd(8, '-'))

const full = {
  ...NEW_STATE,
  observations: 1_000_000,
  kinds: Object.fromEntries(
    GUARDS.map((kind) => [kind, { ...NO_EVIDENCE, population: NO_EVIDENCE.population.map(() => 12_345.678_9) }]),
  ),
  debts: new Map(names.map((name) => [name, 4])),
  proved: new Set(names),
  cosines: Array.from({ length: 40 }, () => 1 / 3),
  served: 2.25,
  suspicion: 1.5,
}

it('reads what it wrote, but for the last digits', () => {
  const read = readState(writeState(full))
  expect(read.debts).toEqual(full.debts)
  expect(read.proved).toEqual(full.proved)
  expect(read.kinds.number?.population[0]).toBeCloseTo(12_345.7)
  expect(read).toMatchObject({ observations: 1_000_000, served: 2.25, suspicion: 1.5 })
  expect(readState(writeState(NEW_STATE))).toEqual(NEW_STATE)
})

it('is never longer than 64 KB', () => {
  expect(writeState(full).length).toBeLessThan(64 * 1024)
})

it('begins anew where there is none, or none that it can read', () => {
  expect(readState(null)).toBe(NEW_STATE)
  expect(readState('{"form":0}')).toBe(NEW_STATE)
  expect(readState('not JSON')).toBe(NEW_STATE)
})

it('tells groups apart by the first characters of their names', () => {
  expect(shortName('x'.repeat(43))).toHaveLength(8)
})
