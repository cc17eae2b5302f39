/** What an isolate believes of a shard, for how long, and when it asks. */
import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { Digest } from '../../../src/core/recall/digest.ts'
import { KnownShard, UNKNOWN } from '../../../src/core/recall/known-shard.ts'
import {
  CACHE_ABSENT_MS,
  CACHE_ABSENT_REFRESH_MS,
  CACHE_DIGEST_ADDED_MAX,
  CACHE_DIGEST_MS,
  CACHE_MARK_FRESH_MS,
  CACHE_MARK_REFRESH_MS,
} from '../../../src/core/recall/limits.ts'

const keyOf = (seed: string): string => createHash('sha256').update(seed).digest('base64url')
const [held, absent] = [keyOf('held'), keyOf('absent')]
const NOW_MS = 1_000_000

let digest: Digest
let shard: KnownShard
let asked: number
const know = (key: string, nowMs: number) =>
  shard.know(key, nowMs, () => {
    asked += 1
  })
const answer = (sentMs: number, mark = '0') => shard.learn({ mark, digest: digest.news(shard.known) }, sentMs)

beforeEach(() => {
  digest = new Digest(() => crypto.randomUUID())
  digest.add(held)
  shard = new KnownShard()
  asked = 0
})

describe('KnownShard', () => {
  it('knows nothing at first', () => {
    expect([know(held, NOW_MS), shard.known, asked]).toEqual([UNKNOWN, null, 0])
  })

  it('believes a no for a short while, a mark for a long one, and asks before either is over', () => {
    answer(NOW_MS)
    expect(know(held, NOW_MS)).toEqual({ mark: '0', mayHold: true })
    expect(know(absent, NOW_MS + CACHE_ABSENT_REFRESH_MS)).toEqual({ mark: '0', mayHold: false })
    expect(asked).toBe(0)
    expect([know(held, NOW_MS + CACHE_ABSENT_REFRESH_MS + 1).mayHold, asked]).toEqual([true, 0])
    expect([know(absent, NOW_MS + CACHE_ABSENT_REFRESH_MS + 1).mayHold, asked]).toEqual([false, 1])
    expect(know(absent, NOW_MS + CACHE_ABSENT_MS).mayHold).toBe(false)
    asked = 0
    // Whoever asks for it now looks it up, and that tells all.
    expect([know(absent, NOW_MS + CACHE_ABSENT_MS + 1), asked]).toEqual([{ mark: '0', mayHold: true }, 0])
    expect([know(held, NOW_MS + CACHE_MARK_REFRESH_MS).mark, asked]).toEqual(['0', 0])
    expect([know(held, NOW_MS + CACHE_MARK_FRESH_MS).mark, asked]).toEqual(['0', 1])
    expect([know(held, NOW_MS + CACHE_MARK_FRESH_MS + 1), asked]).toEqual([UNKNOWN, 1])
  })

  it('asks one at a time, and again when a question was lost with its request', () => {
    answer(NOW_MS)
    const dueMs = NOW_MS + CACHE_MARK_REFRESH_MS + 1
    know(held, dueMs)
    shard.asking(dueMs)
    know(held, dueMs + 2 * CACHE_DIGEST_MS - 1)
    expect(asked).toBe(1)
    know(held, dueMs + 2 * CACHE_DIGEST_MS)
    expect(asked).toBe(2)
    shard.asking(dueMs + 2 * CACHE_DIGEST_MS)
    shard.asked()
    know(held, dueMs + 2 * CACHE_DIGEST_MS)
    expect(asked).toBe(3)
  })

  it('goes by when a question was sent, and drops answers that were overtaken', () => {
    answer(NOW_MS, '1')
    shard.learn({ mark: '0', digest: null }, NOW_MS - 1)
    expect(know(held, NOW_MS).mark).toBe('1')
    answer(NOW_MS + 5, '2')
    expect(know(absent, NOW_MS + 5 + CACHE_ABSENT_MS)).toEqual({ mark: '2', mayHold: false })
  })

  it('is not taken in by news of an epoch that it does not know', () => {
    answer(NOW_MS)
    shard.learn({ mark: '9', digest: { epoch: 'other', seq: 5, added: [absent] } }, NOW_MS + 1)
    expect(know(held, NOW_MS + 1).mark).toBe('0')
  })

  it('denies nothing while its filter cannot be read', () => {
    shard.learn({ mark: '0', digest: { epoch: 'e', seq: 0, filter: 'broken' } }, NOW_MS)
    expect([know(absent, NOW_MS), shard.known]).toEqual([{ mark: '0', mayHold: true }, null])
  })

  it('holds what this isolate has told, also when an older answer comes after', () => {
    const own = keyOf('own')
    shard.told(own)
    answer(NOW_MS)
    expect(know(own, NOW_MS).mayHold).toBe(true)
    digest.rebuild([held], 1)
    answer(NOW_MS + 1)
    expect(know(own, NOW_MS + 1).mayHold).toBe(true)
    // Not for good: it is told so many more.
    for (let index = 0; index < 2 * CACHE_DIGEST_ADDED_MAX; index += 1) shard.told(keyOf(`more ${index}`))
    digest.rebuild([held], 1000)
    answer(NOW_MS + 2)
    expect([know(own, NOW_MS + 2).mayHold, know(keyOf('more 127'), NOW_MS + 2).mayHold]).toEqual([false, true])
  })

  it('answers with the same objects while it says the same', () => {
    answer(NOW_MS)
    const first = know(held, NOW_MS)
    answer(NOW_MS + 1)
    expect(know(held, NOW_MS + 1)).toBe(first)
  })
})
