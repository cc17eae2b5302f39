/** Denials, and idioms that deny nothing. */
import { expect, it } from 'vitest'
import { negations } from '../../../../src/core/semantic/guards/negation.ts'
import { read } from '../../../../src/core/semantic/guards/reading.ts'

const isDenied = (text: string): boolean => [...negations(read(text).items)].length > 0

it.each([
  'it is not free',
  "why doesn't it work",
  'why doesnt it work',
  'it never came',
  'all except tom',
  'w/o sugar',
  'gluten-free bread',
  'is it unavailable',
  'no longer there',
  'anyone other than me',
  '不包含早餐',
  '没有发票',
  '无糖饮料',
  '別叫我',
  '除了儿童',
])('denied: %s', (text) => {
  expect(isDenied(text)).toBe(true)
})

it.each([
  'is it free',
  "i don't know what it is",
  "don't forget it",
  'i am not sure where it is',
  'no problem',
  'yes or no',
  'whether it is on or not',
  'how do i understand my university',
  '可不可以',
  '有没有早餐',
  '非常好，不错',
  '非洲在哪',
  '他来了没有？',
  '特别的无线网络',
])('not denied: %s', (text) => {
  expect(isDenied(text)).toBe(false)
})
