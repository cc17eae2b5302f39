/** Scripts of texts. */
import { expect, it } from 'vitest'
import { foreignWords, scriptOf } from '../../../../src/core/semantic/guards/language.ts'

it.each([
  ['how do i cancel', 'latin'],
  ['¿dónde está?', 'latin'],
  ['怎么取消', 'han'],
  ['用python怎么读json文件', 'han'],
  ['what does 你好 mean', 'latin'],
  ['キャンセルするには', 'kana'],
  ['注文を取消したい', 'kana'],
  ['취소하는 방법', 'hangul'],
  ['как отменить', 'cyrillic'],
  ['17 + 4?', null],
  ['', null],
])('%s', (text, script) => {
  expect(scriptOf(text)).toBe(script)
})

it('finds words of other scripts', () => {
  expect(foreignWords('what do 你好 and мир mean, café?')).toEqual(['你好', 'мир'])
  expect(foreignWords('plain')).toEqual([])
})
