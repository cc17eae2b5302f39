/** JSON from strangers: large integers kept as written, and how deep it may go. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isDeeperThan, parseLossless } from '../../src/lib/json.ts'

describe('parseLossless', () => {
  it('writes integers of any size as they were', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }), fc.nat(), (large, small) => {
        const text = `{"seed":${large},"list":[${small},${large}],"text":"${large}"}`
        expect(JSON.stringify(parseLossless(text))).toBe(text)
      }),
    )
  })

  it('is JSON.parse for everything else', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(JSON.stringify(parseLossless(text))).toBe(JSON.stringify(JSON.parse(text)))
      }),
    )
  })

  it('leaves numbers alone that a double holds, though a large one stands beside them', () => {
    const value = parseLossless('{"max_tokens":12,"temperature":0.1234567890123456789,"seed":12345678901234567890}')
    expect(value).toMatchObject({ max_tokens: 12, temperature: 0.12345678901234568 })
    expect(parseLossless('[9007199254740991,1234567890123456]')).toEqual([9007199254740991, 1234567890123456])
  })

  it.each(['', '{', '{"a":1234567890123456789', 'nonsense', '[1,]'])('throws a SyntaxError at %j', (text) => {
    expect(() => parseLossless(text)).toThrow(SyntaxError)
  })
})

describe('isDeeperThan', () => {
  const nested = (depth: number): unknown =>
    depth === 0 ? 1 : depth % 2 === 0 ? [0, nested(depth - 1)] : { a: 0, b: nested(depth - 1) }

  it('counts arrays and objects, and nothing else', () => {
    for (let depth = 0; depth < 8; depth += 1) {
      expect(isDeeperThan(nested(depth), depth)).toBe(false)
      if (depth > 0) expect(isDeeperThan(nested(depth), depth - 1)).toBe(true)
    }
  })

  it.each([null, 'text', 1, true, undefined])('%j has no depth', (value) => {
    expect(isDeeperThan(value, 0)).toBe(false)
  })

  it('looks into every member', () => {
    expect(isDeeperThan({ a: 1, b: { c: [] }, d: 2 }, 2)).toBe(true)
    expect(isDeeperThan([1, [2], [[3]]], 2)).toBe(true)
    expect(isDeeperThan([1, [2], [3]], 2)).toBe(false)
  })
})
