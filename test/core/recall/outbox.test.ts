/** News on its way to caches: gathered by tenant, bounded, and never waiting for somebody who is gone. */
import { expect, it } from 'vitest'
import { CACHE_FLUSH_MS, CACHE_HITS_FLUSH_MS } from '../../../src/core/recall/limits.ts'
import { Outbox } from '../../../src/core/recall/outbox.ts'

const acme = { id: 'acme', generation: 'g1' }
const other = { id: 'other', generation: 'g1' }
const seal = async () => null

it('gathers answers and counts hits by key and kind, each tenant by itself', () => {
  const outbox = new Outbox()
  outbox.add(acme, seal, 10, 0)
  for (let hit = 0; hit < 3; hit += 1) outbox.hit(acme, 'k1', 'hit', 0)
  outbox.hit(acme, 'k1', 'semantic', 0)
  outbox.hit(other, 'k1', 'hit', 0)
  expect(outbox.take(acme)).toEqual({
    sealings: [seal],
    hits: [
      { key: 'k1', as: 'hit', count: 3 },
      { key: 'k1', as: 'semantic', count: 1 },
    ],
  })
  expect(outbox.take(acme)).toBeNull()
  expect(outbox.take(other)?.hits).toEqual([{ key: 'k1', as: 'hit', count: 1 }])
})

it('is flushed by one at a time, and by the next once that one must be gone', () => {
  const outbox = new Outbox()
  expect(outbox.hit(acme, 'k1', 'hit', 0)).toBe(true)
  expect(outbox.hit(acme, 'k1', 'hit', CACHE_FLUSH_MS)).toBe(false)
  expect(outbox.orphans(CACHE_FLUSH_MS)).toEqual([])
  expect(outbox.orphans(2 * CACHE_FLUSH_MS)).toEqual([acme])
  expect(outbox.add(acme, seal, 1, 2 * CACHE_FLUSH_MS)).toBe(true)
})

it('may wait for more while there are counts alone, and not for long', () => {
  const outbox = new Outbox()
  expect(outbox.mayWait(acme, 0)).toBe(false)
  outbox.hit(acme, 'k1', 'hit', 0)
  const last = CACHE_HITS_FLUSH_MS - CACHE_FLUSH_MS
  expect([CACHE_FLUSH_MS, last, last + 1].map((nowMs) => outbox.mayWait(acme, nowMs))).toEqual([true, true, false])
  expect(outbox.hit(acme, 'k1', 'hit', last + CACHE_FLUSH_MS), 'whoever waits is still expected').toBe(false)
  expect(outbox.hit(acme, 'k1', 'hit', last + 2 * CACHE_FLUSH_MS)).toBe(true)
  outbox.hit(other, 'k1', 'hit', 0)
  outbox.add(other, seal, 1, 10)
  expect(outbox.mayWait(other, CACHE_FLUSH_MS)).toBe(false)
})

it('drops what does not fit, says so, and has room again once it was taken', () => {
  const outbox = new Outbox(300)
  outbox.add(acme, seal, 250, 0)
  outbox.add(acme, seal, 100, 0)
  outbox.hit(acme, 'k1', 'hit', 0)
  expect(outbox.dropped).toBe(2)
  expect(outbox.take(acme)).toEqual({ sealings: [seal], hits: [] })
  outbox.add(acme, seal, 300, 0)
  expect(outbox.dropped).toBe(2)
})
