/** Segments, cursors, and ranges taken apart. */
import { describe, expect, it } from 'vitest'
import { USAGE_SEGMENT_ROWS_MAX } from '../../src/core/limits.ts'
import {
  dayOf,
  endOfHour,
  formatCursor,
  newestFirst,
  parseCursor,
  segmentsOf,
  startOf,
  usageRange,
} from '../../src/core/usage-segments.ts'
import { recordOf } from '../support/control-plane.ts'

const DAY = 86_400_000
const MIDNIGHT = Date.parse('2026-11-20T00:00:00Z')
const NOON = MIDNIGHT + DAY / 2

describe('segmentsOf', () => {
  it('makes one segment of a usual batch', () => {
    const records = [recordOf('a', NOON + 5), recordOf('b', NOON), recordOf('c', NOON + 9)]
    expect(segmentsOf(records)).toEqual([{ fromMs: NOON, toMs: NOON + 9, records }])
    expect(segmentsOf([])).toEqual([])
  })

  it('never crosses an hour or its bound, and loses nothing', () => {
    const many = Array.from({ length: USAGE_SEGMENT_ROWS_MAX * 2 + 1 }, (_, index) =>
      recordOf(`r${index}`, NOON + index),
    )
    const segments = segmentsOf([...many, recordOf('before', NOON - 1)])
    expect(segments.map(({ records }) => records.length).sort((left, right) => left - right)).toEqual([
      1,
      1,
      USAGE_SEGMENT_ROWS_MAX,
      USAGE_SEGMENT_ROWS_MAX,
    ])
    for (const { fromMs, toMs, records } of segments) {
      expect(endOfHour(fromMs)).toBe(endOfHour(toMs))
      for (const record of records) expect(startOf(record)).toSatisfy((atMs: number) => atMs >= fromMs && atMs <= toMs)
    }
  })
})

describe('cursors', () => {
  it('come back as they were', () => {
    const cursor = { atMs: NOON, requestId: '0b6e2f4c-1d2e-4a77-9f00-abcdefabcdef' }
    expect(parseCursor(formatCursor(cursor))).toEqual(cursor)
  })

  it.each(['', 'x', '-', '12', '12-', '-abc', `1-${'x'.repeat(200)}`])('take %j for none of ours', (text) => {
    expect(parseCursor(text)).toBeNull()
  })
})

describe('newestFirst', () => {
  it('reads no further than it must', () => {
    let read = 0
    function* segments() {
      for (let index = 0; index < 100; index++) {
        read++
        yield { toMs: NOON - index * 10, records: [recordOf(`r${index}`, NOON - index * 10)] }
      }
    }
    const page = newestFirst(segments(), null, 3)
    expect(page.data.map(({ requestId }) => requestId)).toEqual(['r0', 'r1', 'r2'])
    expect(page.hasMore).toBe(true)
    expect(read).toBeLessThanOrEqual(5)
  })

  it('orders the same instant by id, over the edge of a page', () => {
    const segments = [{ toMs: NOON, records: ['a', 'c', 'b'].map((id) => recordOf(id, NOON)) }]
    const one = newestFirst(segments, null, 2)
    expect(one.data.map(({ requestId }) => requestId)).toEqual(['c', 'b'])
    const two = newestFirst(segments, parseCursor(one.last ?? ''), 2)
    expect([two.data.map(({ requestId }) => requestId), two.hasMore]).toEqual([['a'], false])
  })

  it('has no last on an empty page', () => {
    expect(newestFirst([], null, 5)).toEqual({ data: [], hasMore: false, last: null })
  })
})

describe('usageRange', () => {
  const range = (fromMs?: number, toMs?: number, rawFromMs = 0) => usageRange(fromMs, toMs, rawFromMs, NOON + 10 * DAY)

  it('is all days without bounds', () => {
    expect(range()).toEqual({ days: { from: undefined, to: undefined }, parts: [] })
  })

  it('is whole days between midnights', () => {
    expect(range(MIDNIGHT, MIDNIGHT + 2 * DAY)).toEqual({ days: { from: '2026-11-20', to: '2026-11-22' }, parts: [] })
  })

  it('takes the parts of days at both ends from single records', () => {
    expect(range(NOON, NOON + 2 * DAY)).toEqual({
      days: { from: '2026-11-21', to: '2026-11-22' },
      parts: [
        { fromMs: NOON, toMs: MIDNIGHT + DAY },
        { fromMs: MIDNIGHT + 2 * DAY, toMs: NOON + 2 * DAY },
      ],
    })
    expect(range(NOON, NOON + 5)).toMatchObject({ parts: [{ fromMs: NOON, toMs: NOON + 5 }] })
    const sameDay = range(NOON, NOON + 5).days
    expect(sameDay.from).toBe(sameDay.to)
  })

  it('takes an end in the future for none', () => {
    expect(range(MIDNIGHT, NOON + 11 * DAY)).toEqual({ days: { from: '2026-11-20', to: undefined }, parts: [] })
  })

  it('is empty when it ends before it begins', () => {
    for (const [from, to] of [
      [NOON, NOON],
      [NOON, NOON - 1],
      [NOON + 3 * DAY, NOON],
    ] as const) {
      const { days, parts } = range(from, to)
      expect(parts).toEqual([])
      expect((days.from ?? '') >= (days.to ?? '~')).toBe(true)
    }
  })

  it('moves a bound to the beginning of its day where the records are gone', () => {
    expect(range(NOON, NOON + 2 * DAY, NOON + 3 * DAY)).toEqual({
      days: { from: '2026-11-20', to: '2026-11-22' },
      parts: [],
    })
  })
})

it('dayOf is the day in UTC', () => {
  expect([dayOf(MIDNIGHT - 1), dayOf(MIDNIGHT)]).toEqual(['2026-11-19', '2026-11-20'])
})
