/** The engine of the simulation: in order, less what is cached, and with a memory that forgets. */
import { describe, expect, it } from 'vitest'
import { Engine } from '../../../scripts/sim/pool-engine.ts'

const OPTIONS = { prefillTokensPerSecond: 1000, baseMs: 10, decodeMs: 20, kvTokens: 4 * 512 }
const prompt = (blocks: readonly number[], outputTokens = 1) => ({
  promptTokens: 512 * blocks.length,
  outputTokens,
  blocks,
})

describe('an engine', () => {
  it('computes one prompt after the other, and answers at a steady pace', () => {
    const engine = new Engine(OPTIONS)
    expect(engine.run(prompt([1], 3), 0)).toEqual({ firstMs: 522, endMs: 582, cachedTokens: 0, busyMs: 522 })
    expect(engine.run(prompt([2]), 100).firstMs).toBe(1044)
    expect(engine.run(prompt([3]), 5000).firstMs).toBe(5522)
  })

  it('does not compute again what begins alike, but for one token', () => {
    const engine = new Engine(OPTIONS)
    engine.run(prompt([1, 2]), 0)
    expect(engine.run(prompt([1, 2, 3]), 9000).cachedTokens).toBe(1024)
    expect(engine.run(prompt([1, 2, 3]), 9000).cachedTokens).toBe(1535)
    expect(engine.run(prompt([4, 2, 3]), 9000).cachedTokens).toBe(0)
  })

  it('forgets what was used longest ago, the deepest block first', () => {
    const engine = new Engine(OPTIONS)
    engine.run(prompt([1, 2]), 0)
    engine.run(prompt([3, 4, 5]), 0)
    expect(engine.run(prompt([1, 2]), 0).cachedTokens).toBe(512)
  })
})
