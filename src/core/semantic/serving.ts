/** Which candidates a route serves: from which score on, of which groups, and how many of them it asks all the same. No I/O. */
import { OBSERVATIONS_MIN, SHADOW_SHARE } from '../recall/limits.ts'
import { NO_EVIDENCE, thresholdOf } from './evidence.ts'
import { probabilityOf } from './logistic.ts'
import { type DecisionState, shortName } from './state.ts'
import type { GuardKind } from './types.ts'

/** Share of hits that is asked: grows with the doubt in them, as is best for a sample that must tell a mean (Neyman 1934). */
const SHADOW_SHARE_PER_DOUBT = 0.2
/** … while the latest checks make a drift likely. */
const SUSPICIOUS_SHARE = 0.2

/** The last threshold there was; while a drift is suspected none above it, for what it let through is in question. */
export function lastServed(known: DecisionState, maxErrorRate: number): number | null {
  const from = servedFrom(known, [], maxErrorRate) ?? known.served
  return from !== null && known.served !== null && known.suspicion > 0 ? Math.min(from, known.served) : from
}

/** The score from which a candidate with these disagreements is served; null: from none. */
export function servedFrom(known: DecisionState, kinds: readonly GuardKind[], maxErrorRate: number): number | null {
  if (known.observations < OBSERVATIONS_MIN) return null
  const needed = [known.evidence, ...kinds.map((kind) => known.kinds[kind] ?? NO_EVIDENCE)]
  const scores = needed.map((evidence) => thresholdOf(evidence, maxErrorRate)?.score ?? null)
  return scores.reduce((one, other) => (one === null || other === null ? null : Math.max(one, other)), 0)
}

/** Is a disagreement of this kind let through at this score? */
export function isPassed(known: DecisionState, kind: GuardKind, score: number, maxErrorRate: number): boolean {
  const threshold = thresholdOf(known.kinds[kind] ?? NO_EVIDENCE, maxErrorRate)
  return threshold !== null && score >= threshold.score
}

/** A group that was wrong, or is not known to be right any more, must be asked first. */
export function isGated({ debts, proved }: DecisionState, name: string): boolean {
  const group = shortName(name)
  return (debts.get(group) ?? 0) > 0 || (proved !== null && !proved.has(group))
}

/** Share of would-be hits with this score that is asked all the same. */
export function shareOf({ suspicion }: DecisionState, score: number): number {
  const share = SHADOW_SHARE + SHADOW_SHARE_PER_DOUBT * Math.sqrt(probabilityOf(-score))
  return suspicion > 0 ? Math.max(share, SUSPICIOUS_SHARE) : share
}
