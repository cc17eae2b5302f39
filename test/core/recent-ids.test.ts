/** The bounded memory of ids. */
import { expect, it } from 'vitest'
import { RecentIds } from '../../src/core/recent-ids.ts'

it('remembers at least its bound, at most twice that', () => {
  const recent = new RecentIds(3, 0)
  for (let index = 0; index < 10; index++) {
    recent.add(`r${index}`, index)
    for (let back = 0; back < 3; back++) expect(recent.has(`r${Math.max(0, index - back)}`)).toBe(true)
  }
  const known = Array.from({ length: 10 }, (_, index) => recent.has(`r${index}`)).filter(Boolean)
  expect(known.length).toBeLessThanOrEqual(6)
})

it('knows from when on it has forgotten nothing', () => {
  const recent = new RecentIds(2, 100)
  // The second began last of the generation that will be forgotten.
  for (const [id, atMs] of [
    ['a', 110],
    ['b', 190],
    ['c', 130],
    ['d', 140],
  ] as const) {
    recent.add(id, atMs)
  }
  expect(recent.completeFromMs).toBe(100)
  recent.add('e', 150)
  expect(recent.completeFromMs).toBe(191)
  expect([recent.has('b'), recent.has('c')]).toEqual([false, true])
})

it('is complete from the beginning where it began with nothing', () => {
  const recent = new RecentIds(2, Number.NEGATIVE_INFINITY)
  recent.add('a', 1)
  expect(recent.completeFromMs).toBe(Number.NEGATIVE_INFINITY)
})
