/** Which replica a request should go to: sticky until saturated, as llm-d does it. No I/O. */
import { CHOICE_CANDIDATES_MAX, POOL_MATCHED_BLOCKS_MIN, POOL_WARM_SHARE } from './limits.ts'
import type { Choice, ChoiceReason } from './types.ts'

/** A replica that could take the request. */
export interface Option<R> {
  readonly replica: R
  readonly id: string
  /** Blocks of the prompt that it has. */
  readonly matched: number
  /** Prompt tokens that it would have to compute. */
  readonly uncachedTokens: number
  /** Until it could begin, and its own prefill there, ms. */
  readonly waitMs: number
  readonly prefillMs: number
  /** Requests with it, and blocks in its index: where all else is equal, the emptier one. */
  readonly requests: number
  readonly indexed: number
  readonly inflightTokens: number
}

type Reason = Exclude<ChoiceReason, 'degraded'>

/**
 * Filter → score → pick. `prefillWeight`: what a ms of prefill weighs against one of waiting. `home`: where the prompt's conversation went last, which tells where it may be warm although
 * nothing is known of the prompt. Undefined when there are no options.
 */
export function choose<R>(
  options: readonly Option<R>[],
  blocks: number,
  saturatedMs: number,
  prefillWeight: number,
  home: string | undefined,
): Option<R> | undefined {
  const candidates = filtered(options, blocks, saturatedMs, home)
  const scored = candidates.map((option) => ({ option, costMs: option.waitMs + prefillWeight * option.prefillMs }))
  return picked(scored)
}

/** How a choice came about, for whoever asks. */
export function explained<R>(chosen: Option<R>, options: readonly Option<R>[], blocks: number): Choice {
  const others = options.filter((option) => option !== chosen).slice(0, CHOICE_CANDIDATES_MAX - 1)
  return {
    reason: reasonOf(chosen, options, blocks),
    matchedBlocks: chosen.matched,
    blocks,
    candidates: [chosen, ...others].map(({ id, matched, inflightTokens, requests }) => ({
      replica: id,
      matchedBlocks: matched,
      inflightTokens,
      requests,
    })),
  }
}

/** Affinity counts from so many blocks on; less is chance. */
export const affinityOf = (matched: number): number => (matched >= POOL_MATCHED_BLOCKS_MIN ? matched : 0)

function reasonOf<R>(chosen: Option<R>, options: readonly Option<R>[], blocks: number): Reason {
  if (options.length === 1) return 'only'
  if (isWarm(chosen, blocks)) return 'warm'
  return options.some((option) => isWarm(option, blocks)) ? 'saturated' : 'cold'
}

const isWarm = <R>({ matched }: Option<R>, blocks: number): boolean =>
  affinityOf(matched) > 0 && matched >= POOL_WARM_SHARE * blocks

function filtered<R>(
  options: readonly Option<R>[],
  blocks: number,
  saturatedMs: number,
  home: string | undefined,
): readonly Option<R>[] {
  const warm = options.filter((option) => isWarm(option, blocks))
  if (warm.length === 0) {
    const last = options.find(({ id }) => id === home)
    return last !== undefined && last.waitMs - leastWait(options) <= saturatedMs ? [last] : options
  }
  if (warm.length === options.length) return warm
  const cold = options.filter((option) => !isWarm(option, blocks))
  return leastWait(warm) - leastWait(cold) > saturatedMs ? options : warm
}

const leastWait = <R>(options: readonly Option<R>[]): number =>
  options.reduce((least, { waitMs }) => Math.min(least, waitMs), Number.POSITIVE_INFINITY)

interface Scored<R> {
  readonly option: Option<R>
  readonly costMs: number
}

/** The first content comes soonest, for this one and those to come; then the one with least to do, then the one whose memory is emptiest. */
function picked<R>(scored: readonly Scored<R>[]): Option<R> | undefined {
  let best = scored[0]
  for (const one of scored) {
    if (best !== undefined && compared(one, best) < 0) best = one
  }
  return best?.option
}

function compared<R>(one: Scored<R>, other: Scored<R>): number {
  const ms = one.costMs - other.costMs
  if (Math.abs(ms) > 1) return ms
  return one.option.requests - other.option.requests || one.option.indexed - other.option.indexed
}
