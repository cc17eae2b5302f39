/** Days and months of named time zones: without a gap whatever the clocks do, and units counted by them. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CalendarCount, type CalendarUnit, periodAt } from '../../../src/core/ledger/calendar.ts'

const HOUR_MS = 3_600_000
const told = (per: CalendarUnit, timeZone: string, at: string): string[] => {
  const { fromMs, toMs } = periodAt(per, timeZone, Date.parse(at))
  return [new Date(fromMs).toISOString(), new Date(toMs).toISOString()]
}

/** The local date or month as the runtime's own formatter tells it. */
const formats = new Map<string, Intl.DateTimeFormat>()
function localName(per: CalendarUnit, timeZone: string, atMs: number): string {
  const held = formats.get(`${per} ${timeZone}`)
  const day = per === 'day' ? ({ day: 'numeric' } as const) : {}
  const format = held ?? new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: 'numeric', ...day })
  formats.set(`${per} ${timeZone}`, format)
  return format.format(atMs)
}

describe('a period', () => {
  it.each([
    ['day', 'UTC', '2026-11-20T23:59:59.999Z', '2026-11-20T00:00:00.000Z', '2026-11-21T00:00:00.000Z'],
    ['day', 'UTC', '2026-11-21T00:00:00.000Z', '2026-11-21T00:00:00.000Z', '2026-11-22T00:00:00.000Z'],
    ['month', 'UTC', '2028-02-29T12:00:00Z', '2028-02-01T00:00:00.000Z', '2028-03-01T00:00:00.000Z'],
    ['month', 'UTC', '2026-12-31T23:59:59Z', '2026-12-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
    // 23 and 25 hours.
    ['day', 'Europe/Berlin', '2026-03-29T12:00:00Z', '2026-03-28T23:00:00.000Z', '2026-03-29T22:00:00.000Z'],
    ['day', 'Europe/Berlin', '2026-10-25T12:00:00Z', '2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z'],
    ['month', 'Europe/Berlin', '2026-10-31T22:59:59Z', '2026-09-30T22:00:00.000Z', '2026-10-31T23:00:00.000Z'],
    ['month', 'America/New_York', '2026-11-15T12:00:00Z', '2026-11-01T04:00:00.000Z', '2026-12-01T05:00:00.000Z'],
    // Offsets of half and quarter hours; clocks set by half an hour.
    ['day', 'Asia/Kolkata', '2026-06-01T18:29:59Z', '2026-05-31T18:30:00.000Z', '2026-06-01T18:30:00.000Z'],
    ['day', 'Asia/Kathmandu', '2026-06-01T12:00:00Z', '2026-05-31T18:15:00.000Z', '2026-06-01T18:15:00.000Z'],
    ['day', 'Australia/Lord_Howe', '2026-10-03T20:00:00Z', '2026-10-03T13:30:00.000Z', '2026-10-04T13:00:00.000Z'],
    // No 30 December 2011 in Samoa.
    ['day', 'Pacific/Apia', '2011-12-30T09:59:59Z', '2011-12-29T10:00:00.000Z', '2011-12-30T10:00:00.000Z'],
    ['day', 'Pacific/Apia', '2011-12-30T10:00:00Z', '2011-12-30T10:00:00.000Z', '2011-12-31T10:00:00.000Z'],
    // Midnight itself skipped, and the next day's is not.
    ['day', 'Africa/Cairo', '2026-04-24T12:00:00Z', '2026-04-23T22:00:00.000Z', '2026-04-24T21:00:00.000Z'],
    // Midnight twice: the day begins with the first.
    ['day', 'America/Havana', '2026-11-01T12:00:00Z', '2026-11-01T04:00:00.000Z', '2026-11-02T05:00:00.000Z'],
    // Set back from 00:01 to 23:01 of a day that is over.
    ['day', 'America/St_Johns', '2010-11-07T02:45:00Z', '2010-11-07T02:30:00.000Z', '2010-11-08T03:30:00.000Z'],
    ['day', '+05:30', '2026-06-01T12:00:00Z', '2026-05-31T18:30:00.000Z', '2026-06-01T18:30:00.000Z'],
  ] as const)('a %s in %s at %s', (per, timeZone, at, from, to) => {
    expect(told(per, timeZone, at)).toEqual([from, to])
  })

  it('is refused of a zone that does not exist', () => {
    expect(() => periodAt('day', 'Europe/Atlantis', 0)).toThrow(RangeError)
  })

  it('follows the one before without a gap, in every zone, and is one date of its zone', () => {
    const zone = fc.constantFrom('UTC', 'utc', ...Intl.supportedValuesOf('timeZone'))
    const moment = fc.integer({ min: Date.parse('2012-01-01'), max: Date.parse('2040-01-01') })
    fc.assert(
      fc.property(fc.constantFrom('day', 'month'), zone, moment, (per, timeZone, atMs) => {
        const period = periodAt(per, timeZone, atMs)
        const { fromMs, toMs } = period
        expect(fromMs <= atMs && atMs < toMs).toBe(true)
        expect(periodAt(per, timeZone, fromMs)).toEqual(period)
        expect(periodAt(per, timeZone, toMs - 1)).toEqual(period)
        expect(periodAt(per, timeZone, toMs).fromMs).toBe(toMs)
        expect(periodAt(per, timeZone, fromMs - 1).toMs).toBe(fromMs)
        const name = localName(per, timeZone, atMs)
        expect(localName(per, timeZone, fromMs)).toBe(name)
        expect(localName(per, timeZone, toMs - 1)).toBe(name)
        expect(localName(per, timeZone, toMs)).not.toBe(name)
        expect(localName(per, timeZone, fromMs - 1)).not.toBe(name)
      }),
      { numRuns: 3000 },
    )
  })

  it.each([
    'Europe/London',
    'America/Sao_Paulo',
    'Asia/Beirut',
    'Pacific/Apia',
    'America/St_Johns',
    'Africa/Casablanca',
  ])('tiles 1990 to 2030 in %s', (timeZone) => {
    let atMs = periodAt('day', timeZone, Date.parse('1990-01-01')).fromMs
    let shortest = Number.POSITIVE_INFINITY
    let longest = 0
    while (atMs < Date.parse('2030-01-01')) {
      const { fromMs, toMs } = periodAt('day', timeZone, atMs)
      expect(fromMs).toBe(atMs)
      shortest = Math.min(shortest, toMs - fromMs)
      longest = Math.max(longest, toMs - fromMs)
      atMs = toMs
    }
    expect(shortest).toBeGreaterThanOrEqual(22 * HOUR_MS)
    expect(longest).toBeLessThanOrEqual(26 * HOUR_MS)
  })
})

describe('a count', () => {
  const noon = Date.parse('2026-10-25T11:00:00Z')
  const midnight = Date.parse('2026-10-25T23:00:00Z')
  const nextMidnight = midnight + 24 * HOUR_MS
  const berlin = (): CalendarCount => new CalendarCount('day', 'Europe/Berlin')

  it('grants all of it in its period, then at the start of the next', () => {
    const count = berlin()
    expect(count.freeAt(10, noon, 10)).toBe(noon)
    count.charge(10, noon)
    expect(count.freeAt(1, noon, 10)).toBe(midnight)
    expect(count.level(midnight - 1)).toBe(10)
    expect(count.wholeAt(noon)).toBe(midnight)
    expect(count.level(midnight)).toBe(0)
  })

  it('knows what is booked in the next period', () => {
    const count = berlin()
    count.charge(10, noon)
    count.charge(8, midnight + 5)
    expect(count.freeAt(2, noon, 10)).toBe(midnight)
    expect(count.freeAt(3, noon, 10)).toBe(nextMidnight)
    expect(count.freeAt(11, noon, 10)).toBe(Number.POSITIVE_INFINITY)
  })

  it('counts in this period what is dated after its end: it may be used before', () => {
    const count = berlin()
    count.charge(4, midnight + 2000)
    expect(count.freeAt(7, midnight - 1000, 10)).toBe(nextMidnight)
    count.giveBack(4, midnight + 2000)
    count.charge(4, midnight - 1)
    expect(count.freeAt(7, midnight - 1, 10)).toBe(midnight)
  })

  it('counts a late settlement in the period of its request', () => {
    const count = berlin()
    count.charge(5, midnight - 1)
    expect(count.counts(midnight - 1, midnight)).toBe(false)
    expect(count.counts(midnight - 1, midnight - 1)).toBe(true)
    expect(count.level(midnight)).toBe(0)
    count.giveBack(3, midnight - 1)
    count.charge(9, midnight - 1)
    expect(count.level(midnight + 1)).toBe(0)
  })

  it('is stored by period, until its end', () => {
    const count = berlin()
    const { entry, untilMs } = count.row(6, noon)
    expect(entry).toEqual({ slot: Date.parse('2026-10-24T22:00:00Z'), units: 6, atMs: noon })
    expect(untilMs).toBe(midnight)
    const reloaded = new CalendarCount('day', 'Europe/Berlin', [entry])
    expect(reloaded.level(noon)).toBe(6)
    expect(reloaded.isIdle(midnight - 1)).toBe(false)
    expect(reloaded.isIdle(midnight)).toBe(true)
  })

  it('is never over in any period, however requests come', () => {
    const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/Havana', 'Asia/Kathmandu', 'Pacific/Chatham')
    const step = fc.record({
      pauseMs: fc.nat(20 * HOUR_MS),
      units: fc.integer({ min: 1, max: 12 }),
      waits: fc.boolean(),
    })
    const script = fc.record({ amount: fc.integer({ min: 1, max: 15 }), steps: fc.array(step, { maxLength: 40 }) })
    fc.assert(
      fc.property(fc.constantFrom('day', 'month'), zone, script, (per, timeZone, { amount, steps }) => {
        const count = new CalendarCount(per, timeZone)
        const used = new Map<string, number>()
        let nowMs = noon
        for (const { pauseMs, units, waits } of steps) {
          nowMs += pauseMs
          const atMs = count.freeAt(units, nowMs, amount)
          if (atMs > nowMs && !(waits && Number.isFinite(atMs))) continue
          count.charge(units, atMs)
          const name = localName(per, timeZone, atMs)
          used.set(name, (used.get(name) ?? 0) + units)
        }
        expect(Math.max(0, ...used.values())).toBeLessThanOrEqual(amount)
      }),
      { numRuns: 1000 },
    )
  })
})
