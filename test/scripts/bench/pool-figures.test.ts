/** Figures of crowds: shares, percentiles, and what counts in which moment. */
import { expect, it } from 'vitest'
import { busyFigures, failures, firstMs, othersP95Ms, slowShares } from '../../../scripts/bench/pool-figures.ts'
import { askedOf, refusedOf } from '../../support/bench-pool.ts'

it('takes percentiles of those who were answered', () => {
  const asked = [...Array.from({ length: 20 }, (_, index) => askedOf({ firstMs: index })), refusedOf()]
  expect([firstMs(asked, 0.5), firstMs(asked, 0.95)]).toEqual([10, 19])
  expect(firstMs([refusedOf()], 0.5)).toBeNaN()
})

it('takes only a refusal in order for one', () => {
  const bad = [
    askedOf({ status: 0 }),
    askedOf({ status: 502, code: 'upstream_failed' }),
    refusedOf({ retryAfterMs: null }),
    refusedOf({ code: 'overloaded' }),
  ]
  expect(failures([askedOf(), refusedOf(), ...bad])).toBe(bad.length)
})

it('looks at the others, not at who floods', () => {
  const asked = [askedOf({ flow: 'other', firstMs: 100 }), askedOf({ flow: 'flood', firstMs: 9000 })]
  expect(othersP95Ms([{ times: 10, asked }], 10)).toBe(100)
  expect(othersP95Ms([{ times: 10, asked }], 0)).toBeNaN()
})

it('tells how much of the traffic a slow replica had before, at first, and from 5 s on', () => {
  const at = (atMs: number, replica: string) => askedOf({ atMs, replica })
  const asked = [at(0, 'a'), at(1000, 'b'), at(3000, 'a'), at(4000, 'b'), at(5000, 'b'), at(9000, 'b'), at(19_000, 'b')]
  const shares = slowShares({ replica: 'a', slowAtMs: 2000, forMs: 20_000, asked })
  expect(shares.before).toBe(1 / 2)
  expect(shares.at).toBe(1 / 3)
  expect(shares.after).toBe(0)
})

it('counts what began in time after the first moments, and who came back when all had gone', () => {
  const forMs = 10_000
  const many = (count: number, more: object) => Array.from({ length: count }, () => askedOf({ atMs: 5000, ...more }))
  const busy = {
    forMs,
    full: many(15, { flow: 'full' }),
    asked: [
      ...many(12, { flow: 'interactive', firstMs: 900 }),
      ...many(3, { flow: 'batch', firstMs: 4000 }),
      ...Array.from({ length: 9 }, () => refusedOf({ flow: 'batch', atMs: 5000 })),
      // Too early to be counted.
      askedOf({ flow: 'interactive', atMs: 0 }),
      askedOf({ flow: 'batch', atMs: forMs + 1, isReturn: true }),
      refusedOf({ flow: 'batch', atMs: forMs + 2, isReturn: true }),
      refusedOf({ flow: 'batch', atMs: 6000, isReturn: true }),
    ],
  }
  expect(busyFigures(busy, 3000)).toEqual({
    capacity: 2,
    goodput: 12 / 7.5,
    firstP99Ms: 4000,
    interactiveShare: 1,
    batchShare: 3 / 12,
    refused: 11,
    failures: 0,
    returned: 2,
    returnedShare: 1 / 2,
  })
})
