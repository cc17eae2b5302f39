/** The newest events in memory, held against all there ever were. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Tail } from '../../../src/core/streams/tail.ts'

const event = (number: number, length: number) => ({ number, bytes: new Uint8Array(length).fill(number % 251) })

test('what was not kept is never lost, and what is told follows without a gap', () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('append' as const),
      length: fc.integer({ min: 1, max: 40 }),
      skip: fc.integer({ min: 1, max: 3 }),
    }),
    fc.record({ kind: fc.constant('keep' as const), bytes: fc.integer({ min: 1, max: 120 }) }),
    fc.record({
      kind: fc.constant('read' as const),
      from: fc.double({ min: 0, max: 1, noNaN: true }),
      bytes: fc.integer({ min: 1, max: 90 }),
    }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const tail = new Tail(100)
      const all: ReturnType<typeof event>[] = []
      let kept = 0
      for (const one of steps) {
        if (one.kind === 'append') {
          const made = event((all.at(-1)?.number ?? -1) + one.skip, one.length)
          all.push(made)
          tail.append(made)
        } else if (one.kind === 'keep') {
          const events = tail.unkept(one.bytes)
          expect(events).toEqual(all.slice(kept, kept + events.length))
          expect(events.length > 0 || kept === all.length).toBe(true)
          kept += events.length
          tail.keep(events.length)
        } else {
          const from = Math.floor(one.from * ((all.at(-1)?.number ?? 0) + 2)) - 1
          const later = all.filter(({ number }) => number > from)
          const told = tail.after(from, one.bytes)
          if (later.length === 0) expect(told).toBeNull()
          else if (told === 'lost') expect(all.indexOf(later[0] as (typeof all)[0])).toBeLessThan(kept)
          else {
            const until = later.filter(({ number }) => number <= (told?.last ?? -1))
            expect(until.length).toBeGreaterThan(0)
            expect(told?.bytes).toEqual(Uint8Array.from(until.flatMap(({ bytes }) => [...bytes])))
            expect(until.length === 1 || (told?.bytes.length ?? 0) <= one.bytes).toBe(true)
          }
        }
        expect(tail.unkeptBytes).toBe(all.slice(kept).reduce((sum, { bytes }) => sum + bytes.length, 0))
        expect(tail.last).toBe(kept < all.length ? all.at(-1)?.number : tail.last)
      }
    }),
    { numRuns: 500 },
  )
})

test('it holds no more than it may of what is kept', () => {
  const tail = new Tail(100)
  for (let number = 0; number < 50; number += 1) tail.append(event(number, 10))
  tail.keep(50)
  expect(tail.after(-1, 1000)).toBe('lost')
  expect(tail.after(39, 1000)).toEqual({ bytes: expect.any(Uint8Array), last: 49 })
  expect(tail.after(49, 1000)).toBeNull()
})
