/** What happens first: by time, then in the order of planning. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { EventQueue } from '../../../scripts/sim/event-queue.ts'

it('gives events in order of time, those of one moment as they were planned', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 60 }), (moments) => {
      const queue = new EventQueue<number>()
      moments.forEach((atMs, index) => {
        queue.add(atMs, index)
      })
      const order: number[] = []
      for (let next = queue.next(); next !== undefined; next = queue.next()) order.push(next.event)
      const expected = moments.map((atMs, index) => ({ atMs, index })).sort((one, other) => one.atMs - other.atMs)
      expect(order).toEqual(expected.map(({ index }) => index))
    }),
  )
})
