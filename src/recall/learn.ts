/** What an answer teaches: was the answer that a semantic hit would have served the same one? */
import { answerText } from '../core/recall/answer-text.ts'
import { ANSWER_CHARS_COMPARED_MAX, JUDGED_COSINE_MIN, OTHER_GROUPS_COMPARED_MAX } from '../core/recall/limits.ts'
import type { Candidate } from '../core/semantic/decision.ts'
import { equalAnswers } from '../core/semantic/judge.ts'
import { guarded } from './guarded.ts'
import { type Judged, learnByMeaning, type Meaning } from './meaning.ts'
import { fetched } from './search.ts'
import type { Answer, AskedByMeaning, RecallServices } from './types.ts'

/** Judges the candidate by the answer that was given instead, and takes the question in. Never rejects. */
export async function learnFrom(
  services: RecallServices,
  answer: Answer,
  { meaning, embedder, judge }: AskedByMeaning,
): Promise<void> {
  const { ticket, endedAtMs } = answer
  const { candidate, isTelling } = meaning
  const judgement =
    candidate === null || !isTelling ? null : await judged(services, answer, candidate, meaning, { embedder, judge })
  const self = {
    id: ticket.key,
    atMs: endedAtMs,
    expiresAtMs: endedAtMs + ticket.ttlSeconds * 1000,
    knowledgeVersion: ticket.model.config.cache?.knowledgeVersion ?? null,
  }
  const { right = null, ...more } = judgement ?? {}
  await guarded(services, services.vectorBreaker, 'vectors', () => learnByMeaning(services, meaning, right, self, more))
}

interface Judgement extends Judged {
  readonly right: boolean
}

/** Null where it cannot be told: there is nothing to compare, or nobody who compares it. */
async function judged(
  services: RecallServices,
  { ticket, body }: Answer,
  { group, others }: Candidate,
  { question, answerCut }: Meaning,
  { embedder, judge }: Pick<AskedByMeaning, 'embedder' | 'judge'>,
): Promise<Judgement | null> {
  const given = answerText(typeof body === 'string' ? body : new TextDecoder().decode(body))
  const textOf = async (of: string): Promise<string | null> => {
    const known = await fetched(services, ticket, of)
    return known === null ? null : answerText(known.reply.body)
  }
  const kept = await textOf(group)
  if (kept === null) {
    // Its answer has left the store: nobody can be served from it any more.
    await guarded(services, services.vectorBreaker, 'vectors', () =>
      services.vectorIndex.dropGroup(ticket.place, question.space, group),
    )
    return null
  }
  if (equalAnswers(given, kept)) return { right: true }
  for (const other of others.slice(0, OTHER_GROUPS_COMPARED_MAX)) {
    const text = await textOf(other)
    if (text !== null && equalAnswers(given, text)) return { right: false, sameAs: other }
  }
  const texts = [given, kept].map((text) => text.slice(0, ANSWER_CHARS_COMPARED_MAX))
  const [one, two] = (await embedder.embed(texts)) ?? []
  if (one === undefined || two === undefined) return null
  const answerCosine = one.reduce((sum, value, index) => sum + value * (two[index] ?? 0), 0)
  // Near, but not as near as the same answers are to each other on this route: here another opinion is worth its price.
  const isUnclear = answerCosine >= JUDGED_COSINE_MIN && answerCosine < answerCut
  const [first = '', second = ''] = texts
  const told = isUnclear && judge !== null ? await judge.isSame(first, second) : null
  return { right: told ?? answerCosine >= answerCut, answerCosine }
}
