/** What an isolate knows of pools' objects, each by itself. */
import { expect, it } from 'vitest'
import { POOL_DEADLINE_MIN_MS } from '../../../src/core/pool/line-limits.ts'
import { createPoolLines } from '../../../src/core/pool/lines.ts'
import { manualClock } from '../../support/manual-clock.ts'

it('an object that does not answer says nothing of the others', () => {
  const lines = createPoolLines(manualClock(0))
  lines.breaker('gpu').failed(0)
  expect(lines.breaker('gpu').mayTry(1)).toBe(false)
  expect(lines.breaker('other').mayTry(1)).toBe(true)
  lines.keep(new Set(['other']))
  expect(lines.breaker('gpu').mayTry(1)).toBe(true)
})

it('waits for a near one no longer than it takes, and never less than the least', () => {
  const lines = createPoolLines(manualClock(0))
  for (let calls = 0; calls < 50; calls += 1) lines.answered('gpu', 2)
  expect(lines.trips.deadlineMs('gpu')).toBe(POOL_DEADLINE_MIN_MS)
  for (let calls = 0; calls < 50; calls += 1) lines.answered('far', 200)
  expect(lines.trips.deadlineMs('far')).toBeCloseTo(600)
})

it('forgets the news of pools that are gone', () => {
  const lines = createPoolLines(manualClock(0))
  lines.desk.add('gpu', { kind: 'first', id: '1' })
  lines.keep(new Set())
  expect(lines.desk.take('gpu')).toEqual([])
})
