/** Names in any case, by their capitals, and in Chinese texts. */
import { expect, it } from 'vitest'
import { entities } from '../../../../src/core/semantic/guards/entity.ts'
import { scriptOf } from '../../../../src/core/semantic/guards/language.ts'
import { read } from '../../../../src/core/semantic/guards/reading.ts'

const of = (text: string): string[] => [...entities(read(text).items, scriptOf(text))]

it.each([
  ['is it sunny in new york', ['new york']],
  ['is it sunny in NYC', ['new york']],
  ["what is france's capital", ['france']],
  ['does c++ beat java', ['c++', 'java']],
  ['does Zorbex answer', ['zorbex']],
  ['moved to the US', ['united states']],
  ['tell us', []],
  ['Can I Return An Item', []],
  ['Zorbex is down', []],
  ['the kitchen light', ['room~kitchen']],
  ['北京到上海', ['北京', '上海']],
  ['用Figma怎么画图', ['figma']],
  ['俄国在哪', ['俄罗斯']],
])('%s', (text, names) => {
  expect(of(text)).toEqual(names)
})
