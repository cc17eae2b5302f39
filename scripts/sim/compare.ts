/** The three policies on one trace at one oversubscription: their outcomes, and whether the ledger keeps its promises. No I/O. */
import { seeded } from '../mutants/pick.ts'
import { ledgerPolicy, type Policy, postCharging, type TokenLimit } from './policies.ts'
import { type Outcome, replay } from './replay.ts'
import type { Arrival } from './trace.ts'
import { type Assumptions, requestsOf } from './workload.ts'

/** A limit of a minute, as `perSeconds: 60` has it. */
const PER_MS = 60_000

/** What must be. */
const HARD_WORST_MAX = 1
const ESTIMATED_WORST_MAX = 1.15
const ESTIMATED_USE_MIN = 0.97
/** Of what post-charging is over. */
const ESTIMATED_OVER_SHARE_MAX = 0.5

/** What is compared. */
export interface Scenario {
  /** Offered tokens a minute over the limit. */
  readonly oversubscription: number
  /** How many times the trace is laid over itself. */
  readonly copies: number
  readonly assumed: Assumptions
  readonly seed: number
}

/** A bound and how it was kept. */
export interface Bound {
  readonly text: string
  readonly ok: boolean
}

/** One comparison. */
export interface Comparison {
  readonly oversubscription: number
  readonly copies: number
  readonly tokensPerMinute: number
  readonly outcomes: readonly Outcome[]
  readonly bounds: readonly Bound[]
}

/** Replays the same requests against each policy. */
export function compare(arrivals: readonly Arrival[], scenario: Scenario): Comparison {
  const { oversubscription, copies, assumed, seed } = scenario
  const limit: TokenLimit = {
    amount: Math.round((copies * tokensPerMinute(arrivals)) / oversubscription),
    perMs: PER_MS,
  }
  const run = (policy: Policy) => replay(policy, requestsOf(arrivals, copies, assumed, seeded(seed)), limit)
  const [peers, estimated, hard] = [
    run(postCharging(limit)),
    run(ledgerPolicy(limit, false)),
    run(ledgerPolicy(limit, true)),
  ] as const
  return {
    oversubscription,
    copies,
    tokensPerMinute: limit.amount,
    outcomes: [peers, estimated, hard],
    bounds: boundsOf(peers, estimated, hard),
  }
}

/** Of a trace as it is. */
function tokensPerMinute(arrivals: readonly Arrival[]): number {
  const tokens = arrivals.reduce((sum, { promptTokens, outputTokens }) => sum + promptTokens + outputTokens, 0)
  return (60_000 * tokens) / Math.max(1, arrivals.at(-1)?.atMs ?? 0)
}

/** What was promised of estimated and hard limits, against what peers do. */
export function boundsOf(peers: Outcome, estimated: Outcome, hard: Outcome): Bound[] {
  const share = Math.max(0, estimated.worst - 1) / Math.max(Number.EPSILON, peers.worst - 1)
  return [
    {
      text: `hard: worst ${hard.worst.toFixed(3)} ≤ ${HARD_WORST_MAX.toFixed(2)}`,
      ok: hard.worst <= HARD_WORST_MAX,
    },
    {
      text: `estimated: worst ${estimated.worst.toFixed(3)} ≤ ${ESTIMATED_WORST_MAX}`,
      ok: estimated.worst <= ESTIMATED_WORST_MAX,
    },
    {
      text: `estimated: use ${percent(estimated.use)} ≥ ${percent(ESTIMATED_USE_MIN)}`,
      ok: estimated.use >= ESTIMATED_USE_MIN,
    },
    {
      text: `estimated: ${percent(share)} of what post-charging is over ≤ ${percent(ESTIMATED_OVER_SHARE_MAX)}`,
      ok: share <= ESTIMATED_OVER_SHARE_MAX,
    },
  ]
}

/** A share as people read it. */
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
