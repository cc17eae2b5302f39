/** How each policy decides: afterwards, by an estimate, or by the worst case. */
import { describe, expect, it } from 'vitest'
import { ledgerPolicy, postCharging } from '../../../scripts/sim/policies.ts'
import type { SimulatedRequest } from '../../../scripts/sim/workload.ts'

const limit = { amount: 3000, perMs: 60_000 }
const request = (id: number, changes: Partial<SimulatedRequest> = {}): SimulatedRequest => ({
  id: String(id),
  atMs: 0,
  promptTokens: 100,
  outputTokens: 100,
  size: { bytes: 400, chars: 400 },
  outputTokensMax: 1000,
  durationMs: 2000,
  ...changes,
})

describe('charging afterwards', () => {
  it('lets everything in until something has ended', () => {
    const policy = postCharging(limit)
    for (let id = 0; id < 100; id += 1) expect(policy.admit(request(id), 0)).toBe(true)
    for (let id = 0; id < 15; id += 1) policy.end(request(id), 1000)
    expect(policy.admit(request(100), 1000)).toBe(false)
    expect(policy.admit(request(101), 62_000)).toBe(true)
  })
})

describe('an estimated limit', () => {
  it('lets in what it expects to fit, and more when less was used', () => {
    const policy = ledgerPolicy(limit, false)
    // 100 and 1.3 × 256 each.
    const admitted = Array.from({ length: 10 }, (_, id) => policy.admit(request(id), 0))
    expect(admitted.filter(Boolean)).toHaveLength(6)
    for (let id = 0; id < 6; id += 1) policy.end(request(id), 2000)
    expect(policy.admit(request(20), 2000)).toBe(true)
  })
})

describe('a hard limit', () => {
  it('lets in what fits in any case', () => {
    const policy = ledgerPolicy(limit, true)
    const admitted = Array.from({ length: 5 }, (_, id) => policy.admit(request(id), 0))
    expect(admitted).toEqual([true, true, false, false, false])
    policy.end(request(0), 2000)
    expect(policy.admit(request(20), 2000)).toBe(true)
  })

  it('of a busy isolate is asked through slices, which are charged like everything else', () => {
    const amount = 100_000
    const policy = ledgerPolicy({ amount, perMs: 60_000 }, true)
    let [tokens, count] = [0, 0]
    for (let nowMs = 0; nowMs < 3000; nowMs += 1) {
      const one = request(nowMs, { outputTokensMax: 100 })
      if (!policy.admit(one, nowMs)) continue
      policy.end(one, nowMs)
      tokens += 200
      count += 1
    }
    expect(tokens).toBeLessThanOrEqual(amount)
    expect(count).toBeGreaterThan(480)
  })
})
