/** Quotes in every style, and words that are spoken of. */
import { expect, it } from 'vitest'
import { mentionedWords, quoteOrder, quotesIn } from '../../../../src/core/semantic/guards/quote.ts'
import { read } from '../../../../src/core/semantic/guards/reading.ts'

it.each([
  ['say "Hello  There!"', ['hello there']],
  ['say “hello” and ‘bye’', ['hello', 'bye']],
  ["say 'i don't know' now", ["i don't know"]],
  ['„hallo“ «salut» 「你好」『好』', ['hallo', 'salut', '你好', '好']],
  ['《活着》讲什么', ['活着']],
])('%s', (text, found) => {
  const { found: own, rest } = quotesIn(text)
  expect(own).toEqual(found)
  expect(rest).toHaveLength(text.length)
})

it.each(["my dog's and my cats' food", "it isn't, is it", 'a "lonely mark', '""'])('none: %s', (text) => {
  expect(quotesIn(text)).toEqual({ found: [], rest: text })
})

it.each([
  ['define serendipity', ['serendipity']],
  ['what does carpe diem mean', ['carpe diem']],
  ['the meaning of the word ajar', ['ajar']],
  ['how is friend spelled', ['friend']],
  ['what does this mean', []],
])('mentioned: %s', (text, found) => {
  expect([...new Set(mentionedWords(read(text).items))]).toEqual(found)
})

it('tells the order of quotes, unless they are only listed', () => {
  expect([...quoteOrder(['foo', 'bar'], 'replace with')]).toEqual(['bar|foo~foo|bar'])
  expect([...quoteOrder(['foo', 'bar'], 'compare   and  ')]).toEqual([])
  expect([...quoteOrder(['foo'], 'replace')]).toEqual([])
})
