/** Opposites: which side a question names. */
import { expect, it } from 'vitest'
import { antonyms } from '../../../../src/core/semantic/guards/antonym.ts'
import { read } from '../../../../src/core/semantic/guards/reading.ts'

const of = (text: string): string[] => [...antonyms(read(text).items)]

it('names the side of an axis, by any of its words and forms', () => {
  expect(of('how do i open it')).toEqual(of('opening it'))
  expect(of('a cheap one')).toEqual(of('the most affordable one').filter((token) => token.startsWith('cost')))
  expect(of('close it')).not.toEqual(of('open it'))
  expect(of('怎么打开蓝牙')).toEqual(of('开启蓝牙'))
  expect(of('最便宜的')).not.toEqual(of('最贵的'))
})

it('names no side where a word asks for a measure, or is part of another', () => {
  expect(of('how long is it, how old are you')).toEqual([])
  expect(of('海关在哪里')).toEqual([])
})
