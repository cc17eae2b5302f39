/** What a replay measures: the worst closed window, the mean use, and who was let in. */
import { describe, expect, it } from 'vitest'
import type { Policy } from '../../../scripts/sim/policies.ts'
import { meanWithin, mostWithin, replay } from '../../../scripts/sim/replay.ts'
import type { SimulatedRequest } from '../../../scripts/sim/workload.ts'

describe('the worst window', () => {
  it('is closed: what is exactly its length apart is in it', () => {
    const grants = [
      { atMs: 0, tokens: 1 },
      { atMs: 60_000, tokens: 2 },
      { atMs: 60_001, tokens: 4 },
    ]
    expect(mostWithin(grants, 60_000)).toBe(6)
    expect(mostWithin(grants.slice(0, 2), 60_000)).toBe(3)
    expect(mostWithin([], 60_000)).toBe(0)
  })
})

describe('mean use', () => {
  it('is what the last window held, over all moments that have a whole one before them', () => {
    expect(meanWithin([{ atMs: 0, tokens: 10 }], 100, 200)).toBe(0)
    expect(meanWithin([{ atMs: 50, tokens: 10 }], 100, 200)).toBe(5)
    expect(meanWithin([{ atMs: 100, tokens: 10 }], 100, 200)).toBe(10)
    expect(meanWithin([{ atMs: 150, tokens: 10 }], 100, 200)).toBe(5)
  })

  it('of less than a window is none', () => {
    expect(meanWithin([{ atMs: 0, tokens: 10 }], 100, 100)).toBe(0)
  })
})

it('tells a policy of every end before the next request, in order', () => {
  const told: string[] = []
  const policy: Policy = {
    name: 'every other',
    admit: ({ id }, nowMs) => {
      told.push(`${nowMs} asks ${id}`)
      return Number(id) % 2 === 0
    },
    end: ({ id }, nowMs) => void told.push(`${nowMs} ends ${id}`),
  }
  const requests = [300, 10, 50, 0, 10].map(
    (durationMs, index): SimulatedRequest => ({
      id: String(index),
      atMs: 100 * index,
      promptTokens: 5,
      outputTokens: 5,
      size: { bytes: 20, chars: 20 },
      outputTokensMax: 5,
      durationMs,
    }),
  )
  const outcome = replay(policy, requests, { amount: 100, perMs: 200 })
  expect(told).toEqual(['0 asks 0', '100 asks 1', '200 asks 2', '250 ends 2', '300 ends 0', '300 asks 3', '400 asks 4'])
  expect(outcome).toEqual({ policy: 'every other', admitted: 3, refused: 2, worst: 0.2, use: 0.1 })
})
