/** Is an answer that is known the answer to this question, too? Decided by score, bounded in its error, learned online. No I/O. */

/*
 * ALGORITHMS of recall by meaning: a candidate's score is the log-odds of being right, by a logistic model that every
 * judgement improves. It is served from the lowest score on at which the error among hits keeps its bound. Every
 * judgement is scored before the model learns of it, so the bound is told of candidates that the model had not seen.
 * A share of would-be hits is asked all the same; what they tell counts for all the hits of their kind.
 */
import { OBSERVATIONS_MIN } from '../recall/limits.ts'
import { errorFrom, faded, NO_EVIDENCE, type Threshold, thresholdOf, withJudgement } from './evidence.ts'
import type { Candidate } from './features.ts'
import { cutOf, withCosine } from './judge.ts'
import { logitOf, updated } from './logistic.ts'
import { isGated, isPassed, lastServed, servedFrom, shareOf } from './serving.ts'
import { type DecisionState, readState, shortName, writeState } from './state.ts'
import type { Observation } from './types.ts'

export { type Candidate, candidateOf } from './features.ts'

export interface Decision {
  readonly verdict: 'hit' | 'ask'
  /** Log-odds of being right. */
  readonly score: number
  /** From which score such a candidate is served; null: from none. */
  readonly threshold: number | null
  /** Share of such hits that is asked all the same: the caller draws, and the observation then weighs 1/share. */
  readonly shadowShare: number
  /** Is the answer worth a judgement, where it is asked? */
  readonly judge: boolean
  /** Cosine of two answers' embeddings from which they are the same to this route. */
  readonly answerCut: number
}

/** A threshold that went up because too much behind it was wrong. */
export interface Raised {
  readonly from: number
  /** Null: nothing is served for the time being. */
  readonly to: number | null
  /** Among would-be hits from the former threshold on. */
  readonly errorRate: number
  readonly errorBound: number
}

/** The error rate of would-be hits after a drift that is to be found at once; and how much must speak for it, in nats. */
const DRIFTED_ERROR_RATE = 0.1
const DRIFTED_FACTOR = 5
const DRIFT_EVIDENCE = 6
/** What is left of the evidence from before a drift. */
const KEPT_AFTER_DRIFT = 0.05
/** Right judgements that a group owes after a wrong would-be hit, and at most. */
const DEBT_PER_WRONG = 2
const DEBT_MAX = 4
/** A shadow check teaches the model no more than so many judgements. */
const TEACHING_WEIGHT_MAX = 2
/** Groups that are kept in mind. */
const GROUPS_MAX = 1000
/** Less likely to be right: a judgement would tell nothing. */
const JUDGE_SCORE_MIN = -4

/** Decides of one candidate. Below OBSERVATIONS_MIN nothing is a hit. */
export function decide(candidate: Candidate, state: string | null, maxErrorRate: number): Decision {
  const known = readState(state)
  const score = logitOf(known.model.weights, candidate.features)
  const threshold = servedFrom(known, candidate.disagreements, maxErrorRate)
  const isHit = threshold !== null && score >= threshold && !isGated(known, candidate.group)
  return {
    verdict: isHit ? 'hit' : 'ask',
    score,
    threshold,
    shadowShare: shareOf(known, score),
    judge: isHit || score >= JUDGE_SCORE_MIN || known.observations < OBSERVATIONS_MIN,
    answerCut: cutOf(known.cosines),
  }
}

/** Learns of judgements, the oldest first. */
export function learn(
  state: string | null,
  observations: readonly Observation[],
  maxErrorRate: number,
): { readonly state: string; readonly raised: Raised | null } {
  const before = readState(state)
  let known = before
  let isWrong = false
  const from = servedFrom(before, [], maxErrorRate)
  for (const observation of observations) {
    const score = logitOf(known.model.weights, observation.features)
    isWrong ||= !observation.right && from !== null && score >= from
    known = withObservation(known, observation, score, maxErrorRate)
  }
  const threshold = known.observations < OBSERVATIONS_MIN ? null : thresholdOf(known.evidence, maxErrorRate)
  const measured = threshold ?? errorFrom(known.evidence, from ?? 0)
  known = {
    ...known,
    threshold: threshold?.score ?? null,
    errorRate: measured?.errorRate ?? null,
    errorBound: measured?.errorBound ?? null,
  }
  return { state: writeState(known), raised: isWrong && from !== null ? raisedFrom(from, threshold, known) : null }
}

