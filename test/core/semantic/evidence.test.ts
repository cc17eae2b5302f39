/** From which score on the error keeps its bound, told by bands. */
import { expect, it } from 'vitest'
import {
  type Evidence,
  errorFrom,
  faded,
  NO_EVIDENCE,
  thresholdOf,
  withJudgement,
} from '../../../src/core/semantic/evidence.ts'

/** So many judgements of one score, every so manieth of them wrong. */
function judged(
  evidence: Evidence,
  score: number,
  count: number,
  wrongEvery = Number.POSITIVE_INFINITY,
  weight = 1,
): Evidence {
  let known = evidence
  for (let index = 1; index <= count; index++) known = withJudgement(known, score, index % wrongEvery !== 0, weight)
  return known
}

it('needs more than a few judgements, however right they are, and more for a lower bound', () => {
  expect(thresholdOf(NO_EVIDENCE, 0.02)).toBeNull()
  expect(thresholdOf(judged(NO_EVIDENCE, 5, 30), 0.02)).toBeNull()
  expect(thresholdOf(judged(NO_EVIDENCE, 5, 100), 0.02)).not.toBeNull()
  expect(thresholdOf(judged(NO_EVIDENCE, 5, 100), 0.01)).toBeNull()
  expect(thresholdOf(judged(NO_EVIDENCE, 5, 300), 0.01)).not.toBeNull()
})

it('is the lowest score from which on the bound is kept', () => {
  const evidence = judged(judged(judged(NO_EVIDENCE, 5, 500), 3, 100, 50), 1.5, 300, 4)
  const threshold = thresholdOf(evidence, 0.02)
  expect(threshold?.score).toBeGreaterThan(1.5)
  expect(threshold?.score).toBeLessThanOrEqual(3)
  expect(threshold?.errorBound).toBeLessThanOrEqual(0.02)
  expect(threshold?.errorRate).toBeLessThan(threshold?.errorBound ?? 0)
  expect(thresholdOf(evidence, 0.005)?.score ?? 9).toBeGreaterThan(3)
})

it('is nowhere below what was observed', () => {
  expect(thresholdOf(judged(NO_EVIDENCE, 5, 500), 0.02)?.score).toBe(5)
})

it('is not opened by a low band that happened to be right', () => {
  const evidence = judged(judged(NO_EVIDENCE, 5, 200, 10), 2, 20)
  expect(thresholdOf(evidence, 0.02)).toBeNull()
})

it('counts a judgement of a shadow check for all the hits it stands for', () => {
  const some = judged(judged(NO_EVIDENCE, 5, 400), 2.1, 100, 12)
  // As many judgements again, but each for fifty candidates: the doubtful band is most of what would be served.
  const many = judged(judged(NO_EVIDENCE, 5, 400), 2.1, 100, 12, 50)
  expect(errorFrom(many, 2)?.errorRate).toBeGreaterThan((errorFrom(some, 2)?.errorRate ?? 1) * 2)
  expect(errorFrom(many, 5)?.errorRate).toBeCloseTo(errorFrom(some, 5)?.errorRate ?? 0)
})

it('forgets', () => {
  const evidence = judged(NO_EVIDENCE, 5, 400)
  expect(thresholdOf(faded(evidence, 0.05), 0.02)).toBeNull()
  const turned = judged(judged(NO_EVIDENCE, 5, 5000), 5, 3000, 2)
  expect(errorFrom(turned, 5)?.errorRate).toBeGreaterThan(0.4)
})

it('keeps nothing of hopeless scores', () => {
  expect(withJudgement(NO_EVIDENCE, 0.9, false, 1)).toBe(NO_EVIDENCE)
  expect(errorFrom(NO_EVIDENCE, 1)).toBeNull()
})
