/** The demo tokenizer loses nothing and keeps tokens short. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { tokenize } from '../../../scripts/demo/tokens.ts'

test('tokens joined are the text again', () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => tokenize(text).join('') === text))
})

test('long words are cut, the space belongs to what follows it', () => {
  expect(tokenize('Hello, gateways 2026')).toEqual(['Hello', ',', ' gatewa', 'ys', ' 202', '6'])
})
