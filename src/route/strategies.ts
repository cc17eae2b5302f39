/** Ordering of usable targets: fallback, weighted, cheapest, fastest. No I/O. */

import type { Target } from '../core/snapshot.ts'
import { BYTES_PER_TOKEN } from '../core/usage.ts'

/** Share of `fastest` requests that go to a random target first, so that a slow one that recovered is found again. */
const EXPLORATION = 0.05
/** Output assumed for a price comparison when the caller names no bound. */
const TYPICAL_OUTPUT_TOKENS = 512

/** What a strategy may look at. */
export interface Scoring {
  readonly bodyBytes: number
  readonly maxOutputTokens: number | undefined
  /** Recent latency of a candidate, ms; undefined while untried. */
  readonly latencyMs: (index: number) => number | undefined
  readonly random: () => number
}

type Order = (targets: readonly Target[], scoring: Scoring) => number[]

const inOrder = (targets: readonly Target[]): number[] => targets.map((_, index) => index)

/** Ascending by score; equal scores keep the config's order. */
const byScore = (targets: readonly Target[], score: (target: Target, index: number) => number): number[] => {
  const scores = targets.map(score)
  return inOrder(targets).sort((a, b) => compare(scores[a] ?? 0, scores[b] ?? 0) || a - b)
}

/** Infinity − Infinity is NaN, so no subtraction. */
const compare = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0)

/** By weight among the usable, and after a failure again by weight among the rest: a draw without replacement. */
const weighted: Order = (targets, { random }) => {
  const left = inOrder(targets)
  const order: number[] = []
  while (left.length > 0) {
    const total = left.reduce((sum, index) => sum + (targets[index]?.weight ?? 0), 0)
    let draw = random() * total
    let at = left.findIndex((index) => {
      draw -= targets[index]?.weight ?? 0
      return draw < 0
    })
    // Only weightless ones are left (or rounding ran off the end): in the config's order.
    if (at === -1) at = total > 0 ? left.length - 1 : 0
    order.push(...left.splice(at, 1))
  }
  return order
}

/** By the price of this request; an unknown price last. */
const cheapest: Order = (targets, { bodyBytes, maxOutputTokens }) => {
  const input = bodyBytes / BYTES_PER_TOKEN
  const output = maxOutputTokens ?? TYPICAL_OUTPUT_TOKENS
  return byScore(targets, ({ price }) =>
    price === undefined ? Number.POSITIVE_INFINITY : input * price.input + output * price.output,
  )
}

/** By recent latency, untried first, and now and then a random one first. */
const fastest: Order = (targets, { latencyMs, random }) => {
  const order = byScore(targets, (_, index) => latencyMs(index) ?? Number.NEGATIVE_INFINITY)
  if (targets.length < 2 || random() >= EXPLORATION) return order
  const [explored] = order.splice(Math.floor(random() * order.length), 1)
  return explored === undefined ? order : [explored, ...order]
}

/** Strategy → order of the indices of `targets`. */
export const STRATEGIES: Readonly<Record<'fallback' | 'weighted' | 'cheapest' | 'fastest', Order>> = {
  fallback: inOrder,
  weighted,
  cheapest,
  fastest,
}