/** How a route stands, as it was at its last observation. */
export function viewOf(
  state: string | null,
): Pick<DecisionState, 'observations' | 'threshold' | 'errorRate' | 'errorBound'> {
  const { observations, threshold, errorRate, errorBound } = readState(state)
  return { observations, threshold, errorRate, errorBound }
}

function withObservation(
  known: DecisionState,
  observation: Observation,
  score: number,
  maxErrorRate: number,
): DecisionState {
  const { right, weight, features, disagreements, answerCosine } = observation
  const group = shortName(observation.group)
  const isGatedNow = isGated(known, group)
  const from = servedFrom(known, disagreements, maxErrorRate)
  const wasHit = !isGatedNow && from !== null && score >= from
  const served = lastServed(known, maxErrorRate)
  const judged: DecisionState = {
    ...known,
    observations: known.observations + 1,
    served,
    debts: debtsAfter(known.debts, group, right, wasHit || isGatedNow || weight > 1),
    proved: known.proved === null ? null : provedAfter(known.proved, group, right),
    cosines: answerCosine === undefined ? known.cosines : withCosine(known.cosines, answerCosine),
  }
  // What a gated group gets wrong is known of it already: it must not speak against all the others.
  if (isGatedNow) return judged
  const kinds = Object.fromEntries(
    disagreements.map((kind) => [kind, withJudgement(known.kinds[kind] ?? NO_EVIDENCE, score, right, weight)]),
  )
  const isLetThrough = disagreements.every((kind) => isPassed(known, kind, score, maxErrorRate))
  // What its disagreements keep from being served is none of the hits, whose error is foreseen and bounded.
  if (!isLetThrough) return { ...judged, kinds: { ...known.kinds, ...kinds } }
  const learned: DecisionState = {
    ...judged,
    model: updated(known.model, features, right, Math.min(weight, TEACHING_WEIGHT_MAX)),
    evidence: withJudgement(known.evidence, score, right, weight),
    kinds: { ...known.kinds, ...kinds },
  }
  return served !== null && score >= served ? checked(learned, right, maxErrorRate) : learned
}

/**
 * Page's cumulative sum (1954) of what each would-be hit that was asked says for a drift and against it; past its
 * bound, a drift is found. Would-be hits are told by the last threshold there was: errors may have ended it since.
 */
function checked(known: DecisionState, right: boolean, maxErrorRate: number): DecisionState {
  const drifted = Math.max(DRIFTED_ERROR_RATE, Math.min(maxErrorRate * DRIFTED_FACTOR, 1 / 2))
  const says = right ? Math.log((1 - drifted) / (1 - maxErrorRate)) : Math.log(drifted / maxErrorRate)
  const suspicion = Math.max(0, known.suspicion + says)
  if (suspicion <= DRIFT_EVIDENCE) return { ...known, suspicion }
  return {
    ...known,
    suspicion: 0,
    served: null,
    proved: new Set(),
    evidence: faded(known.evidence, KEPT_AFTER_DRIFT),
    kinds: Object.fromEntries(
      Object.entries(known.kinds).map(([kind, evidence]) => [kind, faded(evidence, KEPT_AFTER_DRIFT)]),
    ),
  }
}

function debtsAfter(
  debts: ReadonlyMap<string, number>,
  group: string,
  right: boolean,
  counts: boolean,
): ReadonlyMap<string, number> {
  const debt = debts.get(group) ?? 0
  if (right ? debt === 0 : !counts) return debts
  const left = right ? debt - 1 : Math.min(DEBT_MAX, debt + DEBT_PER_WRONG)
  const others = [...debts].filter(([name]) => name !== group)
  return new Map(left === 0 ? others : [...others, [group, left] as const].slice(-GROUPS_MAX))
}

function provedAfter(proved: ReadonlySet<string>, group: string, right: boolean): ReadonlySet<string> {
  const others = [...proved].filter((name) => name !== group)
  return new Set(right ? [...others, group].slice(-GROUPS_MAX) : others)
}

function raisedFrom(from: number, to: Threshold | null, { evidence }: DecisionState): Raised | null {
  if (to !== null && to.score <= from) return null
  const { errorRate, errorBound } = errorFrom(evidence, from) ?? { errorRate: 1, errorBound: 1 }
  return { from, to: to?.score ?? null, errorRate, errorBound }
}
