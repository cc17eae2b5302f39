/** S3-FIFO by bytes and weight: who leaves, by example; the bound, always. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { S3Fifo } from '../../../src/core/recall/s3-fifo.ts'

const full = (count: number, bytes = 10, saved = 10): S3Fifo => {
  const cache = new S3Fifo(count * bytes)
  for (let index = 0; index < count; index += 1) cache.put(`k${index}`, bytes, saved)
  return cache
}

describe('S3Fifo', () => {
  it('keeps what fits, and counts it', () => {
    const cache = full(3)
    expect([cache.size, cache.bytes, [...cache.keys()]]).toEqual([3, 30, ['k0', 'k1', 'k2']])
    expect([cache.delete('k1'), cache.delete('k1')]).toEqual([true, false])
    expect([cache.size, cache.bytes, cache.has('k1'), cache.has('k2')]).toEqual([2, 20, false, true])
  })

  it('lets the oldest of the small queue go first; what was hit twice moves to the main one', () => {
    const cache = full(10)
    cache.hit('k0')
    cache.hit('k1', 2)
    expect(cache.standing('k1')).toEqual({ queue: 'small', hits: 2 })
    expect(cache.put('new', 10, 10)).toEqual({ kept: true, evicted: ['k0'], moved: [] })
    expect(cache.put('newer', 10, 10)).toEqual({ kept: true, evicted: ['k2'], moved: ['k1'] })
    expect(cache.standing('k1')).toEqual({ queue: 'main', hits: 0 })
  })

  it('takes a key that comes again soon to the main queue', () => {
    const cache = full(10)
    cache.put('new', 10, 10)
    cache.put('k0', 10, 10)
    expect(cache.standing('k0')).toEqual({ queue: 'main', hits: 0 })
    for (let index = 0; index < 30; index += 1) cache.put(`other${index}`, 10, 10)
    cache.put('new', 10, 10)
    expect(cache.standing('new')?.queue).toBe('small')
  })

  it('is not flushed by a scan', () => {
    const cache = full(10)
    for (let index = 0; index < 5; index += 1) cache.hit(`k${index}`, 3)
    for (let index = 0; index < 1000; index += 1) cache.put(`scan${index}`, 10, 10)
    expect([...cache.keys()].filter((key) => key.startsWith('k'))).toEqual(['k0', 'k1', 'k2', 'k3', 'k4'])
  })

  it('gives what saves more per byte more second chances for a hit, and what saves less fewer', () => {
    const cache = new S3Fifo(300)
    for (const [kind, saved] of [
      ['dear', 19],
      ['plain', 10],
      ['cheap', 1],
    ] as const)
      for (let index = 0; index < 10; index += 1)
        cache.restore(`${kind}${index}`, 10, saved, { queue: 'main', hits: 2 })
    const left: string[] = []
    for (let index = 0; left.length < 30; index += 1) {
      left.push(...cache.put(`new${index}`, 10, 10).evicted.filter((key) => !key.startsWith('new')))
      cache.hit(`new${index}`, 3)
    }
    const kinds = left.map((key) => key.replace(/\d+$/, ''))
    expect(kinds.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 'cheap'))
    expect(kinds.indexOf('plain')).toBeLessThan(kinds.indexOf('dear'))
    expect(kinds.lastIndexOf('plain')).toBeLessThan(kinds.lastIndexOf('dear'))
  })

  it('does not let one large cheap value push out many dear ones, until it comes again or is waited for', () => {
    const cache = full(10, 10, 100)
    const before = [...cache.keys()]
    expect(cache.put('huge', 50, 10)).toEqual({ kept: false, evicted: [], moved: [] })
    expect([...cache.keys()]).toEqual(before)
    expect([cache.bytes, cache.has('huge')]).toEqual([100, false])
    // Those who stay are as near to the end as before.
    expect(cache.put('next', 10, 100).evicted).toEqual(['k0'])
    expect(cache.put('huge', 50, 10)).toMatchObject({ kept: true, evicted: ['k1', 'k2', 'k3', 'k4', 'k5'] })
    expect(full(10, 10, 100).put('huge', 50, 10, true)).toMatchObject({ kept: true })
  })

  it('keeps nothing that is larger than the whole', () => {
    const cache = full(2)
    expect(cache.put('huge', 21, 1000)).toEqual({ kept: false, evicted: [], moved: [] })
    expect(cache.put('k0', 21, 1000)).toMatchObject({ kept: false })
    expect([...cache.keys()]).toEqual(['k1'])
  })

  it('has one value of a key, whose place and hits outlive it', () => {
    const cache = full(3)
    cache.hit('k0', 2)
    cache.put('k0', 5, 10)
    expect([cache.size, cache.bytes, cache.standing('k0')]).toEqual([3, 25, { queue: 'small', hits: 2 }])
    cache.restore('old', 5, 10, { queue: 'main', hits: 2 })
    cache.put('old', 4, 10)
    expect(cache.standing('old')).toEqual({ queue: 'main', hits: 2 })
  })

  it('never holds more than its bound, and tells of everybody who left', () => {
    const step = fc.record({
      key: fc.integer({ min: 0, max: 30 }).map(String),
      bytes: fc.integer({ min: 1, max: 60 }),
      saved: fc.integer({ min: 1, max: 1000 }),
      what: fc.constantFrom('put', 'put', 'hit', 'delete'),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const cache = new S3Fifo(200)
        const held = new Map<string, number>()
        for (const { key, bytes, saved, what } of steps) {
          if (what === 'hit') cache.hit(key)
          else if (what === 'delete') expect(cache.delete(key)).toBe(held.delete(key))
          else {
            const { kept, evicted, moved } = cache.put(key, bytes, saved)
            held.delete(key)
            for (const one of evicted) expect(held.delete(one)).toBe(true)
            if (kept) held.set(key, bytes)
            for (const one of moved) expect(cache.standing(one)?.queue ?? 'main').toBe('main')
          }
          expect(new Set(cache.keys())).toEqual(new Set(held.keys()))
          expect(cache.bytes).toBe([...held.values()].reduce((sum, size) => sum + size, 0))
          expect(cache.bytes).toBeLessThanOrEqual(200)
        }
      }),
    )
  })
})
