/** Even spacing: a burst, then one by one, and a charge that is taken back as if it had never been. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Pacer } from '../../../src/core/ledger/pacer.ts'

const START_MS = 1_790_000_000_000

/** The moments at which so many requests go, all of them there from the start. */
function turns(pacer: Pacer, requests: number, amount: number): number[] {
  return Array.from({ length: requests }, () => {
    const atMs = pacer.freeAt(1, START_MS, amount)
    pacer.charge(1, atMs, amount)
    return atMs - START_MS
  })
}

describe('spacing', () => {
  it('of burst 1: one, then one every interval', () => {
    expect(turns(new Pacer(1000, 1), 6, 10)).toEqual([0, 100, 200, 300, 400, 500])
  })

  it('of a larger burst: all of it at once, then one every interval', () => {
    expect(turns(new Pacer(60_000, 3), 6, 60)).toEqual([0, 0, 0, 1000, 2000, 3000])
  })

  it.each([3, 7, 60, 300, 999, 2000])('of %d a second loses nothing to whole milliseconds', (amount) => {
    const times = turns(new Pacer(1000, 1), 3 * amount + 1, amount)
    expect(times.at(-1)).toBe(3000)
    const gaps = times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0))
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(Math.floor(1000 / amount))
    expect(Math.max(...gaps)).toBeLessThanOrEqual(Math.ceil(1000 / amount))
  })

  it('starts anew after a pause: what was not used is not saved up', () => {
    const pacer = new Pacer(1000, 1)
    turns(pacer, 2, 3)
    pacer.charge(1, START_MS + 5000, 3)
    expect(pacer.freeAt(1, START_MS + 5000, 3)).toBe(START_MS + 5334)
  })

  it('follows an amount that was changed', () => {
    const pacer = new Pacer(1000, 1)
    pacer.charge(1, START_MS, 10)
    expect(pacer.freeAt(1, START_MS, 10)).toBe(START_MS + 100)
    expect(pacer.freeAt(1, START_MS, 5)).toBe(START_MS + 200)
  })
})

describe('a request', () => {
  it('of more than the burst goes when nothing counts, and the next waits for all of it', () => {
    const pacer = new Pacer(60_000, 10)
    pacer.charge(1, START_MS, 60)
    expect(pacer.freeAt(25, START_MS, 60)).toBe(START_MS + 1000)
    pacer.charge(25, START_MS + 1000, 60)
    expect(pacer.freeAt(1, START_MS + 1000, 60)).toBe(START_MS + 17_000)
  })

  it('of more than the whole amount never goes, of nothing always', () => {
    const pacer = new Pacer(60_000, 10)
    expect(pacer.freeAt(61, START_MS, 60)).toBe(Number.POSITIVE_INFINITY)
    expect(pacer.freeAt(Number.POSITIVE_INFINITY, START_MS, 60)).toBe(Number.POSITIVE_INFINITY)
    pacer.charge(10, START_MS, 60)
    expect(pacer.freeAt(0, START_MS, 60)).toBe(START_MS)
  })

  it('never goes where the amount is 0', () => {
    const pacer = new Pacer(60_000, 10)
    expect(pacer.freeAt(1, START_MS, 0)).toBe(Number.POSITIVE_INFINITY)
    pacer.charge(2, START_MS, 0)
    expect(pacer.wholeAt(START_MS, 0)).toBe(Number.POSITIVE_INFINITY)
    expect(pacer.row(2, START_MS, 0).untilMs).toBe(START_MS + 120_000)
  })
})

const shape = fc.record({
  perMs: fc.constantFrom(1000, 7000, 60_000, 86_400_000),
  amount: fc.integer({ min: 1, max: 5000 }),
  burst: fc.integer({ min: 1, max: 50 }),
})
const step = fc.record({
  /** Since the step before, in intervals of one unit. */
  pause: fc.double({ min: 0, max: 4, noNaN: true }),
  units: fc.integer({ min: 1, max: 60 }),
  waits: fc.boolean(),
})

