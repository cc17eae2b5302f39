/** Prices and costs in whole micro-dollars. No I/O. */
import type { Usage } from './usage.ts'

/** USD per million tokens, which is micro-dollars per token. */
export interface Price {
  readonly input: number
  readonly output: number
  /** Default: `input`. */
  readonly cachedInput?: number | undefined
  /** Default: `input`. */
  readonly cacheWrite?: number | undefined
}

/**
 * Cost of one request in micro-dollars, rounded half up once. Null when the price is unknown: an unknown price is
 * never 0. Prices carry at most six decimals, so the sum is taken in whole 10⁻⁶ micro-dollars and no binary fraction
 * can tip the rounding.
 */
export function costMicroUsd(usage: Usage | null, price: Price | undefined): number | null {
  if (usage === null || price === undefined) return null
  const cost =
    usage.inputTokens * fixed(price.input) +
    usage.cachedInputTokens * fixed(price.cachedInput ?? price.input) +
    usage.cacheWriteTokens * fixed(price.cacheWrite ?? price.input) +
    usage.outputTokens * fixed(price.output)
  return Math.floor((cost + SCALE / 2) / SCALE)
}

const SCALE = 1_000_000
const fixed = (price: number): number => Math.round(price * SCALE)

/** Micro-dollars as a decimal of six places, as `x-sluice-cost-usd` has it; `null` when unknown. */
export function formatUsd(microUsd: number | null): string {
  return microUsd === null ? 'null' : (microUsd / 1_000_000).toFixed(6)
}
