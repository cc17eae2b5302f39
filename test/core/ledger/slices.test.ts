/** Slices: what fits is admitted, what does not goes back to the ledger, and every report is sent until it is heard. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Slices } from '../../../src/core/ledger/slices.ts'
import type { Slice } from '../../../src/core/ledger/types.ts'
import {
  LEARNED_MODELS_MAX,
  SLICE_OWNERS_MAX,
  SLICE_REPORT_RETRY_MS,
  SLICE_REPORTS_MAX,
  SLICE_SETS_MAX,
} from '../../../src/core/limits.ts'

const NOW = 1_700_000_000_000
const LIFE = 5000
const LEVELS = [
  { remaining: 400, resetMs: 60_000 },
  { remaining: 9000, resetMs: 1000 },
]

const sliceOf = (id: string, units: readonly number[] = [3, 100]): Slice => ({ id, units, lifeMs: LIFE })

/** An isolate that holds one slice of `acme`. */
function holding(units?: readonly number[]): Slices {
  const slices = new Slices()
  slices.put('acme', 'set', sliceOf('s1', units), LEVELS, NOW)
  return slices
}

describe('take', () => {
  it('charges the slice, and says how the limits stand', () => {
    const slices = holding()
    expect(slices.take('acme', 'set', [1, 40], NOW + 1500)).toEqual({
      charge: { slice: 's1', units: [1, 40] },
      levels: [
        { remaining: 402, resetMs: 58_500 },
        { remaining: 9060, resetMs: 0 },
      ],
    })
    expect(slices.take('acme', 'set', [1, 40], NOW + 1500)?.levels[0]?.remaining).toBe(401)
  })

  it.each([
    ['of another tenant', 'other', 'set'],
    ['of another set of counters', 'acme', 'other'],
  ])('takes nothing %s', (_, owner, set) => {
    const slices = holding()
    expect(slices.take(owner, set, [1, 1], NOW)).toBeNull()
    expect(slices.take('acme', 'set', [1, 1], NOW)).not.toBeNull()
  })

  it('is null from its expiry on, and gives back what is left', () => {
    const slices = holding()
    slices.take('acme', 'set', [1, 10], NOW + 7)
    expect(slices.take('acme', 'set', [1, 10], NOW + LIFE - 1)).not.toBeNull()
    expect(slices.take('acme', 'set', [1, 10], NOW + LIFE)).toBeNull()
    expect(slices.reports('acme', NOW + LIFE)).toEqual([{ id: 's1', left: [1, 80], usedMs: LIFE - 1 }])
  })

  it('gives the rest back when one counter does not hold a request, and has charged none of it', () => {
    const slices = holding()
    expect(slices.take('acme', 'set', [1, 101], NOW)).toBeNull()
    expect(slices.reports('acme', NOW)).toEqual([{ id: 's1', left: [3, 100], usedMs: 0 }])
    expect(slices.take('acme', 'set', [1, 1], NOW)).toBeNull()
  })

  it('holds what needs nothing of a counter it has nothing of', () => {
    expect(holding([3, 0]).take('acme', 'set', [1, 0], NOW)).not.toBeNull()
  })

  it('never hands out more than it holds, and what it reports is the rest', () => {
    const request = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 40 }))
    fc.assert(
      fc.property(fc.array(request, { maxLength: 30 }), (requests) => {
        const slices = holding([10, 100])
        const taken = [0, 0]
        for (const units of requests) {
          if (slices.take('acme', 'set', units, NOW) === null) break
          units.forEach((count, index) => {
            taken[index] = (taken[index] ?? 0) + count
          })
        }
        const [report] = slices.reports('acme', NOW + LIFE)
        expect(report?.left).toEqual([10 - (taken[0] ?? 0), 100 - (taken[1] ?? 0)])
        expect(Math.min(...(report?.left ?? []))).toBeGreaterThanOrEqual(0)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('put', () => {
  it('gives back what is left of an older slice of the same set', () => {
    const slices = holding()
    slices.put('acme', 'set', sliceOf('s2'), LEVELS, NOW + 10)
    expect(slices.take('acme', 'set', [1, 1], NOW + 20)?.charge).toMatchObject({ slice: 's2' })
    expect(slices.reports('acme', NOW + 20)).toEqual([{ id: 's1', left: [3, 100], usedMs: 0 }])
  })

  it('keeps slices of several sets, within a bound', () => {
    const slices = holding()
    for (let set = 1; set < SLICE_SETS_MAX; set += 1) slices.put('acme', `set${set}`, sliceOf(`n${set}`), LEVELS, NOW)
    expect(slices.take('acme', 'set', [1, 1], NOW)).not.toBeNull()
    expect(slices.reports('acme', NOW)).toEqual([])
    slices.put('acme', 'more', sliceOf('more'), LEVELS, NOW)
    expect(slices.reports('acme', NOW).map(({ id }) => id)).toEqual(['s1'])
  })

  it('forgets the tenant that was longest idle beyond its bound', () => {
    const slices = holding()
    for (let owner = 0; owner < SLICE_OWNERS_MAX; owner += 1) slices.put(`t${owner}`, 'set', sliceOf('s'), LEVELS, NOW)
    expect(slices.take('acme', 'set', [1, 1], NOW)).toBeNull()
    expect(slices.take('t0', 'set', [1, 1], NOW)).not.toBeNull()
  })
})

describe('reports', () => {
  it('are of slices that have run out though nobody took of them', () => {
    const slices = holding()
    expect(slices.reports('acme', NOW + LIFE - 1)).toEqual([])
    expect(slices.reports('acme', NOW + LIFE).map(({ id }) => id)).toEqual(['s1'])
  })

  it('ride with one call, and not again once they are delivered', () => {
    const slices = holding()
    const reports = slices.reports('acme', NOW + LIFE)
    expect(slices.reports('acme', NOW + LIFE + 1)).toEqual([])
    slices.delivered('acme', reports)
    expect(slices.reports('acme', NOW + LIFE + SLICE_REPORT_RETRY_MS)).toEqual([])
  })

  it('ride with the next call when theirs was lost', () => {
    const slices = holding()
    const reports = slices.reports('acme', NOW + LIFE)
    slices.lost('acme', reports)
    expect(slices.reports('acme', NOW + LIFE + 1)).toEqual(reports)
  })

  it('are sent again when nobody has said what became of them: that request is gone', () => {
    const slices = holding()
    const reports = slices.reports('acme', NOW + LIFE)
    expect(slices.reports('acme', NOW + LIFE + SLICE_REPORT_RETRY_MS - 1)).toEqual([])
    expect(slices.reports('acme', NOW + LIFE + SLICE_REPORT_RETRY_MS)).toEqual(reports)
  })

  it('are bounded: the oldest is left to the ledger, which counts its slice as used', () => {
    const slices = holding()
    for (let count = 0; count <= SLICE_REPORTS_MAX; count += 1)
      slices.put('acme', 'set', sliceOf(`n${count}`), LEVELS, NOW)
    const ids = slices.reports('acme', NOW).map(({ id }) => id)
    expect(ids.length).toBe(SLICE_REPORTS_MAX)
    expect(ids[0]).toBe('n0')
  })

  it('are none of a tenant without slices', () => {
    const slices = new Slices()
    expect(slices.reports('acme', NOW)).toEqual([])
    slices.delivered('acme', [])
    slices.lost('acme', [])
  })
})

it('remembers what was learned, by tenant and alias, within a bound', () => {
  const slices = new Slices()
  const learned = { outputTokens: 12, bytesPerToken: 3 }
  slices.learn('acme', 'chat', learned)
  expect(slices.learned('acme', 'chat')).toEqual(learned)
  expect(slices.learned('acme', 'other')).toBeUndefined()
  expect(slices.learned('other', 'chat')).toBeUndefined()
  // What was asked for is passed over once.
  for (let model = 0; model < 2 * LEARNED_MODELS_MAX; model += 1) slices.learn('acme', `m${model}`, learned)
  expect(slices.learned('acme', 'chat')).toBeUndefined()
})
