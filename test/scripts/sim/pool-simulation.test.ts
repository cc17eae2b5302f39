/** The simulation itself: what reaches whom when, on a pool whose fate can be told by hand. */
import { describe, expect, it } from 'vitest'
import { RoundRobin } from '../../../scripts/sim/pool-baselines.ts'
import type { Decision, Router } from '../../../scripts/sim/pool-router.ts'
import { simulatePool } from '../../../scripts/sim/pool-simulation.ts'
import { arrivalOf } from '../../support/pool-arrivals.ts'

const SCENARIO = {
  replicas: 1,
  rttMs: 10,
  engine: { prefillTokensPerSecond: 1000, baseMs: 0, decodeMs: 1, kvTokens: 51_200 },
}
const ARRIVALS = [arrivalOf('1'), arrivalOf('2', { atMs: 100, blocks: [1] })]

/** Binds the first at once, the others when it is woken. */
class Late implements Router {
  readonly name = 'late'
  readonly told: string[] = []
  #waiting: string[] = []

  arrived({ id }: { readonly id: string }, nowMs: number): readonly Decision[] {
    this.told.push(`${nowMs} arrived ${id}`)
    if (id === '1') return [{ id, replica: 0 }]
    this.#waiting.push(id)
    return []
  }

  first({ id }: { readonly id: string }, replica: number, nowMs: number): readonly Decision[] {
    this.told.push(`${nowMs} first ${id} at ${replica}`)
    return []
  }

  ended({ id }: { readonly id: string }, _: number, cachedTokens: number, nowMs: number): readonly Decision[] {
    this.told.push(`${nowMs} ended ${id}, cached ${cachedTokens}`)
    return []
  }

  wakeAtMs(nowMs: number): number | null {
    return this.#waiting.length === 0 ? null : Math.max(nowMs, 300)
  }

  woken(nowMs: number): readonly Decision[] {
    if (nowMs < 300) return []
    const waiting = this.#waiting
    this.#waiting = []
    return waiting.map((id) => ({ id, replica: 0 }))
  }
}

describe('the simulation', () => {
  it('lets half of a round trip pass each way, and wakes who wants to be', () => {
    const router = new Late()
    const fates = simulatePool(router, ARRIVALS, SCENARIO)
    expect(router.told).toEqual([
      '0 arrived 1',
      '100 arrived 2',
      '522 first 1 at 0',
      '523 first 2 at 0',
      '532 ended 1, cached 0',
      '533 ended 2, cached 511',
    ])
    expect(fates.map(({ firstMs, cachedTokens }) => [firstMs, cachedTokens])).toEqual([
      [522, 0],
      [423, 511],
    ])
  })

  it('is the same each time', () => {
    const run = () => simulatePool(new RoundRobin(1), ARRIVALS, SCENARIO)
    expect(run()).toEqual(run())
  })

  it('lets nobody be decided about twice, sent nowhere, or forgotten', () => {
    const broken = (decisions: readonly Decision[]): Router => ({
      name: 'broken',
      arrived: () => decisions,
      first: () => [],
      ended: () => [],
      wakeAtMs: () => null,
      woken: () => [],
    })
    const one = ARRIVALS.slice(0, 1)
    const twice = { id: '1', replica: 0 }
    expect(() => simulatePool(broken([twice, twice]), one, SCENARIO)).toThrow(/twice/)
    expect(() => simulatePool(broken([{ id: '1', replica: 9 }]), one, SCENARIO)).toThrow(/no replica/)
    expect(() => simulatePool(broken([]), one, SCENARIO)).toThrow(/forgotten 1/)
    const refused = simulatePool(broken([{ id: '1', refused: 'full', retryAfterMs: 5 }]), one, SCENARIO)
    expect(refused).toMatchObject([{ firstMs: null, refused: { why: 'full', afterMs: 0, retryAfterMs: 5 } }])
  })
})
