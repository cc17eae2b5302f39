/** Leases: renewed they stay, unrenewed they lapse, and what they hold is bounded. */
import { describe, expect, it } from 'vitest'
import { Leases } from '../../../src/core/pool/leases.ts'
import { POOL_LEASE_MS, POOL_LEASED_BLOCKS_MAX } from '../../../src/core/pool/limits.ts'
import { leaseOf } from '../../support/pool.ts'

const ids = (leases: readonly { readonly id: string }[]): string[] => leases.map(({ id }) => id)

describe('leases', () => {
  it('lapse in the order in which they were last heard of', () => {
    const leases = new Leases()
    expect(leases.nextLapseMs()).toBe(Number.POSITIVE_INFINITY)
    leases.add(leaseOf('1'), 0)
    leases.add(leaseOf('2'), 10)
    expect(leases.renew('1', 20)).toBe(true)
    expect(leases.renew('3', 20)).toBe(false)
    expect(leases.nextLapseMs()).toBe(10 + POOL_LEASE_MS)
    expect(ids(leases.lapsed(9 + POOL_LEASE_MS))).toEqual([])
    expect(ids(leases.lapsed(20 + POOL_LEASE_MS))).toEqual(['2', '1'])
  })

  it('are found by replica, and gone when removed', () => {
    const leases = new Leases()
    leases.add(leaseOf('1', { replica: 'a' }), 0)
    leases.add(leaseOf('2', { replica: 'b' }), 0)
    expect(ids(leases.at('b'))).toEqual(['2'])
    expect(leases.remove('2')?.id).toBe('2')
    expect([leases.remove('2'), leases.get('2'), leases.size]).toEqual([undefined, undefined, 1])
  })

  it('hold so many blocks in all, and have room again when one ends', () => {
    const leases = new Leases()
    const many = new Float64Array(POOL_LEASED_BLOCKS_MAX)
    leases.add(leaseOf('1', { blocks: leases.blocksFor(many) }), 0)
    expect(leases.blocksFor(new Float64Array(1))).toHaveLength(0)
    leases.remove('1')
    expect(leases.blocksFor(new Float64Array(1))).toHaveLength(1)
  })
})
