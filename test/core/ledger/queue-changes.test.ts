/** Limits that change while somebody waits at them. */
import { describe, expect, it } from 'vitest'
import type { Counter } from '../../../src/core/ledger/types.ts'
import { askOf, ClockedLedger, counterOf } from '../../support/ledger.ts'

const sliding = (limit: string, amount: number, perMs: number): Counter =>
  counterOf({ limit, amount, window: { kind: 'sliding', perMs } })

const granted = ({ turns }: ClockedLedger): [string, number][] =>
  [...turns].flatMap(([id, { verdict, atMs }]) => (verdict.kind === 'granted' ? [[id, atMs] as [string, number]] : []))

describe('a waiter that asks again', () => {
  const [narrow, wide] = [sliding('rpm', 1, 60_000), sliding('rpm', 2, 60_000)]
  const other = sliding('rph', 5, 3_600_000)

  it('goes as soon as the amount is raised, and whoever stands behind stays behind', () => {
    const ledger = new ClockedLedger()
    ledger.ask(askOf('a', [narrow]))
    for (const id of ['b', 'c']) ledger.ask(askOf(id, [narrow], { maxWaitMs: 300_000 }))
    expect(ledger.ask(askOf('c', [wide], { maxWaitMs: 300_000 })).kind).toBe('queued')
    expect(granted(ledger)).toEqual([['b', 0]])
  })

  it('is refused as soon as the amount is lowered below what it needs', () => {
    const ledger = new ClockedLedger()
    ledger.ask(askOf('a', [narrow]))
    ledger.ask(askOf('b', [narrow], { maxWaitMs: 300_000 }))
    ledger.ask(askOf('b', [{ ...narrow, amount: 0 }], { maxWaitMs: 300_000 }))
    expect(ledger.turns.get('b')?.verdict).toMatchObject({ kind: 'refused', by: 0 })
  })

  it('waits at its place for the limits that it has by then, and is charged to those', () => {
    const ledger = new ClockedLedger()
    ledger.ask(askOf('a', [narrow, other]))
    for (const id of ['b', 'c']) ledger.ask(askOf(id, [narrow], { maxWaitMs: 300_000 }))
    ledger.ask(askOf('b', [narrow, other], { maxWaitMs: 300_000 }))
    expect(ledger.used(narrow, other)).toEqual([1, 1])
    ledger.pass(300_000)
    expect(granted(ledger).map(([id]) => id)).toEqual(['b', 'c'])
    expect(ledger.used(other)).toEqual([2])
  })

  it('is let go by a limit that is lifted', () => {
    const ledger = new ClockedLedger()
    ledger.ask(askOf('a', [narrow, other]))
    ledger.ask(askOf('b', [narrow, other], { maxWaitMs: 300_000 }))
    ledger.ask(askOf('b', [other], { maxWaitMs: 300_000 }))
    expect(granted(ledger)).toEqual([['b', 0]])
    expect(ledger.used(narrow, other)).toEqual([1, 2])
    expect(ledger.ledger.view([], ledger.nowMs)).toMatchObject({ waiting: 0, reservations: 2 })
  })
})
