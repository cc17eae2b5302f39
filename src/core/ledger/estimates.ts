/** What a request will use up, before: bounds, estimates, and what is learned from what it did use. No I/O. */
import { BYTES_PER_TOKEN, type Usage } from '../usage.ts'
import type { Counter, Learned, Needs } from './types.ts'

/** A text by its size alone; no tokenizer is asked on the hot path. */
export interface TextSize {
  /** In UTF-8. */
  readonly bytes: number
  /** UTF-16 code units, a string's `length`. */
  readonly chars: number
}

/** Where learning starts: English text, and an answer of a few paragraphs. */
export const START: Learned = { outputTokens: 256, bytesPerToken: BYTES_PER_TOKEN }

/** Chinese, Japanese and Korean text has 1.6 bytes to a token where English has 4: each of its bytes weighs so much more. */
const NON_ASCII_WEIGHT = BYTES_PER_TOKEN / 1.6
/** No tokenizer in use makes more tokens of ASCII than this many bytes each; of other text it may be every byte. */
const ASCII_BYTES_PER_TOKEN_MIN = 2

/** How much the newest request counts in what is learned: outputs differ far more than the ratio does. */
const OUTPUT_LEARNING_RATE = 0.05
const RATIO_LEARNING_RATE = 0.1
/**
 * What is reserved of the mean output. Of all requests in flight those with long answers are more than their share, and
 * whenever the mean errs downwards more are let in than when it errs upwards: at 1.0 a limit that is always full grants
 * 3 % more than its amount in the long run, and up to 13 % in its worst window (`npm run sim:ledger`). What is too much
 * comes back with the settlement.
 */
const OUTPUT_RESERVED = 1.3
/** One request's ratio outside is not text alone: a template around two words, an image in base64. */
const BYTES_PER_TOKEN_MIN = 1
const BYTES_PER_TOKEN_MAX = 8

/**
 * Bytes that are not ASCII, told by how many more bytes than code units there are (`excess`). `perExcess` is 1.5 for
 * characters of three bytes (CJK), and 2 at most: of two bytes, or of four in two units.
 */
function nonAsciiBytes({ bytes, chars }: TextSize, perExcess: number): number {
  return Math.min(bytes, perExcess * Math.max(0, bytes - chars))
}

/** Bytes of a prompt, weighted by script: over `bytesPerToken` it is about its tokens. */
export function promptWeight(text: TextSize): number {
  const nonAscii = nonAsciiBytes(text, 1.5)
  return text.bytes - nonAscii + nonAscii * NON_ASCII_WEIGHT
}

/** Most tokens that a prompt can be. */
export function promptTokensMax(text: TextSize): number {
  const nonAscii = nonAsciiBytes(text, 2)
  return Math.ceil((text.bytes - nonAscii) / ASCII_BYTES_PER_TOKEN_MIN + nonAscii)
}

/** Tokens of a prompt by what was learned. */
export const promptTokensOf = (weight: number, learned: Learned): number => Math.ceil(weight / learned.bytesPerToken)

/** Units that a request reserves of a counter; Infinity where nothing bounds it and the limit is a hard one. */
export function unitsOf(counter: Pick<Counter, 'of' | 'hard'>, needs: Needs, learned: Learned): number {
  switch (counter.of) {
    case 'requests':
    case 'concurrency':
      return 1
    case 'usd':
      return needs.worstMicroUsd
    case 'tokens': {
      const outputTokensMax = needs.outputTokensMax ?? Number.POSITIVE_INFINITY
      return counter.hard
        ? needs.promptTokensMax + outputTokensMax
        : promptTokensOf(needs.promptWeight, learned) +
            Math.min(outputTokensMax, Math.ceil(OUTPUT_RESERVED * learned.outputTokens))
    }
  }
}

/** Units that a request has used up of a counter; what nobody knows is nothing. */
export function actualUnits(counter: Pick<Counter, 'of'>, usage: Usage | null, costMicroUsd: number | null): number {
  switch (counter.of) {
    case 'requests':
    case 'concurrency':
      return 1
    case 'usd':
      return costMicroUsd ?? 0
    case 'tokens':
      return usage === null ? 0 : promptTokensIn(usage) + usage.outputTokens
  }
}

/** What is known after one more request. Only what a provider said teaches: an estimate would confirm itself. */
export function learn(
  learned: Learned,
  request: { readonly promptWeight: number; readonly usage: Usage | null },
): Learned {
  const { usage } = request
  if (usage?.source !== 'provider') return learned
  const tokens = promptTokensIn(usage)
  const ratio = tokens > 0 && request.promptWeight > 0 ? request.promptWeight / tokens : learned.bytesPerToken
  return {
    outputTokens: moved(learned.outputTokens, usage.outputTokens, OUTPUT_LEARNING_RATE),
    bytesPerToken: moved(
      learned.bytesPerToken,
      Math.min(BYTES_PER_TOKEN_MAX, Math.max(BYTES_PER_TOKEN_MIN, ratio)),
      RATIO_LEARNING_RATE,
    ),
  }
}

const promptTokensIn = (usage: Usage): number => usage.inputTokens + usage.cachedInputTokens + usage.cacheWriteTokens

/** Exponentially weighted moving average, one step. */
const moved = (mean: number, value: number, rate: number): number => mean + (value - mean) * rate
