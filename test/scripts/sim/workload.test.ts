/** Requests made of a trace: the same for the same seed, in order of time, within what is assumed. */
import { describe, expect, it } from 'vitest'
import { seeded } from '../../../scripts/mutants/pick.ts'
import { ASSUMPTIONS, requestsOf } from '../../../scripts/sim/workload.ts'

const arrivals = Array.from({ length: 200 }, (_, index) => ({
  atMs: 500 * index,
  promptTokens: 100 + index,
  outputTokens: 10 * index,
}))
const requests = (copies: number, seed = 1) => [...requestsOf(arrivals, copies, ASSUMPTIONS, seeded(seed))]

it('are the same for the same seed, and others for another', () => {
  expect(requests(3)).toEqual(requests(3))
  expect(requests(3)).not.toEqual(requests(3, 2))
})

describe('copies', () => {
  it('lie over each other in order of time, each whole, the first as it was and the others up to a minute later', () => {
    const all = requests(5)
    expect(all).toHaveLength(1000)
    expect(new Set(all.map(({ id }) => id)).size).toBe(1000)
    const times = all.map(({ atMs }) => atMs)
    expect(times).toEqual(times.toSorted((one, other) => one - other))
    const last = all.filter(({ promptTokens }) => promptTokens === 299).map(({ atMs }) => atMs - 99_500)
    expect(last).toHaveLength(5)
    expect(last[0]).toBe(0)
    expect(last.every((offsetMs) => offsetMs >= 0 && offsetMs < 60_000)).toBe(true)
  })

  it('of one are the trace itself', () => {
    expect(requests(1).map(({ atMs, promptTokens, outputTokens }) => ({ atMs, promptTokens, outputTokens }))).toEqual(
      arrivals,
    )
  })
})

describe('a request', () => {
  it('takes the time to its first token, for its prompt and for each token of its answer', () => {
    const [first, second] = requests(1)
    expect(first?.durationMs).toBe(200 + 6 + 100)
    expect(second?.durationMs).toBe(200 + 6 + 200 + 100)
  })

  it('has about as many bytes as are assumed, and never fewer than two a token', () => {
    const ratios = requests(5).map(({ size, promptTokens }) => size.bytes / promptTokens)
    const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length
    expect(mean).toBeCloseTo(ASSUMPTIONS.bytesPerToken, 1)
    const wild = { ...ASSUMPTIONS, bytesPerTokenDeviation: 5 }
    for (const { size, promptTokens } of requestsOf(arrivals, 1, wild, seeded(1))) {
      expect(size.bytes).toBeGreaterThanOrEqual(2 * promptTokens)
      expect(size.chars).toBe(size.bytes)
    }
  })

  it('may have the target’s largest output, and its own where that is larger', () => {
    const bounds = requests(1).map(({ outputTokensMax }) => outputTokensMax)
    expect([bounds[0], bounds[100], bounds[150]]).toEqual([1000, 1000, 1500])
  })
})
