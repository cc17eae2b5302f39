/** Choosing without state: alike everywhere, evenly, by load between two, and with least moved when a replica goes. */
import { describe, expect, it } from 'vitest'
import { rendezvous } from '../../../src/core/pool/rendezvous.ts'
import { blocksOf } from '../../support/pool.ts'

const REPLICAS = ['a', 'b', 'c', 'd']
const PROMPTS = Array.from({ length: 400 }, (_, index) => blocksOf(`prompt ${index}`.split('').reverse().join('')))
const idle = (): number => 0
const chosen = (replicas: readonly string[]): (string | undefined)[] =>
  PROMPTS.map((blocks) => rendezvous(blocks, replicas, idle))

describe('rendezvous', () => {
  it('chooses the same for the same beginning, whatever follows', () => {
    const one = rendezvous(blocksOf('long prompt'), REPLICAS, idle)
    expect(rendezvous(blocksOf('long answer'), REPLICAS, idle)).toBe(one)
  })

  it('spreads prompts over all replicas', () => {
    const counts = Map.groupBy(chosen(REPLICAS), (replica) => replica)
    expect(counts.size).toBe(4)
    for (const { length } of counts.values()) expect(length).toBeGreaterThan(60)
  })

  it('moves only what was on the replica that is gone', () => {
    const [before, after] = [chosen(REPLICAS), chosen(['a', 'b', 'd'])]
    before.forEach((replica, index) => {
      if (replica !== 'c') expect(after[index]).toBe(replica)
    })
  })

  it('takes the one of the best two that has less to do', () => {
    const [blocks = blocksOf('')] = PROMPTS
    const best = rendezvous(blocks, REPLICAS, idle) ?? ''
    const second = rendezvous(blocks, REPLICAS, (replica) => (replica === best ? 1 : 0)) ?? ''
    expect(second).not.toBe(best)
    const third = (replica: string): number => (replica === best || replica === second ? 9 : 0)
    expect(rendezvous(blocks, REPLICAS, third)).toBe(best)
  })

  it('sends what is too short to have a home where there is least to do', () => {
    expect(rendezvous(new Float64Array(1), REPLICAS, (replica) => (replica === 'c' ? 0 : 1))).toBe('c')
    expect(rendezvous(new Float64Array(0), [], idle)).toBeUndefined()
  })
})
