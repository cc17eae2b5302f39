/** What headers say is left once a request's usage is known: the reservation replaced by what was used. */
import { expect, it } from 'vitest'
import { stateAfter } from '../../../src/core/ledger/left.ts'
import type { Counter, LimitState } from '../../../src/core/ledger/types.ts'

const counter = (of: Counter['of'], amount: number): Counter => ({
  id: of,
  limit: of,
  of,
  window: { kind: 'sliding', perMs: 60_000 },
  amount,
  hard: of === 'usd',
  scope: 'tenant',
  subject: null,
})
const USAGE = {
  inputTokens: 20,
  cachedInputTokens: 5,
  cacheWriteTokens: 0,
  outputTokens: 10,
  reasoningTokens: 4,
  source: 'provider',
} as const
const STATE: LimitState = {
  counters: [counter('requests', 10), counter('tokens', 1000), counter('usd', 500)],
  levels: [
    { remaining: 9, resetMs: 1000 },
    { remaining: 700, resetMs: 1000 },
    { remaining: 100, resetMs: 1000 },
  ],
  units: [1, 300, 400],
}

const remaining = (state: LimitState): number[] => state.levels.map((level) => level.remaining)

it('gives back what was reserved and not used, of tokens and of money', () => {
  expect(remaining(stateAfter(STATE, USAGE, 60))).toEqual([9, 965, 440])
})

it('goes below the reservation where more was used, never below nothing', () => {
  expect(remaining(stateAfter(STATE, { ...USAGE, outputTokens: 475 }, 460))).toEqual([9, 500, 40])
  expect(remaining(stateAfter(STATE, { ...USAGE, outputTokens: 5000 }, 900))).toEqual([9, 0, 0])
})

it('counts nothing where nothing was used, and changes nothing where nothing was reserved', () => {
  expect(remaining(stateAfter(STATE, null, null))).toEqual([9, 1000, 500])
  const { units: _, ...refused } = STATE
  expect(stateAfter(refused, null, null)).toBe(refused)
})
