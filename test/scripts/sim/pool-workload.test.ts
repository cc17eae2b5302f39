/** Loads made of a trace: faster, dealt out to tenants, laid over itself, flooded. */
import { describe, expect, it } from 'vitest'
import { seeded } from '../../../scripts/mutants/pick.ts'
import { FLOODER, type PoolLoad, poolArrivals } from '../../../scripts/sim/pool-workload.ts'
import { arrivalOf } from '../../support/pool-arrivals.ts'

const TRACE = Array.from({ length: 100 }, (_, index) =>
  arrivalOf('', { atMs: 100 * index, blocks: [0, 1 + (index % 25)] }),
)
const LOAD: PoolLoad = { speedup: 1, tenants: 1, flood: 1, copies: 1, batch: 0 }
const made = (load: Partial<PoolLoad> = {}) => poolArrivals(TRACE, { ...LOAD, ...load }, seeded(1))

describe('a load', () => {
  it('is the trace, faster, with estimates that are off by a little', () => {
    const arrivals = made({ speedup: 4 })
    expect(arrivals.map(({ atMs }) => atMs)).toEqual(TRACE.map(({ atMs }) => atMs / 4))
    expect(new Set(arrivals.map(({ id }) => id)).size).toBe(100)
    for (const { estimatedTokens } of arrivals) expect(Math.abs(estimatedTokens / 512 - 1)).toBeLessThan(0.5)
    expect(made()).toEqual(made())
  })

  it('deals conversations out to tenants who share no block', () => {
    const byTenant = Map.groupBy(made({ tenants: 4 }), ({ tenant }) => tenant)
    expect(byTenant.size).toBe(4)
    const blocks = [...byTenant.values()].map((all) => new Set(all.flatMap((one) => one.blocks)))
    expect(blocks.reduce((sum, { size }) => sum + size, 0)).toBe(new Set(blocks.flatMap((set) => [...set])).size)
  })

  it('floods with one of them', () => {
    const count = (flood: number): number =>
      made({ tenants: 4, flood }).filter(({ tenant }) => tenant === FLOODER).length
    expect(count(10)).toBe(10 * count(1))
  })

  it('is laid over itself, each copy with blocks of its own', () => {
    const arrivals = made({ copies: 3 })
    expect(arrivals).toHaveLength(300)
    expect(new Set(arrivals.flatMap(({ blocks }) => blocks)).size).toBe(3 * 26)
    expect(arrivals.every(({ atMs }, index) => atMs >= (arrivals[index - 1]?.atMs ?? 0))).toBe(true)
  })

  it('has whole conversations of priority batch', () => {
    const batch = made({ batch: 0.5 }).filter(({ priority }) => priority === 'batch')
    expect(batch.length).toBeGreaterThan(20)
    expect(batch.length).toBeLessThan(80)
    expect(batch.length % 4).toBe(0)
  })
})
