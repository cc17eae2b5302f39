/** What an answer teaches: was the answer that a semantic hit would have served the same one? */

import { guarded } from './guarded.ts'
import { learnByMeaning } from './meaning.ts'
import { fetched } from './search.ts'
import type { Answer, AskedByMeaning, Embedder, RecallServices } from './types.ts'

/** Judges the candidate by the answer that was given instead, and takes the question in. Never rejects. */
export async function learnFrom(
  services: RecallServices,
  answer: Answer,
  { meaning, embedder }: AskedByMeaning,
): Promise<void> {
  const { ticket, endedAtMs } = answer
  const { candidate, isTelling, question } = meaning
  let right: boolean | null = null
  if (candidate !== null && isTelling) {
    const known = await fetched(services, ticket, candidate.group)
    if (known !== null) right = await isSame(answer, known.reply.body, embedder)
    else
      await guarded(services, services.vectorBreaker, 'vectors', () =>
        services.vectorIndex.dropGroup(ticket.place, question.space, candidate.group),
      )
  }
  const self = {
    id: ticket.key,
    atMs: endedAtMs,
    expiresAtMs: endedAtMs + ticket.ttlSeconds * 1000,
    knowledgeVersion: ticket.model.config.cache?.knowledgeVersion ?? null,
  }
  await guarded(services, services.vectorBreaker, 'vectors', () => learnByMeaning(services, meaning, right, self))
}
async function isSame(_a: Answer, _b: string, _e: Embedder): Promise<boolean | null> {
  return null
}
