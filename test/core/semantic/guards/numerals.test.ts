/** Numbers as words become digits. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { hanNumber, plainNumber, wordsNumber } from '../../../../src/core/semantic/guards/numerals.ts'

it.each([
  ['twenty five', 25],
  ['one hundred and two', 102],
  ['three thousand four hundred', 3400],
  ['two million', 2_000_000],
  ['hundred', 100],
  ['twenty first', 21],
])('%s', (text, value) => {
  const words = text.split(' ')
  expect(wordsNumber(words, 0)).toEqual({ value, length: words.length })
})

it('leaves what is no number, and does not join what is two', () => {
  expect(wordsNumber(['and', 'five'], 0)).toBeUndefined()
  expect(wordsNumber(['five', 'six'], 0)).toEqual({ value: 5, length: 1 })
  expect(wordsNumber([], 0)).toBeUndefined()
})

it.each([
  ['十七', 17],
  ['二十', 20],
  ['两百零五', 205],
  ['一万二千', 12_000],
  ['二〇二四', 2024],
  ['三亿', 300_000_000],
])('%s', (text, value) => {
  expect(hanNumber(text, 0)).toEqual({ value, length: text.length })
})

it('needs a digit to begin with', () => {
  expect(hanNumber('百', 0)).toBeUndefined()
  expect(hanNumber('天', 0)).toBeUndefined()
})

it('has one form of a number with and without separators', () => {
  fc.assert(
    fc.property(fc.nat(), (value) => {
      expect(plainNumber(value.toLocaleString('en-US'))).toBe(String(value))
      expect(plainNumber(`00${value}.0`)).toBe(String(value))
    }),
  )
  expect(plainNumber('3.10')).toBe('3.10')
  expect(plainNumber('1/2')).toBe('1/2')
})
