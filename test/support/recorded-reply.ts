/** Replies as they are kept, made of whole ones. */
import type { Operation } from '../../src/core/inference.ts'
import type { RecordedReply } from '../../src/core/recall/types.ts'

/** What every one of them took. */
export const REPLAYED_USAGE = {
  inputTokens: 8,
  cachedInputTokens: 2,
  cacheWriteTokens: 1,
  outputTokens: 5,
  reasoningTokens: 3,
  source: 'provider',
} as const

/** A reply that was kept. */
export const recordedReply = (body: object, operation: Operation = 'chat'): RecordedReply => ({
  operation,
  body: JSON.stringify(body),
  target: 'p/m',
  usage: REPLAYED_USAGE,
  costMicroUsd: 1,
  answeredAtMs: 0,
})

/** Tokens of a text with their log probabilities: one a character, or so many that there are a few hundred. */
export const tokensOf = (whole: string) =>
  (whole.match(whole.length < 1000 ? /./gsu : /.{1,20}/gsu) ?? []).map((token) => ({
    token,
    logprob: -0.5,
    top_logprobs: [],
  }))
