/** Phrases are found by their longest form, and by inflected ones. */
import { expect, it } from 'vitest'
import { findHan, findWords } from '../../../../src/core/semantic/guards/lexicon.ts'

it('finds the longest phrase', () => {
  expect(findWords(['new', 'york', 'city', 'tour'], 0)).toMatchObject({ length: 3, entry: { token: 'new york' } })
  expect(findWords(['a', 'new', 'york'], 1)).toMatchObject({ length: 2, entry: { kind: 'entity' } })
  expect(findWords(['new', 'car'], 0)).toMatchObject({ length: 1, entry: { token: 'age~new' } })
})

it.each([
  ['cities', undefined],
  ['stopped', 'start~stop'],
  ['closing', 'openness~close'],
  ['bought', 'trade~buy'],
  ['ounces', 'ounce'],
  ['pennies', 'cent'],
])('knows %s by its stem', (word, token) => {
  expect(findWords([word], 0)?.entry.token).toBe(token)
})

it('finds Chinese phrases at a place', () => {
  expect(findHan('去上海吗', 1)).toMatchObject({ length: 2, entry: { token: '上海' } })
  expect(findHan('三星手机', 0)).toMatchObject({ length: 2, entry: { kind: 'entity' } })
  expect(findHan('非常好', 0)?.entry.kind).toBe('plain')
  expect(findHan('龘', 0)).toBeUndefined()
  expect(findWords([], 0)).toBeUndefined()
})
