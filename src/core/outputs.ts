/** How much may come out of a request: what its caller bounds it to, and what it is held to where that is reserved. No I/O. */
import { type InferenceRequest, promptBytes } from './inference.ts'
import { promptTokensMax } from './ledger/estimates.ts'
import { COMPLETION_TOKENS_DEFAULT, OUTPUT_TOKENS_ASSUMED_MAX } from './limits.ts'
import type { Target } from './snapshot.ts'
import { promptTokens } from './usage.ts'

/** What is looked at of a request. */
type Asked = Pick<InferenceRequest, 'operation' | 'body' | 'bodyBytes' | 'bodyChars'>

/** The caller's bound on one answer. Of both names the larger: servers differ in which of them they heed. */
export function askedOutputTokens({ operation, body }: Pick<Asked, 'operation' | 'body'>): number | undefined {
  const names = operation === 'chat' ? (['max_completion_tokens', 'max_tokens'] as const) : (['max_tokens'] as const)
  const bounds = names.map((name) => body[name]).filter((bound) => typeof bound === 'number')
  return bounds.length === 0 ? undefined : Math.max(...bounds)
}

/** How many answers are generated: each choice of each prompt is one, `best_of` counts those that are thrown away. */
export function answersOf({ operation, body }: Pick<Asked, 'operation' | 'body'>): number {
  if (operation === 'embeddings' || operation === 'count_tokens' || operation === 'relay') return 0
  const { prompt } = body
  // A list of numbers is one prompt in tokens, any other a list of prompts.
  const prompts =
    operation === 'completions' && Array.isArray(prompt) && typeof prompt[0] !== 'number' ? prompt.length : 1
  return Math.max(1, prompts) * Math.max(choices(body.n), choices(body.best_of))
}

const choices = (value: unknown): number => (Number.isSafeInteger(value) ? Math.max(1, value as number) : 1)

/**
 * The bound of one answer where the caller names none and the worst case is reserved: then this is sent to the target.
 * It leaves room for the prompt in the target's window, which servers insist on: by the prompt's upper bound, or, where
 * that leaves nothing, by half of what an estimate leaves.
 */
export function outputCapOf(request: Asked, { maxOutputTokens, contextWindow }: OutputBounds): number {
  const most = maxOutputTokens ?? OUTPUT_TOKENS_ASSUMED_MAX
  const bound = request.operation === 'completions' ? Math.min(most, COMPLETION_TOKENS_DEFAULT) : most
  if (contextWindow === undefined) return bound
  const roomMin = contextWindow - promptTokensMax({ bytes: request.bodyBytes, chars: request.bodyChars })
  const roomLikely = Math.floor((contextWindow - promptTokens(promptBytes(request))) / 2)
  return Math.min(bound, Math.max(roomMin, roomLikely, 1))
}

type OutputBounds = Pick<Target, 'maxOutputTokens' | 'contextWindow'>
