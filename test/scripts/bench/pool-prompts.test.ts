/** What the pool lane says: as many tokens as it means to, to the replica and to the gateway. */
import { expect, it } from 'vitest'
import { chatOf, gapMs, wordsOf } from '../../../scripts/bench/pool-prompts.ts'
import { randomFrom } from '../../../scripts/bench/recall-body.ts'
import { tokenize } from '../../../scripts/demo/tokens.ts'
import { BYTES_PER_TOKEN } from '../../../src/core/usage.ts'

it('makes words of one token each, as long as a token is taken to be', () => {
  const words = wordsOf(500, randomFrom(1))
  expect(tokenize(words)).toHaveLength(500)
  expect(words.length + 1).toBe(500 * BYTES_PER_TOKEN)
})

it('says the same from the same seed, and something else from another', () => {
  expect(wordsOf(20, randomFrom(1))).toBe(wordsOf(20, randomFrom(1)))
  expect(wordsOf(20, randomFrom(1)).slice(0, 8)).not.toBe(wordsOf(20, randomFrom(2)).slice(0, 8))
})

it('asks for a stream that tells its usage', () => {
  const messages = [{ role: 'user', content: 'abc' }] as const
  const asked = { model: 'm', messages, max_tokens: 8, stream: true, stream_options: { include_usage: true } }
  expect(JSON.parse(chatOf('m', messages, 8))).toEqual(asked)
})

it('spaces arrivals so that their mean rate is the one asked for', () => {
  const random = randomFrom(3)
  const gaps = Array.from({ length: 10_000 }, () => gapMs(20, random))
  const meanMs = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
  expect(meanMs).toBeGreaterThan(47)
  expect(meanMs).toBeLessThan(53)
})
