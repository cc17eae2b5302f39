/** The index of a replica's memory: what is there, what is thrown out, and that no block is ever without the one before it. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PrefixIndex } from '../../../src/core/pool/prefix-index.ts'
import { blocksOf } from '../../support/pool.ts'

/** The same, written to be right: chains of hashes in order of use, the newest last. */
class Naive {
  readonly #capacity: number
  #held: { hash: number; before: number }[] = []

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  matched(blocks: Float64Array): number {
    const held = new Set(this.#held.map(({ hash }) => hash))
    const missing = blocks.findIndex((hash) => !held.has(hash))
    return missing === -1 ? blocks.length : missing
  }

  use(blocks: Float64Array): void {
    const used = [...blocks].slice(0, this.#capacity)
    const chain = used.map((hash, depth) => ({ hash, before: used[depth - 1] ?? 0 })).reverse()
    this.#held = [...this.#held.filter(({ hash }) => !used.includes(hash)), ...chain].slice(-this.#capacity)
  }

  forget(blocks: Float64Array, fromDepth: number): void {
    const gone = new Set([blocks[fromDepth] ?? 0])
    for (let count = -1; count !== gone.size; ) {
      count = gone.size
      for (const { hash, before } of this.#held) if (gone.has(before)) gone.add(hash)
    }
    this.#held = this.#held.filter(({ hash }) => !gone.has(hash))
  }

  get size(): number {
    return this.#held.length
  }
}

describe('an index', () => {
  it('does what a naive one does, whatever is used and forgotten', () => {
    const prompt = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 })
    const step = fc.record({ prompt, forgets: fc.option(fc.nat({ max: 11 }), { freq: 6 }) })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.array(step, { maxLength: 40 }), (capacity, steps) => {
        const [index, naive] = [new PrefixIndex(capacity), new Naive(capacity)]
        for (const { prompt: text, forgets } of steps) {
          const blocks = blocksOf(text)
          expect(index.matched(blocks)).toBe(naive.matched(blocks))
          if (forgets === null) {
            index.use(blocks)
            naive.use(blocks)
          } else if (forgets < blocks.length) {
            index.forget(blocks, forgets)
            naive.forget(blocks, forgets)
          }
          expect(index.matched(blocks)).toBe(naive.matched(blocks))
          expect(index.size).toBe(naive.size)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('throws out the deepest blocks of what was used longest ago', () => {
    const index = new PrefixIndex(6)
    index.use(blocksOf('abc'))
    index.use(blocksOf('xyz'))
    index.use(blocksOf('m'))
    expect(index.matched(blocksOf('abc'))).toBe(2)
    expect(index.matched(blocksOf('xyz'))).toBe(3)
  })

  it('holds the beginning of a prompt that is longer than itself', () => {
    const index = new PrefixIndex(4)
    index.use(blocksOf('a long prompt'))
    expect(index.matched(blocksOf('a long prompt'))).toBe(4)
    expect(index.size).toBe(4)
  })

  it('forgets with a block all that is built upon it, and can be emptied', () => {
    const index = new PrefixIndex(20)
    index.use(blocksOf('abcd'))
    index.use(blocksOf('abce'))
    index.use(blocksOf('abx'))
    index.forget(blocksOf('abcd'), 2)
    expect(['abcd', 'abce', 'abx'].map((text) => index.matched(blocksOf(text)))).toEqual([2, 2, 3])
    index.clear()
    expect(index.size).toBe(0)
    expect(index.matched(blocksOf('abx'))).toBe(0)
  })
})
