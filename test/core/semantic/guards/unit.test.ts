/** Units, by any of their names, where they are units. */
import { expect, it } from 'vitest'
import { read } from '../../../../src/core/semantic/guards/reading.ts'
import { units } from '../../../../src/core/semantic/guards/unit.ts'

const of = (text: string): string[] => [...units(read(text).items)]

it.each([
  ['5 kg', ['kg']],
  ['five kilograms', ['kg']],
  ['5公斤', ['kg']],
  ['$5', ['usd']],
  ['5 美元', ['usd']],
  ['20℃ or 20 degrees celsius', ['celsius', 'celsius']],
  ['20%', ['%']],
  ['two weeks', ['week']],
  ['a monthly fee', ['monthly']],
  ['how many feet', ['foot']],
  ['几天', ['day']],
  ['my foot hurts, the world cup', []],
  ['what day is it', []],
  ['度假', []],
])('%s', (text, found) => {
  expect(of(text)).toEqual(found)
})
