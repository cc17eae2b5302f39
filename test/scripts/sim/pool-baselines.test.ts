/** The others' ways of choosing a replica. */
import { describe, expect, it } from 'vitest'
import { CacheAware, LeastRequest, LeastTokens, RoundRobin } from '../../../scripts/sim/pool-baselines.ts'
import type { PoolArrival, Router } from '../../../scripts/sim/pool-router.ts'
import { arrivalOf } from '../../support/pool-arrivals.ts'

const place = (router: Router, arrival: PoolArrival): number => {
  const [decision] = router.arrived(arrival, 0)
  return decision !== undefined && 'replica' in decision ? decision.replica : -1
}

describe('the others', () => {
  it('round-robin goes around', () => {
    const router = new RoundRobin(2)
    expect(['1', '2', '3'].map((id) => place(router, arrivalOf(id)))).toEqual([0, 1, 0])
    expect([router.wakeAtMs(), router.woken()]).toEqual([null, []])
  })

  it('least-request counts until the end', () => {
    const router = new LeastRequest(2)
    const [one, other] = [arrivalOf('1'), arrivalOf('2')]
    expect([place(router, one), place(router, other)]).toEqual([0, 1])
    router.first(other, 1)
    expect(place(router, arrivalOf('3'))).toBe(0)
    router.ended(other, 1)
    expect(place(router, arrivalOf('4'))).toBe(1)
  })

  it('least-tokens counts until the first token', () => {
    const router = new LeastTokens(2)
    const long = arrivalOf('1', { estimatedTokens: 5000 })
    expect(place(router, long)).toBe(0)
    expect(['2', '3'].map((id) => place(router, arrivalOf(id)))).toEqual([1, 1])
    router.first(long, 0)
    expect(place(router, arrivalOf('4'))).toBe(0)
  })

  it('cache-aware goes to the best match over half, else to the smallest tree, and by requests out of balance', () => {
    const router = new CacheAware(2, 512 * 100)
    expect(place(router, arrivalOf('1', { blocks: [1, 2, 3, 4] }))).toBe(0)
    expect(place(router, arrivalOf('2', { blocks: [1, 2, 3, 9] }))).toBe(0)
    expect(place(router, arrivalOf('3', { blocks: [1, 2, 8, 9] }))).toBe(1)
    for (let count = 0; count < 40; count += 1) place(router, arrivalOf(`${count}`, { blocks: [1, 2, 3, 4] }))
    expect(place(router, arrivalOf('last', { blocks: [1, 2, 3, 4] }))).toBe(1)
  })
})
