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
  /** Cosine of two answers' embeddings from which they are the same to this route. */
  readonly answerCut: number
}

/** What a judgement tells besides right and wrong. */
export interface Judged {
  /** Another group among the neighbours whose answer it was, where it was not the candidate's. */
  readonly sameAs?: string | null
  /** Between the answer and the candidate's, where it took that to judge. */
  readonly answerCosine?: number | undefined
}

const NOTHING = { candidate: null, verdict: 'ask', weight: 1, isTelling: false, answerCut: 1 } as const

/** Looks for a question whose answer is this one's, too. Rejects when the stores cannot tell. */
export async function lookByMeaning(services: MeaningServices, question: Question): Promise<Meaning> {
  const { vectorIndex, semanticRoutes, random } = services
  const { place, space, vector, traits, maxErrorRate } = question
  const { neighbours, facts } = await vectorIndex.nearest(place, space, vector, NEIGHBOURS, NEAREST_MS)
  if (neighbours.length === 0) return { question, ...NOTHING }
  const groups = [...new Set(neighbours.map(({ member }) => member.group))]
  const known = facts ?? (await semanticRoutes.look(place, space, groups, NEAREST_MS))
  const candidate = candidateOf(neighbours, traits, known)
  if (candidate === null) return { question, ...NOTHING }
  const { verdict, shadowShare, judge, answerCut } = decide(candidate, known.state, maxErrorRate)
  if (verdict === 'ask') return { question, candidate, verdict, weight: 1, isTelling: judge, answerCut }
  const isShadow = random() < shadowShare
  return {
    question,
    candidate,
    verdict: isShadow ? 'shadow' : 'hit',
    weight: isShadow ? 1 / shadowShare : 1,
    isTelling: isShadow,
    answerCut,
  }
}

/**
 * Takes the question into the group of its candidate, where the judgement was `right`, or into another one that has its
 * answer; else it founds one of its own, named by itself. A judgement teaches the route; `null`: there was none.
 */
export async function learnByMeaning(
  { vectorIndex, semanticRoutes }: MeaningServices,
  { question, candidate, weight }: Meaning,
  right: boolean | null,
  self: Omit<Member, 'group' | 'traits'>,
  { sameAs = null, answerCosine }: Judged = {},
): Promise<void> {
  const { place, space, vector, traits, maxErrorRate } = question
  const group = right === true && candidate !== null ? candidate.group : (sameAs ?? self.id)
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
            answerCosine,
            atMs: self.atMs,
          },
        ]
  const { route, encoder } = space
  await semanticRoutes.learn(place, { route, encoder }, maxErrorRate, observations, group)
}
