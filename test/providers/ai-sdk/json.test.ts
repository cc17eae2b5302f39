/** Reading fields of any type. */
import { expect, it } from 'vitest'
import { isObject, listOf, numberOf, stringOf } from '../../../src/providers/ai-sdk/json.ts'

it('tells objects from arrays and null', () => {
  expect([{}, [], null, 'x'].map(isObject)).toEqual([true, false, false, false])
})

it('reads what is there and nothing else', () => {
  expect(stringOf('a')).toBe('a')
  expect(stringOf(1)).toBeUndefined()
  expect(listOf([1])).toEqual([1])
  expect(listOf({ length: 1 })).toEqual([])
})

it('reads numbers, and numbers kept as digits', () => {
  expect(numberOf(3)).toBe(3)
  expect(numberOf('3')).toBeUndefined()
  expect(numberOf({ rawJSON: '12345678901234567890' })).toBe(12345678901234567000)
  expect(numberOf({ rawJSON: 'null!' })).toBeUndefined()
  expect(numberOf({ rawJSON: '1e999' })).toBeUndefined()
})
