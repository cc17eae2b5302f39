/** Dates in their many forms. */
import { expect, it } from 'vitest'
import { dates } from '../../../../src/core/semantic/guards/date.ts'
import { read } from '../../../../src/core/semantic/guards/reading.ts'

const of = (text: string): string[] => [...dates(read(text).items)].sort()

it.each([
  ['march 3rd', '3 march'],
  ['on the 3rd of march, 2024', '2024-03-03'],
  ['5/13/2024', '13.5.2024'],
  ['at 5 pm', 'at 17:00'],
  ['at 5:30 p.m.', '17:30'],
  ['mon 3', 'monday 3'],
  ['on xmas', 'christmas'],
  ['星期一', '周一'],
  ['三月五日', '3月5号'],
  ['下午三点', '下午3点'],
  ['in 2024', '2024年'],
])('%s is %s', (one, other) => {
  expect(of(one)).not.toEqual([])
  expect(of(one)).toEqual(of(other))
})

it.each([
  ['next friday', 'last friday'],
  ['this friday', 'next friday'],
  ['next week', 'next month'],
  ['the last 3 months', 'the next 3 months'],
  ['6 am', '6 pm'],
  ['上午八点', '上午九点'],
  ['八点', '八点半'],
  ['may 5', 'june 5'],
])('%s is not %s', (one, other) => {
  expect(of(one)).not.toEqual(of(other))
})

it.each(['may i come in', 'i sat down', 'the sun', '2000 dollars', '5 kg', '10号线', 'a week'])('none: %s', (text) => {
  expect(of(text)).toEqual([])
})
