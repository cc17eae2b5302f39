/** The prior has a weight for every feature, and prefers what anybody would. */
import { expect, it } from 'vitest'
import { FEATURES } from '../../../src/core/semantic/features.ts'
import { logitOf } from '../../../src/core/semantic/logistic.ts'
import { PRIOR } from '../../../src/core/semantic/prior.ts'

it('has a weight and an experience for every feature', () => {
  expect(PRIOR.weights).toHaveLength(FEATURES.length)
  expect(PRIOR.seen).toHaveLength(FEATURES.length)
  expect(Math.min(...PRIOR.seen)).toBeGreaterThan(0)
})

it('is sure of the middle of a large group, and not of a stranger', () => {
  //              one nearest margin vote three share size right last alone
  const middle = [1, 0.8, 0.8, 2, 0.7, 1, 2, 1.8, 0.8, 0]
  const stranger = [1, -1, 0.05, -0.4, -1.2, -0.8, 0, 0.5, -0.4, 1.6]
  expect(logitOf(PRIOR.weights, middle)).toBeGreaterThan(4)
  expect(logitOf(PRIOR.weights, stranger)).toBeLessThan(0)
})
