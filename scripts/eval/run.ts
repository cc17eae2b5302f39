/** One stream through recall by meaning: which utterances, in which order, judged by whom, and what came of each. */
import { digestTraits, traitsOf } from '../../src/core/semantic/traits.ts'
import type { Member, VectorSpace } from '../../src/core/semantic/types.ts'
import type { TenantPlace } from '../../src/core/tenant.ts'
import { sha256Hex } from '../../src/lib/hash.ts'
import { learnByMeaning, lookByMeaning, type MeaningServices, type Question } from '../../src/recall/meaning.ts'
import { seeded } from '../mutants/pick.ts'
import { type Judge, judgeOf, type KnownAnswer } from './judges.ts'
import { type Loaded, vectorAt } from './load.ts'
import { answerOf, changedLabels, chosen } from './order.ts'

/** What is to be streamed, and how. */
export interface Run {
  /** Has a space of its own. */
  readonly tenant: string
  readonly seed: number
  readonly count: number
  readonly judge: Judge
  /** Share of the labels whose answer changes half-way. */
  readonly drift: number
  readonly maxErrorRate: number
}

/**
 * What came of each request, a letter each: `h` a right hit, `w` a wrong one, `s` a shadow check of what would have
 * been a hit, `a` asked.
 */
export type Outcomes = string

const NONE: ReadonlySet<string> = new Set()
/** Nothing expires while a set is streamed. */
const KEPT_MS = 86_400_000
const TOKEN_CHARS = 8

/** Streams the set. What is drawn at random is the seed's. */
export async function runStream(
  services: Omit<MeaningServices, 'random'>,
  loaded: Loaded,
  run: Run,
): Promise<Outcomes> {
  const { utterances, questions, dimensions } = loaded
  const own: MeaningServices = { ...services, random: seeded(run.seed) }
  const place = placeOf(run.tenant)
  const space = spaceOf(dimensions)
  const order = chosen(utterances.length, run.count, run.seed)
  const changed = changedLabels(utterances, run.drift, run.seed)
  const judge = judgeOf(run.judge, loaded)
  const answers = new Map<string, KnownAnswer>()
  let outcomes = ''
  for (const [index, at] of order.entries()) {
    const utterance = utterances[at] ?? { text: '', label: null }
    const answer = { at, label: answerOf(utterance, at, index * 2 < order.length ? NONE : changed) }
    const traits = digestTraits(traitsOf(utterance.text), (token) => sha256Hex(token).slice(0, TOKEN_CHARS))
    const vector = vectorAt(questions, at, dimensions)
    const question: Question = { place, space, vector, traits, maxErrorRate: run.maxErrorRate }
    const meaning = await lookByMeaning(own, question)
    if (meaning.verdict === 'hit') {
      // A hit is served whatever it is: right or wrong is told by the labels, not by the judge.
      outcomes += answers.get(meaning.candidate?.group ?? '')?.label === answer.label ? 'h' : 'w'
      continue
    }
    outcomes += meaning.verdict === 'shadow' ? 's' : 'a'
    const { right, ...judged } = judge(meaning, answer, answers)
    const self = memberOf(at)
    answers.set(self.id, answer)
    await learnByMeaning(own, meaning, right, self, judged)
  }
  return outcomes
}

/** How a cosine alone would do: served from it on, whatever it is, and what is asked is kept. */
export async function runCosine(
  { vectorIndex }: Pick<MeaningServices, 'vectorIndex'>,
  { utterances, questions, dimensions }: Loaded,
  { tenant, seed, count, cosine }: Pick<Run, 'tenant' | 'seed' | 'count'> & { readonly cosine: number },
): Promise<Outcomes> {
  const place = placeOf(tenant)
  const space = spaceOf(dimensions)
  let outcomes = ''
  for (const at of chosen(utterances.length, count, seed)) {
    const vector = vectorAt(questions, at, dimensions)
    const label = answerOf(utterances[at] ?? { text: '', label: null }, at, NONE)
    const { neighbours } = await vectorIndex.nearest(place, space, vector, 1, KEPT_MS)
    const [nearest] = neighbours
    if (nearest !== undefined && nearest.similarity >= cosine) {
      outcomes += nearest.member.group === label ? 'h' : 'w'
      continue
    }
    outcomes += 'a'
    await vectorIndex.add(place, space, { ...memberOf(at), group: label, traits: {} }, vector)
  }
  return outcomes
}

/** Where a stream is kept: nowhere near another. */
export const placeOf = (tenant: string): TenantPlace => ({ id: tenant, generation: 'eval' })

const spaceOf = (dimensions: number): VectorSpace => ({ route: 'eval', encoder: `minilm/${dimensions}`, scope: 'eval' })

function memberOf(at: number): Omit<Member, 'group' | 'traits'> {
  const atMs = Date.now()
  // As even as the keyed hashes that name members: the decision keeps groups by their first characters.
  return { id: sha256Hex(String(at)), atMs, expiresAtMs: atMs + KEPT_MS, knowledgeVersion: null }
}
