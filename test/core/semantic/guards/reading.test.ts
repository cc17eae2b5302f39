/** A question as items: words, phrases, numbers, Chinese, marks. */
import { expect, it } from 'vitest'
import { read } from '../../../../src/core/semantic/guards/reading.ts'

const of = (text: string): string[] => read(text).items.map(({ type, text: own }) => `${type}:${own}`)

it.each([
  ["What's up, Doc?", ['word:what', 'word:up', 'mark:,', 'word:doc', 'mark:?']],
  ['5km to new york', ['number:5', 'word:km', 'word:to', 'word:new york']],
  ['twenty-five dollars', ['number:25', 'word:dollars']],
  ['30 second timer', ['number:30', 'word:second', 'word:timer']],
  ['the second timer', ['word:the', 'number:2', 'word:timer']],
  ['从北京到上海', ['han:从', 'han:北京', 'han:到', 'han:上海']],
  ['用python3读', ['han:用', 'word:python', 'number:3', 'han:读']],
  ['', []],
])('%s', (text, items) => {
  expect(of(text)).toEqual(items)
})

it('knows where sentences begin', () => {
  expect(read('Stop. Go, now').items.map(({ opens }) => opens)).toEqual([true, false, true, false, false])
})

it('keeps quotes and code apart', () => {
  expect(read('what is "order 17" in `main.ts`')).toMatchObject({ quotes: ['order 17'], code: ['main.ts'] })
  expect(of('what is "order 17" in `main.ts`')).toEqual(['word:what', 'word:is', 'word:in'])
})
