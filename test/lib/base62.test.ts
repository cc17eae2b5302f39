/** Base62: against big integers, and without bias. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { base62OfBytes, randomBase62 } from '../../src/lib/base62.ts'

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

describe('base62OfBytes', () => {
  it('is the big-endian number modulo 62^width, most significant digit first, fixed width', () => {
    const bytes = fc.uint8Array({ maxLength: 40 })
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 7 }), (input, width) => {
        let number = 0n
        for (const byte of input) number = number * 256n + BigInt(byte)
        let read = 0n
        const text = base62OfBytes(input, width)
        for (const digit of text) read = read * 62n + BigInt(DIGITS.indexOf(digit))
        return text.length === width && read === number % 62n ** BigInt(width)
      }),
    )
  })

  it.each([
    [[0], '00'],
    [[61], '0z'],
    [[62], '10'],
    [[10], '0A'],
    [[36], '0a'],
    [[1, 0], '48'],
  ])('of %j is %s', (bytes, expected) => {
    expect(base62OfBytes(Uint8Array.from(bytes), 2)).toBe(expected)
  })
})

describe('randomBase62', () => {
  it('throws the bytes away that would make low digits likelier, and asks again', () => {
    const batches = [
      [248, 255, 0],
      [61, 62, 247],
    ]
    expect(randomBase62(3, (bytes) => bytes.set(batches.shift() ?? []))).toBe('0z0')
    expect(batches).toEqual([])
  })

  it('makes each digit from as many byte values as any other', () => {
    const counts = new Map<string, number>()
    for (let byte = 0; byte < 248; byte++) {
      const digit = randomBase62(1, (bytes) => bytes.fill(byte))
      counts.set(digit, (counts.get(digit) ?? 0) + 1)
    }
    expect([...counts.keys()].join('')).toBe(DIGITS)
    expect(new Set(counts.values())).toEqual(new Set([4]))
  })
})
