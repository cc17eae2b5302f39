/** SIEVE: its order by example, and its bound always. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Sieve } from '../../../src/core/recall/sieve.ts'

const held = (sieve: Sieve<string>, keys: string): string =>
  [...keys].filter((key) => sieve.get(key) !== undefined).join('')

describe('Sieve', () => {
  it('answers with what was put in, until that is deleted', () => {
    const sieve = new Sieve<string>(10)
    sieve.set('a', 'one', 3)
    expect([sieve.get('a'), sieve.get('b'), sieve.bytes, sieve.size]).toEqual(['one', undefined, 3, 1])
    sieve.set('a', 'two', 5)
    expect([sieve.get('a'), sieve.bytes, sieve.size]).toEqual(['two', 5, 1])
    expect([sieve.delete('a'), sieve.delete('a')]).toEqual([true, false])
    expect([sieve.get('a'), sieve.bytes, sieve.size]).toEqual([undefined, 0, 0])
  })

  it('lets the oldest go that was not asked for, and clears the flags on the way there', () => {
    const sieve = new Sieve<string>(4)
    for (const key of 'abcd') sieve.set(key, key, 1)
    sieve.get('a')
    sieve.get('b')
    sieve.set('e', 'e', 1)
    // The hand has passed a and b, which have no flag any more, and goes on from there: d, not a, is next.
    sieve.set('f', 'f', 1)
    expect(held(sieve, 'abcdef')).toBe('abef')
  })

  it('goes round when everybody was asked for', () => {
    const sieve = new Sieve<string>(3)
    for (const key of 'abc') sieve.set(key, key, 1)
    expect(held(sieve, 'abc')).toBe('abc')
    sieve.set('d', 'd', 1)
    expect(held(sieve, 'abcd')).toBe('bcd')
  })

  it('finds its way when the one under its hand is deleted', () => {
    const sieve = new Sieve<string>(3)
    for (const key of 'abc') sieve.set(key, key, 1)
    sieve.get('a')
    sieve.set('d', 'd', 1)
    sieve.delete('c')
    sieve.set('e', 'e', 2)
    expect([held(sieve, 'abcde'), sieve.bytes]).toEqual(['ae', 3])
  })

  it('takes as many out as one large value needs, and none for one that is too large', () => {
    const sieve = new Sieve<string>(4)
    for (const key of 'abcd') sieve.set(key, key, 1)
    sieve.set('e', 'e', 3)
    expect([held(sieve, 'abcde'), sieve.bytes]).toEqual(['de', 4])
    sieve.set('f', 'f', 5)
    expect(held(sieve, 'def')).toBe('de')
    sieve.set('d', 'too large', 5)
    expect([held(sieve, 'de'), sieve.bytes]).toEqual(['e', 3])
  })

  it('never holds more than its bound, and what it counts is what it holds', () => {
    const step = fc.record({
      key: fc.constantFrom(...'abcdefgh'),
      bytes: fc.integer({ min: 0, max: 12 }),
      what: fc.constantFrom('set', 'get', 'delete'),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const sieve = new Sieve<number>(10)
        for (const { key, bytes, what } of steps) {
          if (what === 'set') sieve.set(key, bytes, bytes)
          else if (what === 'get') sieve.get(key)
          else sieve.delete(key)
          const values = [...'abcdefgh'].flatMap((one) => sieve.get(one) ?? [])
          expect(sieve.bytes).toBeLessThanOrEqual(10)
          expect([values.length, values.reduce((sum, value) => sum + value, 0)]).toEqual([sieve.size, sieve.bytes])
        }
      }),
    )
  })
})
