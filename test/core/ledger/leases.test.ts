/** Leases of requests in flight: they run out unless they are renewed, and end early but never late. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Leases } from '../../../src/core/ledger/leases.ts'

describe('a lease', () => {
  it('runs until its time, not at it', () => {
    const leases = new Leases()
    leases.hold('a', 100)
    expect(leases.level(99)).toBe(1)
    expect(leases.level(100)).toBe(0)
  })

  it('of one request is one, however often it is renewed', () => {
    const leases = new Leases()
    leases.hold('a', 100)
    leases.hold('a', 200)
    expect(leases.level(150)).toBe(1)
    expect(leases.level(200)).toBe(0)
  })

  it('is ended earlier, never prolonged by its end, and nothing is begun by one', () => {
    const leases = new Leases()
    leases.hold('a', 100)
    leases.end('a', 50)
    leases.end('a', 200)
    leases.end('b', 200)
    expect(leases.level(49)).toBe(1)
    expect(leases.level(50)).toBe(0)
  })
})

it('tells when the next one runs out, or that there is none', () => {
  const leases = new Leases()
  expect(leases.nextEndMs(0)).toBe(Number.POSITIVE_INFINITY)
  leases.hold('a', 300)
  leases.hold('b', 100)
  expect(leases.nextEndMs(0)).toBe(100)
  expect(leases.nextEndMs(100)).toBe(300)
  expect(leases.nextEndMs(300)).toBe(Number.POSITIVE_INFINITY)
})

it('holds what a plain list of leases does, at every moment', () => {
  const step = fc.record({
    kind: fc.constantFrom('hold', 'hold', 'end'),
    id: fc.constantFrom('a', 'b', 'c', 'd'),
    lifeMs: fc.integer({ min: 0, max: 50 }),
    gapMs: fc.integer({ min: 0, max: 20 }),
  })
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const leases = new Leases()
      const plain = new Map<string, number>()
      let nowMs = 0
      for (const { kind, id, lifeMs, gapMs } of steps) {
        const untilMs = nowMs + lifeMs
        if (kind === 'hold') {
          leases.hold(id, untilMs)
          plain.set(id, untilMs)
        } else {
          leases.end(id, untilMs)
          const known = plain.get(id)
          if (known !== undefined) plain.set(id, Math.min(known, untilMs))
        }
        nowMs += gapMs
        const running = [...plain.values()].filter((endMs) => endMs > nowMs)
        expect(leases.level(nowMs)).toBe(running.length)
        // Looked for again at the latest when the first of them is over.
        expect(leases.nextEndMs(nowMs)).toBeLessThanOrEqual(Math.min(...running))
        expect(leases.nextEndMs(nowMs)).toBeGreaterThan(nowMs)
      }
    }),
    { numRuns: 1000 },
  )
})
