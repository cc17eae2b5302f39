/** A logistic model that learns online finds what it was drawn from. */
import { expect, it } from 'vitest'
import { seeded } from '../../../scripts/mutants/pick.ts'
import { logitOf, probabilityOf, updated } from '../../../src/core/semantic/logistic.ts'

it('is a probability of log-odds', () => {
  expect(probabilityOf(0)).toBe(0.5)
  expect(probabilityOf(Math.log(3))).toBeCloseTo(0.75)
  expect(logitOf([1, -2], [3, 1])).toBe(1)
  expect(logitOf([1000], [1000])).toBe(30)
  expect(logitOf([1000], [-1000])).toBe(-30)
})

it('learns the weights that its observations were drawn with', () => {
  const random = seeded(3)
  const truth = [0.5, 1.5]
  let model = { weights: [0, 0], seen: [10, 10] }
  for (let index = 0; index < 20_000; index++) {
    const features = [1, random() * 4 - 2]
    model = { ...updated(model, features, random() < probabilityOf(logitOf(truth, features)), 1) } as typeof model
  }
  expect(model.weights[0]).toBeCloseTo(0.5, 0)
  expect(Math.abs((model.weights[1] ?? 0) - 1.5)).toBeLessThan(0.15)
})

it('moves less the more it has seen, and more for what weighs more', () => {
  const step = (seen: number, weight: number): number =>
    updated({ weights: [0], seen: [seen] }, [1], true, weight).weights[0] ?? 0
  expect(step(1000, 1)).toBeLessThan(step(10, 1))
  expect(step(1000, 2)).toBeGreaterThan(step(1000, 1))
  expect(step(1000, 1)).toBeGreaterThan(0)
})
