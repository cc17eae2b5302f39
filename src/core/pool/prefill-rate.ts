/** How fast a replica prefills, learnt from when first contents come. No I/O. */
import {
  POOL_RATE_MEMORY,
  POOL_RATE_RANGE,
  POOL_RATE_SURPRISE_MAX,
  POOL_STEP_MS,
  POOL_STEP_MS_MAX,
  POOL_STEP_WEIGHT,
} from './limits.ts'

/**
 * Time = step + tokens / rate, fitted by least squares of the relative error, in which the past fades. What the config
 * says is an observation like others at the beginning; that a prompt of no tokens takes POOL_STEP_MS stays one, so that
 * prompts of one length only tell the rate.
 */
export class PrefillRate {
  readonly #startMsPerToken: number
  #msPerToken: number
  #stepMs = POOL_STEP_MS
  /** Weighted sums: of ones, tokens, tokens², ms, tokens × ms. */
  #ones = 0
  #tokens = 0
  #squares = 0
  #ms = 0
  #products = 0

  constructor(tokensPerSecond: number) {
    this.#startMsPerToken = 1000 / tokensPerSecond
    this.#msPerToken = this.#startMsPerToken
    const tokens = tokensPerSecond / 4
    this.#add(tokens, this.expectedMs(tokens))
  }

  get tokensPerSecond(): number {
    return 1000 / this.#msPerToken
  }

  get stepMs(): number {
    return this.#stepMs
  }

  /** How long a replica that does nothing else takes until the first content. */
  expectedMs(uncachedTokens: number): number {
    return this.#stepMs + uncachedTokens * this.#msPerToken
  }

  /** So long it took. */
  learn(uncachedTokens: number, tookMs: number): void {
    const expectedMs = this.expectedMs(uncachedTokens)
    const surprise = Math.max(tookMs / expectedMs, 1 / POOL_RATE_SURPRISE_MAX)
    this.#add(uncachedTokens, expectedMs * Math.min(surprise, POOL_RATE_SURPRISE_MAX))
    this.#fit()
  }

  #add(tokens: number, ms: number): void {
    // By what the config says, not by what is believed now: else a replica that has become slow would count for less.
    const weight = (POOL_STEP_MS + tokens * this.#startMsPerToken) ** -2
    this.#ones = POOL_RATE_MEMORY * this.#ones + weight
    this.#tokens = POOL_RATE_MEMORY * this.#tokens + weight * tokens
    this.#squares = POOL_RATE_MEMORY * this.#squares + weight * tokens * tokens
    this.#ms = POOL_RATE_MEMORY * this.#ms + weight * ms
    this.#products = POOL_RATE_MEMORY * this.#products + weight * tokens * ms
  }

  #fit(): void {
    const anchor = POOL_STEP_WEIGHT * POOL_STEP_MS ** -2
    const ones = this.#ones + anchor
    const ms = this.#ms + anchor * POOL_STEP_MS
    const spread = ones * this.#squares - this.#tokens ** 2
    if (!(spread > 0) || this.#squares === 0) return
    const slope = (ones * this.#products - this.#tokens * ms) / spread
    const step = Math.min(POOL_STEP_MS_MAX, Math.max(0, (ms - slope * this.#tokens) / ones))
    this.#stepMs = step
    const msPerToken = (this.#products - step * this.#tokens) / this.#squares
    const [least, most] = [this.#startMsPerToken / POOL_RATE_RANGE, this.#startMsPerToken * POOL_RATE_RANGE]
    this.#msPerToken = Math.min(most, Math.max(least, msPerToken))
  }
}
