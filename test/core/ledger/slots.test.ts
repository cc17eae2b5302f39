/** Units by slot: what counts until when, whatever the order of charges, and copies that do not share. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Slots } from '../../../src/core/ledger/slots.ts'

/** Slots of 10 ms; a charge leaves 100 ms after it was made. */
const slots = (): Slots => new Slots((atMs) => ({ slot: Math.floor(atMs / 10), leavesMs: atMs + 100 }))

describe('one slot', () => {
  it('counts what is charged, until its last charge has left', () => {
    const count = slots()
    count.charge(3, 1000)
    count.charge(2, 1009)
    expect(count.level(1108)).toBe(5)
    expect(count.level(1109)).toBe(0)
  })

  it('counts a charge of the future at once', () => {
    const count = slots()
    count.charge(3, 2000)
    expect(count.level(1000)).toBe(3)
    expect(count.wholeAt(1000)).toBe(2100)
    expect(count.freeAt(8, 1000, 10)).toBe(2100)
  })

  it('keeps the later end when an earlier charge comes after', () => {
    const count = slots()
    count.charge(1, 1009)
    count.charge(1, 1001)
    expect(count.level(1108)).toBe(2)
  })

  it('is as before after a clock that stepped back', () => {
    const count = slots()
    count.charge(4, 1000)
    expect(count.level(1050)).toBe(4)
    expect(count.level(1045)).toBe(4)
    count.charge(1, 995)
    expect(count.level(1045)).toBe(5)
    expect(count.freeAt(10, 1045, 10)).toBe(1100)
  })
})

describe('units that are given back', () => {
  it('are free at once', () => {
    const count = slots()
    count.charge(5, 1000)
    count.giveBack(3, 1000)
    expect(count.level(1000)).toBe(2)
    expect(count.freeAt(8, 1000, 10)).toBe(1000)
  })

  it('are taken from the slot of their charge, never more than it holds', () => {
    const count = slots()
    count.charge(5, 1000)
    count.charge(5, 1050)
    count.giveBack(9, 1000)
    expect(count.level(1000)).toBe(5)
    expect(count.wholeAt(1000)).toBe(1150)
  })

  it('are nothing once they have left, or where nothing was charged', () => {
    const count = slots()
    count.charge(5, 1000)
    count.charge(5, 1050)
    expect(count.level(1100)).toBe(5)
    count.giveBack(5, 1000)
    count.giveBack(5, 1080)
    expect(count.level(1100)).toBe(5)
  })

  it('leave nothing behind when they are all there was', () => {
    const count = slots()
    count.charge(5, 1000)
    count.giveBack(5, 1000)
    expect(count.isIdle(1000)).toBe(true)
  })
})

describe('freeAt', () => {
  it('is never for more than the amount, and at once for nothing', () => {
    const count = slots()
    count.charge(9, 1000)
    expect(count.freeAt(11, 1000, 10)).toBe(Number.POSITIVE_INFINITY)
    expect(count.freeAt(Number.POSITIVE_INFINITY, 1000, 10)).toBe(Number.POSITIVE_INFINITY)
    expect(count.freeAt(1, 1000, 0)).toBe(Number.POSITIVE_INFINITY)
    expect(count.freeAt(0, 1000, 5)).toBe(1000)
  })

  it('follows an amount that was changed', () => {
    const count = slots()
    count.charge(5, 1000)
    count.charge(5, 1050)
    expect(count.freeAt(1, 1060, 20)).toBe(1060)
    expect(count.freeAt(1, 1060, 10)).toBe(1100)
    expect(count.freeAt(1, 1060, 5)).toBe(1150)
  })

  it('looks ahead without forgetting what counts now', () => {
    const count = slots()
    count.charge(10, 1000)
    expect(count.freeAt(1, 5000, 10)).toBe(5000)
    expect(count.level(1050)).toBe(10)
  })
})

describe('counts', () => {
  it('tells whether a charge is still among them, also by the company it is in', () => {
    const count = slots()
    count.charge(1, 1000)
    expect(count.counts(1000, 1099)).toBe(true)
    expect(count.counts(1000, 1100)).toBe(false)
    count.charge(1, 1009)
    expect(count.counts(1000, 1108)).toBe(true)
    expect(count.counts(1000, 1109)).toBe(false)
  })
})

