/** Policies side by side: what each hits, and what is added up. */
import { expect, it } from 'vitest'
import { outcomesOf, policies } from '../../../scripts/sim/cache-policies.ts'

const lookUps = (keys: string) => [...keys].map((key) => ({ key, bytes: 1, saved: key === 'a' ? 10 : 1 }))
const hitsOf = (keys: string, bytes: number) =>
  Object.fromEntries(outcomesOf(lookUps(keys), policies(bytes)).map(({ policy, hits }) => [policy, hits]))

it('all hit what fits', () => {
  expect(hitsOf('abcabc', 3)).toEqual({ 'S3-FIFO': 3, SIEVE: 3, LRU: 3 })
})

it('LRU keeps what was asked for last', () => {
  expect(hitsOf('abacab', 2)).toMatchObject({ LRU: 2 })
  expect(hitsOf('aabcda', 3)).toMatchObject({ LRU: 1, SIEVE: 2 })
})

it('all are told of the same look-ups, and of what they saved', () => {
  for (const outcome of outcomesOf(lookUps('aab'), policies(3))) {
    expect(outcome).toMatchObject({ lookUps: 3, hits: 1, saved: 10, savable: 21 })
  }
})
