/** What is drawn at random, by its seed. */
import { expect, it } from 'vitest'
import { answerOf, changedLabels, chosen } from '../../../scripts/eval/order.ts'

it('draws none twice, the same by the same seed, and all of a small set', () => {
  const order = chosen(1000, 300, 7)
  expect(new Set(order).size).toBe(300)
  expect(chosen(1000, 300, 7)).toEqual(order)
  expect(chosen(1000, 300, 8)).not.toEqual(order)
  expect([...chosen(5, 300, 7)].sort()).toEqual([0, 1, 2, 3, 4])
})

it('changes the answers of a share of the labels, never those in common with nobody', () => {
  const utterances = Array.from({ length: 100 }, (_, at) => ({ text: '', label: at < 90 ? `l${at % 10}` : null }))
  const changed = changedLabels(utterances, 0.2, 1)
  expect(changed.size).toBe(2)
  const [one = ''] = changed
  expect(answerOf({ text: '', label: one }, 3, changed)).not.toBe(one)
  expect(answerOf({ text: '', label: 'kept' }, 3, changed)).toBe('kept')
  expect(answerOf({ text: '', label: null }, 3, changed)).not.toBe(answerOf({ text: '', label: null }, 4, changed))
})