it('holds its row as long as the slot counts', () => {
  const count = slots()
  count.charge(4, 1009)
  expect(count.row(3, 1001)).toEqual({ entry: { slot: 100, units: 3, atMs: 1001 }, untilMs: 1109 })
  expect(count.row(3, 1021)).toEqual({ entry: { slot: 102, units: 3, atMs: 1021 }, untilMs: 1121 })
})

it('is idle from the moment its last charge has left', () => {
  const count = slots()
  expect(count.isIdle(0)).toBe(true)
  expect(count.wholeAt(7)).toBe(7)
  count.charge(1, 1000)
  expect(count.isIdle(1099)).toBe(false)
  expect(count.isIdle(1100)).toBe(true)
})

describe('clone', () => {
  it('neither changes the original nor is changed by it', () => {
    const count = slots()
    count.charge(5, 1000)
    const copy = count.clone()
    copy.charge(2, 1000)
    copy.giveBack(1, 1000)
    expect(copy.level(2000)).toBe(0)
    expect(count.level(1000)).toBe(5)
    const other = count.clone()
    count.charge(1, 1001)
    expect(other.level(1000)).toBe(5)
  })
})

const atMs = fc.integer({ min: 0, max: 400 })
const units = fc.integer({ min: 0, max: 9 })
const charge = fc.record({ atMs, units })

describe('against a plain list of charges', () => {
  it('has the same level at every moment, in whichever order charges and returns came', () => {
    const operation = fc.record({ atMs, units, back: units })
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 30 }), fc.integer({ min: 0, max: 600 }), (operations, nowMs) => {
        const count = slots()
        const model = new Map<number, { units: number; leavesMs: number }>()
        for (const { atMs, units, back } of operations) {
          const slot = Math.floor(atMs / 10)
          const held = model.get(slot) ?? { units: 0, leavesMs: 0 }
          if (units > 0) {
            model.set(slot, { units: held.units + units, leavesMs: Math.max(held.leavesMs, atMs + 100) })
          }
          count.charge(units, atMs)
          const after = model.get(slot)
          if (after !== undefined && back > 0) {
            if (after.units <= back) model.delete(slot)
            else after.units -= back
          }
          count.giveBack(back, atMs)
        }
        const expected = [...model.values()].reduce((sum, one) => sum + (one.leavesMs > nowMs ? one.units : 0), 0)
        expect(count.clone().level(nowMs)).toBe(expected)
        expect(count.isIdle(nowMs)).toBe(expected === 0)
        expect(count.clone().level(count.wholeAt(nowMs))).toBe(0)
      }),
      { numRuns: 1000 },
    )
  })

  it('finds the first moment at which units fit: then they do, and a millisecond before they do not', () => {
    const question = fc.record({
      units: fc.integer({ min: 1, max: 30 }),
      fromMs: fc.integer({ min: 0, max: 600 }),
      amount: fc.integer({ min: 0, max: 30 }),
    })
    fc.assert(
      fc.property(fc.array(charge, { maxLength: 30 }), question, (charges, { units, fromMs, amount }) => {
        const count = slots()
        for (const { atMs, units: charged } of charges) count.charge(charged, atMs)
        const freeMs = count.freeAt(units, fromMs, amount)
        expect(freeMs === Number.POSITIVE_INFINITY).toBe(units > amount)
        if (units > amount) return
        expect(freeMs).toBeGreaterThanOrEqual(fromMs)
        expect(count.clone().level(freeMs) + units).toBeLessThanOrEqual(amount)
        if (freeMs > fromMs) expect(count.clone().level(freeMs - 1) + units).toBeGreaterThan(amount)
        expect(count.freeAt(units, fromMs + 1, amount)).toBe(Math.max(freeMs, fromMs + 1))
        expect(count.freeAt(units, fromMs, amount + 1)).toBeLessThanOrEqual(freeMs)
      }),
      { numRuns: 1000 },
    )
  })
})
