/** A shard's digest and what an isolate makes of its news: never a wrong no. */
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Digest } from '../../../src/core/recall/digest.ts'
import { KnownShard } from '../../../src/core/recall/known-shard.ts'
import { CACHE_DIGEST_ADDED_MAX } from '../../../src/core/recall/limits.ts'

const keyOf = (seed: number): string => createHash('sha256').update(`${seed}`).digest('base64url')
const fresh = (): Digest => {
  let epochs = 0
  return new Digest(() => `e${++epochs}`)
}

describe('news', () => {
  it('are the whole for who knows nothing, or another epoch', () => {
    const digest = fresh()
    expect(digest.news(null)).toMatchObject({ epoch: 'e1', seq: 0, filter: expect.any(String) })
    digest.add(keyOf(1))
    expect(digest.news({ epoch: 'e0', seq: 1 })).toMatchObject({ epoch: 'e1', seq: 1, filter: expect.any(String) })
  })

  it('are none for who knows all, and a few keys for who is behind by a few', () => {
    const digest = fresh()
    digest.add(keyOf(1))
    digest.add(keyOf(2))
    digest.add(keyOf(2))
    expect(digest.news({ epoch: 'e1', seq: 2 })).toBeNull()
    expect(digest.news({ epoch: 'e1', seq: 1 })).toEqual({ epoch: 'e1', seq: 2, added: [keyOf(2)] })
    for (let seed = 3; seed < 3 + 3 * CACHE_DIGEST_ADDED_MAX; seed += 1) digest.add(keyOf(seed))
    const { seq } = digest.news(null) ?? expect.fail()
    const news = digest.news({ epoch: 'e1', seq: seq - CACHE_DIGEST_ADDED_MAX })
    expect(news).toMatchObject({ added: { length: CACHE_DIGEST_ADDED_MAX } })
    expect(digest.news({ epoch: 'e1', seq: seq - CACHE_DIGEST_ADDED_MAX - 1 })).toHaveProperty('filter')
    // Of another life of the shard that had come further.
    expect(digest.news({ epoch: 'e1', seq: seq + 1 })).toHaveProperty('filter')
  })

  it('begin anew when it is rebuilt, which it wants when full or when most of it is gone', () => {
    const digest = fresh()
    expect(digest.isWorn).toBe(false)
    const keys = Array.from({ length: 65 }, (_, seed) => keyOf(seed))
    for (const key of keys) digest.add(key)
    expect(digest.isWorn).toBe(true)
    digest.rebuild(keys, keys.length)
    expect([digest.isWorn, digest.news({ epoch: 'e1', seq: 65 })]).toEqual([
      false,
      { epoch: 'e2', seq: 0, filter: expect.any(String) },
    ])
    digest.removed(64)
    expect(digest.isWorn).toBe(false)
    digest.removed(1)
    expect(digest.isWorn).toBe(true)
  })
})

it('never makes an isolate deny a key that the shard holds, in whatever order answers arrive', () => {
  const step = fc.oneof(
    fc.record({ what: fc.constant('add' as const), key: fc.integer({ min: 0, max: 400 }) }),
    fc.record({ what: fc.constant('ask' as const) }),
    fc.record({ what: fc.constant('answer' as const), which: fc.nat({ max: 3 }) }),
    fc.record({ what: fc.constant('rebuild' as const) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const [digest, shard] = [fresh(), new KnownShard()]
      const held = new Set<string>()
      const pending: { news: ReturnType<Digest['news']>; sentMs: number; held: string[] }[] = []
      let newest: string[] = []
      let newestMs = -1
      let nowMs = 0
      for (const one of steps) {
        // Several questions may go out within a millisecond.
        nowMs += one.what === 'ask' && held.size % 2 === 0 ? 0 : 1
        if (one.what === 'add') {
          digest.add(keyOf(one.key))
          held.add(keyOf(one.key))
        } else if (one.what === 'rebuild') digest.rebuild(held, held.size)
        else if (one.what === 'ask') pending.push({ news: digest.news(shard.known), sentMs: nowMs, held: [...held] })
        else {
          const [answer] = pending.splice(one.which % Math.max(1, pending.length), 1)
          if (answer === undefined) continue
          shard.learn({ mark: '0', digest: answer.news }, answer.sentMs)
          if (answer.sentMs > newestMs) [newest, newestMs] = [answer.held, answer.sentMs]
        }
        const mayHold = newest.every((key) => shard.know(key, nowMs, () => {}).mayHold)
        expect(mayHold).toBe(true)
      }
    }),
    { numRuns: 300 },
  )
})
