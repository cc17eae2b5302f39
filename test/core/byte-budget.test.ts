/** A budget of bytes: never more than its bound, whoever holds, and all of it back in the end. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ByteBudget } from '../../src/core/byte-budget.ts'

it('takes what fits, refuses what does not, and takes nothing of what it refuses', () => {
  const budget = new ByteBudget(10)
  const [first, second] = [budget.hold(), budget.hold()]
  expect([first.take(6), second.take(5), second.take(4), first.take(1)]).toEqual([true, false, true, false])
  first.release()
  expect(second.take(6)).toBe(true)
})

it('gives nothing more to a hold that was released, and takes a release once', () => {
  const budget = new ByteBudget(10)
  const hold = budget.hold()
  hold.take(10)
  hold.release()
  hold.release()
  expect(hold.take(1)).toBe(false)
  expect([budget.hold().take(10), budget.hold().take(1)]).toEqual([true, false])
})

it('never holds more than its bound, and is whole again when all have released', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(4), fc.nat(60), fc.boolean())), (steps) => {
      const budget = new ByteBudget(100)
      const holds = Array.from({ length: 5 }, () => ({ hold: budget.hold(), bytes: 0 }))
      for (const [index, bytes, releases] of steps) {
        const one = holds[index]
        if (one === undefined) continue
        if (one.hold.take(bytes)) one.bytes += bytes
        expect(holds.reduce((sum, held) => sum + held.bytes, 0)).toBeLessThanOrEqual(100)
        if (!releases) continue
        one.hold.release()
        holds[index] = { hold: budget.hold(), bytes: 0 }
      }
      for (const { hold } of holds) hold.release()
      expect(budget.hold().take(100)).toBe(true)
    }),
  )
})
