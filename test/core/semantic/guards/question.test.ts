/** Kinds of questions: only those that exclude each other differ. */
import { expect, it } from 'vitest'
import { scriptOf } from '../../../../src/core/semantic/guards/language.ts'
import { questionKinds } from '../../../../src/core/semantic/guards/question.ts'
import { read } from '../../../../src/core/semantic/guards/reading.ts'

const of = (text: string): string[] => {
  const { items, text: plain } = read(text)
  return [...questionKinds(items, plain, scriptOf(plain))]
}

it.each([
  ['when does it open', 'what time does it open'],
  ['why is it late', 'what is the reason it is late'],
  ['can you tell me where it is', 'where is it'],
  ['how much does it cost', 'what is the price'],
  ['什么时候开门', '几点开门'],
  ['为什么', '为何'],
  ['多少钱', '什么价格'],
])('%s = %s', (one, other) => {
  expect(of(one)).not.toEqual([])
  expect(of(one)).toEqual(of(other))
})

it.each([
  ['who is it', 'where is it'],
  ['how much is it', 'how long is it'],
  ['is it blue', 'why is it blue'],
  ['谁来', '什么时候来'],
  ['多久', '多远'],
])('%s ≠ %s', (one, other) => {
  expect(of(one)).not.toEqual(of(other))
})

it.each([
  'how do i do it',
  'what is the way',
  'can i do it',
  'do it',
  'remind me when it ends',
  'is there a way',
  '怎么做',
  '如何做',
  '可以吗',
])('of no kind: %s', (text) => {
  expect(of(text)).toEqual([])
})
