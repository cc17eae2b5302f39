/** Every window gets the count that keeps it. */
import { expect, it } from 'vitest'
import { countOf, type TimedWindow } from '../../../src/core/ledger/counts.ts'

const START_MS = Date.parse('2026-11-20T12:00:00Z')

it.each<[TimedWindow, 'settled' | 'state', number]>([
  [{ kind: 'sliding', perMs: 60_000 }, 'settled', START_MS + 60_501],
  [{ kind: 'paced', perMs: 60_000, burst: 2 }, 'state', START_MS + 30_000],
  [{ kind: 'calendar', per: 'day', timeZone: 'Asia/Tokyo' }, 'settled', Date.parse('2026-11-20T15:00:00Z')],
])('%j', (window, stores, freeMs) => {
  const count = countOf(window, [])
  expect(count.stores).toBe(stores)
  expect(count.freeAt(2, START_MS, 2)).toBe(START_MS)
  count.charge(2, START_MS, 2)
  expect(count.freeAt(1, START_MS, 2)).toBe(freeMs)
  const { entry, untilMs } = count.row(2, START_MS, 2)
  expect(untilMs).toBeGreaterThanOrEqual(freeMs)
  expect(countOf(window, [entry]).freeAt(1, START_MS, 2)).toBe(freeMs)
  expect(count.clone().freeAt(1, START_MS, 2)).toBe(freeMs)
})
