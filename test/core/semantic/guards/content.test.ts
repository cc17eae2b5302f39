/** Words of content, and the others. */
import { expect, it } from 'vitest'
import { hanWords, isAct, isSmall, stemOf } from '../../../../src/core/semantic/guards/content.ts'

it('knows small words and acts, in their forms', () => {
  expect(['the', 'how', 'please', '怎么'].every(isSmall)).toBe(true)
  expect(['router', '密码'].some(isSmall)).toBe(false)
  expect(['reset', 'resets', 'changing', 'changed', '修改'].every(isAct)).toBe(true)
  expect(['router', 'dental', '密码'].some(isAct)).toBe(false)
})

it('gives forms of one word one stem', () => {
  for (const [one, other] of [
    ['plans', 'plan'],
    ['cities', 'city'],
    ['parking', 'park'],
    ['cats', 'cat'],
  ] as const) {
    expect(stemOf(one)).toBe(stemOf(other))
  }
  expect(stemOf('glass')).toBe('glass')
  expect(stemOf('gas')).toBe('gas')
})

it('splits Chinese', () => {
  expect(hanWords('银行在哪里').join('')).toBe('银行在哪里')
  expect(hanWords('银行在哪里').length).toBeGreaterThan(1)
  expect(hanWords('')).toEqual([])
})