describe('over any interval', () => {
  it('at most the burst and what leaks meanwhile', () => {
    fc.assert(
      fc.property(shape, fc.array(step, { maxLength: 40 }), ({ perMs, amount, burst }, steps) => {
        const pacer = new Pacer(perMs, burst)
        const rate = amount / perMs
        const grants: { atMs: number; units: number }[] = []
        let nowMs = START_MS
        for (const { pause, units, waits } of steps) {
          nowMs += Math.floor(pause / rate)
          const wanted = Math.min(units, burst)
          const atMs = pacer.freeAt(wanted, nowMs, amount)
          if (atMs > nowMs && !waits) continue
          pacer.charge(wanted, atMs, amount)
          grants.push({ atMs, units: wanted })
          nowMs = atMs
        }
        for (const [first, { atMs: fromMs }] of grants.entries()) {
          let sum = 0
          for (const { atMs, units } of grants.slice(first)) {
            sum += units
            expect(sum).toBeLessThanOrEqual((burst + rate * (atMs - fromMs + 1)) * (1 + 1e-8))
          }
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('freeAt is the first moment that fits, and no later moment fits less', () => {
    const question = fc.record({
      units: fc.integer({ min: 1, max: 6000 }),
      ahead: fc.double({ min: -1, max: 60, noNaN: true }),
    })
    fc.assert(
      fc.property(shape, fc.array(step, { maxLength: 20 }), question, ({ perMs, amount, burst }, steps, question) => {
        const pacer = new Pacer(perMs, burst)
        const rate = amount / perMs
        let lastMs = START_MS
        for (const { pause, units } of steps) {
          lastMs += Math.floor(pause / rate)
          pacer.charge(units, lastMs, amount)
        }
        const { units } = question
        const fromMs = lastMs + Math.floor(question.ahead / rate)
        const freeMs = pacer.freeAt(units, fromMs, amount)
        expect(freeMs === Number.POSITIVE_INFINITY).toBe(units > Math.max(amount, burst))
        if (!Number.isFinite(freeMs)) return
        const room = Math.max(0, burst - units) + 1e-9 * burst
        expect(Number.isInteger(freeMs)).toBe(true)
        expect(pacer.level(freeMs, amount)).toBeLessThanOrEqual(room)
        if (freeMs > Math.max(fromMs, lastMs)) expect(pacer.level(freeMs - 1, amount)).toBeGreaterThan(room)
        for (const laterMs of [1, 10, 1000, perMs]) {
          expect(pacer.freeAt(units, fromMs + laterMs, amount)).toBe(Math.max(freeMs, fromMs + laterMs))
        }
        const wholeMs = pacer.wholeAt(fromMs, amount)
        expect(pacer.level(wholeMs, amount)).toBeLessThanOrEqual(1e-9 * burst)
        expect(pacer.isIdle(wholeMs)).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('a clock that steps back', () => {
  it('neither leaks more nor stops leaking', () => {
    const pacer = new Pacer(1000, 2)
    pacer.charge(1, START_MS, 10)
    expect(pacer.level(START_MS - 5, 10)).toBe(1)
    expect(pacer.freeAt(1, START_MS - 5, 10)).toBe(START_MS)
    pacer.charge(1, START_MS - 5, 10)
    expect(pacer.freeAt(1, START_MS - 5, 10)).toBe(START_MS + 100)
  })
})

describe('giveBack', () => {
  it('takes back at once what was just charged', () => {
    const pacer = new Pacer(1000, 1)
    pacer.charge(1, START_MS, 10)
    pacer.giveBack(1, START_MS, 10)
    expect(pacer.freeAt(1, START_MS, 10)).toBe(START_MS)
    expect(pacer.isIdle(START_MS)).toBe(true)
  })

  it('takes back nothing that has leaked: two that were spaced stay spaced', () => {
    const pacer = new Pacer(1000, 1)
    pacer.charge(1, START_MS, 10)
    pacer.charge(1, START_MS + 100, 10)
    pacer.giveBack(1, START_MS, 10)
    expect(pacer.freeAt(1, START_MS + 101, 10)).toBe(START_MS + 200)
  })

  const charges = fc.array(
    fc.record({ pause: fc.nat(6), units: fc.integer({ min: 1, max: 5 }), back: fc.oneof(fc.constant(0), fc.nat(5)) }),
    { maxLength: 50 },
  )

  it('leaves what would be there, had it not been charged, in whichever order', () => {
    fc.assert(
      fc.property(charges, fc.boolean(), fc.nat(20), (charges, isReversed, ahead) => {
        // One unit leaks in 100 ms, and everything happens at multiples of that: no fraction blurs the comparison.
        const pacer = new Pacer(1000, 20)
        const without = new Pacer(1000, 20)
        let atMs = START_MS
        const backs: { atMs: number; units: number }[] = []
        for (const { pause, units, back } of charges) {
          atMs += pause * 100
          pacer.charge(units, atMs, 10)
          without.charge(units - Math.min(units, back), atMs, 10)
          backs.push({ atMs, units: Math.min(units, back) })
        }
        for (const one of isReversed ? backs.reverse() : backs) pacer.giveBack(one.units, one.atMs, 10)
        const nowMs = atMs + ahead * 100
        expect(pacer.level(nowMs, 10)).toBeCloseTo(without.level(nowMs, 10), 6)
      }),
      { numRuns: 1000 },
    )
  })

  it('leaves no less than that where it cannot know: many charges, or one from before it was stored', () => {
    const many = fc.array(fc.record({ pause: fc.nat(2), units: fc.integer({ min: 1, max: 3 }), back: fc.nat(3) }), {
      minLength: 60,
      maxLength: 200,
    })
    fc.assert(
      fc.property(many, fc.boolean(), (charges, isStored) => {
        let pacer = new Pacer(1000, 500)
        const without = new Pacer(1000, 500)
        let atMs = START_MS
        const backs: { atMs: number; units: number }[] = []
        for (const [index, { pause, units, back }] of charges.entries()) {
          atMs += pause * 100
          pacer.charge(units, atMs, 10)
          without.charge(units - Math.min(units, back), atMs, 10)
          backs.push({ atMs, units: Math.min(units, back) })
          if (isStored && index === 30) pacer = new Pacer(1000, 500, [pacer.row(units, atMs, 10).entry])
        }
        for (const one of backs) pacer.giveBack(one.units, one.atMs, 10)
        expect(pacer.level(atMs, 10)).toBeGreaterThanOrEqual(without.level(atMs, 10) - 1e-6)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('counts', () => {
  it('a charge until it has leaked, or it has been empty since', () => {
    const pacer = new Pacer(1000, 5)
    pacer.charge(2, START_MS, 10)
    expect(pacer.counts(START_MS, START_MS + 199)).toBe(true)
    expect(pacer.counts(START_MS, START_MS + 200)).toBe(false)
    pacer.charge(2, START_MS + 500, 10)
    expect(pacer.counts(START_MS, START_MS + 500)).toBe(false)
    expect(pacer.counts(START_MS + 500, START_MS + 500)).toBe(true)
  })
})

describe('its row', () => {
  it('is all of it: read again it answers as before', () => {
    fc.assert(
      fc.property(shape, fc.array(step, { minLength: 1, maxLength: 20 }), ({ perMs, amount, burst }, steps) => {
        const pacer = new Pacer(perMs, burst)
        let atMs = START_MS
        for (const { pause, units } of steps) {
          atMs += Math.floor((pause * perMs) / amount)
          pacer.charge(units, atMs, amount)
        }
        const { entry, untilMs } = pacer.row(1, atMs, amount)
        const reloaded = new Pacer(perMs, burst, [entry])
        expect(reloaded.freeAt(1, atMs, amount)).toBe(pacer.freeAt(1, atMs, amount))
        expect(reloaded.wholeAt(atMs, amount)).toBe(pacer.wholeAt(atMs, amount))
        expect(pacer.level(untilMs, amount)).toBeLessThanOrEqual(1e-9 * burst)
      }),
      { numRuns: 1000 },
    )
  })
})

it('has copies that do not share', () => {
  const pacer = new Pacer(1000, 2)
  pacer.charge(1, START_MS, 10)
  const copy = pacer.clone()
  copy.charge(1, START_MS + 10, 10)
  copy.giveBack(1, START_MS, 10)
  expect(pacer.freeAt(1, START_MS, 10)).toBe(START_MS)
  expect(pacer.level(START_MS, 10)).toBe(1)
  pacer.charge(1, START_MS, 10)
  expect(copy.level(START_MS + 10, 10)).toBeCloseTo(1, 6)
})
