/** Questions that are one but for a word, or for the order of their words. */
import { expect, it } from 'vitest'
import { frames, orders, partsOf } from '../../../../src/core/semantic/guards/frame.ts'
import { read } from '../../../../src/core/semantic/guards/reading.ts'

const framesOf = (text: string): string[] => [...frames(partsOf(read(text).items))]
const ordersOf = (text: string): string[] => {
  const { items, text: plain } = read(text)
  return [...orders(partsOf(items), items, plain)]
}
const axis = (token: string): string => token.split('~')[0] ?? ''

it('has the rest of the question as the axis, and the word as its side', () => {
  expect(framesOf('does my plan cover dental')).toContain('plan cover *~dental')
  expect(framesOf('does the plan cover vision')).toContain('plan cover *~vision')
})

it('takes words that stand together as one besides', () => {
  const axes = framesOf('a song by mira falk').map(axis)
  expect(axes).toContain(axis(framesOf('a song by sade').at(-1) ?? expect.fail()))
})

it('sees no side in words that have many of the same meaning, nor in what other guards look at', () => {
  expect(framesOf('how do i reset it')).toEqual([])
  expect(framesOf('paris or rome, 17 kg, tomorrow')).toEqual([])
})

it('leaves long questions alone', () => {
  expect(framesOf('amber birch cedar dogwood elder fir ginkgo hazel ivy juniper kapok')).toEqual([])
})

it('splits Chinese into words', () => {
  expect(framesOf('酸奶的保质期').map(axis)).toContain(axis(framesOf('豆浆的保质期')[0] ?? expect.fail()))
})

it('knows who does it to whom, unless a small word joins them', () => {
  const [one, ...rest] = ordersOf('does alice owe bob')
  expect(rest).toEqual([])
  const [other = ''] = ordersOf('does bob owe alice')
  expect(axis(one ?? '')).toBe(axis(other))
  expect(one).not.toBe(other)
  expect(ordersOf('alice and bob')).toEqual([])
  expect(ordersOf('张三欠李四钱')).not.toEqual(ordersOf('李四欠张三钱'))
})
