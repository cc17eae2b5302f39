/** A logistic model that learns one observation at a time. No I/O. */

/** Weights, and how much each has seen: the diagonal of the information, by which steps shrink. */
export interface LogisticModel {
  readonly weights: readonly number[]
  readonly seen: readonly number[]
}

/** Beyond, a probability is as good as certain, and its logarithm would not be a number. */
const LOGIT_MAX = 30

/** Log-odds of `features`. */
export function logitOf(weights: readonly number[], features: readonly number[]): number {
  const sum = features.reduce((total, value, index) => total + value * (weights[index] ?? 0), 0)
  return Math.max(-LOGIT_MAX, Math.min(LOGIT_MAX, sum))
}

export function probabilityOf(logit: number): number {
  return 1 / (1 + Math.exp(-logit))
}

/** One step of natural gradient ascent with a diagonal metric (Amari 1998; AdaGrad's steps with the model's own curvature). */
export function updated(
  model: LogisticModel,
  features: readonly number[],
  right: boolean,
  weight: number,
): LogisticModel {
  const probability = probabilityOf(logitOf(model.weights, features))
  const curvature = weight * probability * (1 - probability)
  const gradient = weight * ((right ? 1 : 0) - probability)
  const seen = model.seen.map((value, index) => value + curvature * (features[index] ?? 0) ** 2)
  const weights = model.weights.map((value, index) => value + (gradient * (features[index] ?? 0)) / (seen[index] ?? 1))
  return { weights, seen }
}
