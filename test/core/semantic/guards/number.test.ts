/** Numbers in digits, words and Chinese, and ids. */
import { expect, it } from 'vitest'
import { dates } from '../../../../src/core/semantic/guards/date.ts'
import { numbers } from '../../../../src/core/semantic/guards/number.ts'
import { read } from '../../../../src/core/semantic/guards/reading.ts'

const of = (text: string): string[] => {
  const { items } = read(text)
  const taken = [...dates(items)]
  return taken.length > 0 ? [] : [...numbers(items)]
}

it.each([
  ['order 17', ['17']],
  ['1,000 or one thousand', ['1000', '1000']],
  ['two hundred and five', ['205']],
  ['the 3rd, the third', ['3', '3']],
  ['1.5 million', ['1500000']],
  ['10k', ['10000']],
  ['flight dl123', ['dl123']],
  ['iphone12', ['12']],
  ['v2 or version 2', ['2', '2']],
  ['python 3.10', ['3.10']],
  ['henry viii', ['8']],
  ['a dozen', ['12']],
  ['which one is the good one', []],
  ['one ticket', ['1']],
  ['第十七条', ['17']],
  ['两张票', ['2']],
  ['三万', ['30000']],
  ['一张票，一个人，三星', []],
])('%s', (text, found) => {
  expect(of(text)).toEqual(found)
})
