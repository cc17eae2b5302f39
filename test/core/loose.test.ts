/** Looking into JSON of unknown shape. */
import { expect, it } from 'vitest'
import { field, isObject, items, members } from '../../src/core/loose.ts'

it('finds what is there', () => {
  expect(field({ a: 1 }, 'a')).toBe(1)
  expect(members({ a: 1, b: 2 })).toEqual([
    ['a', 1],
    ['b', 2],
  ])
  expect(items([1, 2])).toEqual([1, 2])
  expect(isObject({})).toBe(true)
})

it('finds nothing in anything else, and nothing inherited', () => {
  for (const value of [undefined, null, 3, 'length', ['a']]) {
    expect([field(value, 'length'), members(value), isObject(value)]).toEqual([undefined, [], false])
  }
  for (const value of [undefined, null, 'abc', { length: 1 }]) expect(items(value)).toEqual([])
  expect(field({}, 'constructor')).toBeUndefined()
})
