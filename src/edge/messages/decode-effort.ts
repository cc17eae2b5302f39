/** Anthropic's thinking and effort → OpenAI's `reasoning_effort`. No I/O. */
import { field, isObject } from '../../core/loose.ts'
import type { Drop } from './decode-parts.ts'

type Json = Readonly<Record<string, unknown>>

/**
 * The share of the whole output that may be thinking, up to which an effort is meant. They lie halfway between the
 * shares that an effort stands for where it becomes a budget: 0.2, 0.5 and 0.7.
 */
const LOW_SHARE_MAX = 0.35
const MEDIUM_SHARE_MAX = 0.6

/**
 * `reasoning_effort`, or nothing where the model is to think as it sees fit. A named effort says more than a budget.
 * Thinking that is disabled is what holds anyway; some clients say so in every request, and there are models that refuse
 * a request with an effort of `none`.
 */
export function effortOf({ thinking, output_config, max_tokens }: Json, drop: Drop): Json {
  const type = field(thinking, 'type')
  if (type === 'disabled') return {}
  if (field(thinking, 'display') === 'omitted') drop('thinking.display')
  const effort = field(output_config, 'effort')
  if (typeof effort === 'string') return { reasoning_effort: effort }
  if (!isObject(thinking) || type !== 'enabled') return {}
  const share = Number(thinking.budget_tokens) / Number(max_tokens)
  if (share <= LOW_SHARE_MAX) return { reasoning_effort: 'low' }
  return { reasoning_effort: share <= MEDIUM_SHARE_MAX ? 'medium' : 'high' }
}
