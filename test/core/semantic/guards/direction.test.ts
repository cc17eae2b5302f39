/** Directions: the same way told differently, and the other way round. */
import { expect, it } from 'vitest'
import { directions } from '../../../../src/core/semantic/guards/direction.ts'
import { read } from '../../../../src/core/semantic/guards/reading.ts'

const of = (text: string): string[] => {
  const { items, text: plain } = read(text)
  return [...new Set(directions(items, plain))].sort()
}

it.each([
  ['fly from boston to denver', 'fly to denver from boston'],
  ['turn on the lights', 'turn the lights on'],
  ['convert 5 miles to km', 'how many km in 5 miles'],
  ['switch it off please', 'disable it'],
  ['从北京到上海', '北京到上海的票'],
])('%s = %s', (one, other) => {
  expect(of(one)).not.toEqual([])
  expect(of(one)).toEqual(of(other))
})

it.each([
  ['from checking to savings', 'from savings to checking'],
  ['usd to eur', 'eur to usd'],
  ['is tea better than coffee', 'is coffee better than tea'],
  ['use butter instead of oil', 'use oil instead of butter'],
  ['10 minus 4', '4 minus 10'],
  ['5 kg and 3 km', '3 kg and 5 km'],
  ['zoom in', 'zoom out'],
  ['before lunch', 'after lunch'],
  ['upgrade from version 2 to version 3', 'upgrade from version 3 to version 2'],
  ['把中文翻译成英文', '把英文翻译成中文'],
  ['苹果比华为贵', '华为比苹果贵'],
  ['the bus to leeds', 'the bus from leeds'],
  ['从上海寄出', '寄到上海'],
])('%s ≠ %s', (one, other) => {
  expect(of(one)).not.toEqual([])
  expect(of(one)).not.toEqual(of(other))
})

it('sees none in small words that tell no way', () => {
  expect(of('set an alarm on monday')).toEqual([])
  expect(of('what is in my list')).toEqual([])
  expect(of('how do i get to know it')).toEqual([])
})
