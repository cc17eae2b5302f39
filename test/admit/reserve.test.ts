/** The stage of tokens and money says what admission found out about them. */
import { expect, it } from 'vitest'
import { reserve } from '../../src/admit/reserve.ts'
import { refusal } from '../../src/core/errors.ts'

const told = { limits: null, queueMs: 0 }

it('lets what was admitted go on, with its reservation', () => {
  const admitted = {
    ...told,
    kind: 'admitted',
    charge: null,
    moneyLimit: null,
    capOutput: false,
    release() {},
  } as const
  expect(reserve(admitted)).toBe(admitted)
})

it('refuses who is short, with the refusal of that limit', () => {
  const refused = refusal('budget_exceeded', 'No money is left.', { limitedBy: 'month' })
  expect(reserve({ ...told, kind: 'short', refusal: refused })).toEqual({ kind: 'refused', refusal: refused })
})
