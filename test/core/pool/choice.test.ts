/** Filter, score, pick: sticky until saturated. */
import { describe, expect, it } from 'vitest'
import { affinityOf, choose, explained, type Option } from '../../../src/core/pool/choice.ts'

const BLOCKS = 10
const optionOf = (id: string, other: Partial<Option<string>> = {}): Option<string> => ({
  replica: id,
  id,
  matched: 0,
  uncachedTokens: 1000,
  waitMs: 0,
  prefillMs: 100,
  requests: 0,
  indexed: 0,
  inflightTokens: 0,
  ...other,
})
const chosen = (options: readonly Option<string>[], home?: string, weight = 1): string | undefined =>
  choose(options, BLOCKS, 2000, weight, home)?.id
const reason = (options: readonly Option<string>[], id: string): string | undefined => {
  const option = options.find((one) => one.id === id)
  return option === undefined ? undefined : explained(option, options, BLOCKS).reason
}

describe('a choice', () => {
  it('stays with the warm replica though another would answer sooner, until that is saturated', () => {
    const warm = (waitMs: number) => [optionOf('warm', { matched: 9, waitMs, prefillMs: 10 }), optionOf('cold')]
    expect([chosen(warm(1900)), reason(warm(1900), 'warm')]).toEqual(['warm', 'warm'])
    expect([chosen(warm(2100)), reason(warm(2100), 'cold')]).toEqual(['cold', 'saturated'])
  })

  it('takes of several warm ones the one whose first content comes soonest', () => {
    const options = [
      optionOf('a', { matched: 8, waitMs: 50 }),
      optionOf('b', { matched: 10, waitMs: 40 }),
      optionOf('c'),
    ]
    expect(chosen(options)).toBe('b')
  })

  it('counts what a replica has where none has enough', () => {
    const options = [
      optionOf('a', { waitMs: 10 }),
      optionOf('b', { matched: 5, prefillMs: 50, waitMs: 40 }),
      optionOf('c', { waitMs: 60 }),
    ]
    expect([chosen(options), reason(options, 'b')]).toEqual(['b', 'cold'])
  })

  it('counts prefill the more, the more it weighs', () => {
    const options = [optionOf('a', { prefillMs: 100 }), optionOf('b', { waitMs: 120, prefillMs: 20 })]
    expect([chosen(options, undefined, 1), chosen(options, undefined, 3)]).toEqual(['a', 'b'])
  })

  it('takes the emptiest of equals', () => {
    expect(chosen([optionOf('a', { requests: 2 }), optionOf('b', { requests: 1 })])).toBe('b')
    expect(chosen([optionOf('a', { indexed: 2 }), optionOf('b', { indexed: 1 })])).toBe('b')
  })

  it('of a prompt that nothing is known of goes where its conversation went, if that is not saturated', () => {
    expect(chosen([optionOf('a'), optionOf('b', { waitMs: 1500 })], 'b')).toBe('b')
    expect(chosen([optionOf('a'), optionOf('b', { waitMs: 2500 })], 'b')).toBe('a')
  })

  it('of nothing is nothing, and of one is that one', () => {
    expect(chosen([])).toBeUndefined()
    expect([chosen([optionOf('a')]), reason([optionOf('a')], 'a')]).toEqual(['a', 'only'])
  })
})

it('one block in common is chance', () => {
  expect([0, 1, 2, 9].map(affinityOf)).toEqual([0, 0, 2, 9])
})

it('an explanation names the chosen one first, and eight at most', () => {
  const options = Array.from({ length: 12 }, (_, index) => optionOf(`r${index}`, { matched: index }))
  const choice = explained(options[5] ?? optionOf('none'), options, BLOCKS)
  expect(choice).toMatchObject({ matchedBlocks: 5, blocks: 10 })
  expect(choice.candidates.map(({ replica }) => replica)).toEqual(['r5', 'r0', 'r1', 'r2', 'r3', 'r4', 'r6', 'r7'])
})
