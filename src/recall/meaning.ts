/** Recall by meaning, between the vector of a question and the verdict, and back from a judgement to what was learned. */

import { NEAREST_MS, NEIGHBOURS } from '../core/recall/limits.ts'
import type { Candidate } from '../core/semantic/decision.ts'
import { candidateOf, decide } from '../core/semantic/decision.ts'
import type { Member, Observation, Traits, VectorSpace } from '../core/semantic/types.ts'
import type { TenantPlace } from '../core/tenant.ts'
import type { SemanticRoutes, VectorIndex } from '../stores/types.ts'

/** What it stands on. */
export interface MeaningServices {
  readonly vectorIndex: Pick<VectorIndex, 'nearest' | 'add'>
  readonly semanticRoutes: Pick<SemanticRoutes, 'look' | 'learn'>
  readonly random: () => number
}

/** A question, as it is asked of the stores. */
export interface Question {
  readonly place: TenantPlace
  readonly space: VectorSpace
  readonly vector: Float32Array
  /** Hashed. */
  readonly traits: Traits
  readonly maxErrorRate: number
}

/** What was found of a question, and what is to be done. */
export interface Meaning {
  readonly question: Question
  readonly candidate: Candidate | null
  /** `shadow`: it would be served, and is asked all the same, to see whether it would have been right. */
  readonly verdict: 'hit' | 'shadow' | 'ask'
  /** How much a judgement of it counts. */
  readonly weight: number
  /** Would a judgement teach anything? */
  readonly isTelling: boolean
}

/** Looks for a question whose answer is this one's, too. Rejects when the stores cannot tell. */
export async function lookByMeaning(services: MeaningServices, question: Question): Promise<Meaning> {
  const { vectorIndex, semanticRoutes, random } = services
  const { place, space, vector, traits, maxErrorRate } = question
  const { neighbours, facts } = await vectorIndex.nearest(place, space, vector, NEIGHBOURS, NEAREST_MS)
  if (neighbours.length === 0) return { question, candidate: null, verdict: 'ask', weight: 1, isTelling: false }
  const groups = [...new Set(neighbours.map(({ member }) => member.group))]
  const known = facts ?? (await semanticRoutes.look(place, space, groups, NEAREST_MS))
  const candidate = candidateOf(neighbours, traits, known)
  if (candidate === null) return { question, candidate, verdict: 'ask', weight: 1, isTelling: false }
  const { verdict, shadowShare, judge } = decide(candidate, known.state, maxErrorRate)
  if (verdict === 'ask') return { question, candidate, verdict, weight: 1, isTelling: judge }
  const isShadow = random() < shadowShare
  return {
    question,
    candidate,
    verdict: isShadow ? 'shadow' : 'hit',
    weight: isShadow ? 1 / shadowShare : 1,
    isTelling: isShadow,
  }
}

/**
 * Takes the question into the group of its candidate, where the judgement was `right`; else it founds one of its own,
 * named by itself. A judgement teaches the route; `null`: there was none.
 */
export async function learnByMeaning(
  { vectorIndex, semanticRoutes }: MeaningServices,
  { question, candidate, weight }: Meaning,
  right: boolean | null,
  self: Omit<Member, 'group' | 'traits'>,
): Promise<void> {
  const { place, space, vector, traits, maxErrorRate } = question
  const group = right === true && candidate !== null ? candidate.group : self.id
  await vectorIndex.add(place, space, { ...self, group, traits }, vector)
  const observations: Observation[] =
    right === null || candidate === null
      ? []
      : [
          {
            group: candidate.group,
            features: candidate.features,
            disagreements: candidate.disagreements,
            right,
            weight,
            atMs: self.atMs,
          },
        ]
  const { route, encoder } = space
  await semanticRoutes.learn(place, { route, encoder }, maxErrorRate, observations, group)
}
