/** What requests make on their way and others can use: vectors of questions, passages that were found. Kept as replies are. */
import { CACHE_READ_MS } from '../core/recall/limits.ts'
import type { CacheNews, KeptKind } from '../core/recall/types.ts'
import { guarded } from './guarded.ts'
import type { Search } from './search.ts'
import type { RecallServices } from './types.ts'

/** Each kind is under a prefix of its own: no text of one can name a value of another. */
export type MadeKind = Exclude<KeptKind, 'reply'>

/** The key of what was made of a text, and by whom. */
export function keyOf({ keyring }: Pick<Search, 'keyring'>, kind: MadeKind, maker: string, text: string): string {
  return keyring.fingerprint(JSON.stringify([kind, maker, text]))
}

/** What was kept under a key; null where nothing is, or it cannot be had in time. */
export async function kept(
  services: RecallServices,
  { place, keyring }: Pick<Search, 'place' | 'keyring'>,
  key: string,
): Promise<string | null> {
  const { replyCache, cacheBreaker } = services
  if (!replyCache.know(place, key).mayHold) return null
  const ask = () => replyCache.lookUp(place, key, null, CACHE_READ_MS)
  const answer = await guarded(services, cacheBreaker, 'replies', ask)
  if (answer === null || answer.found === null) return null
  return keyring.open(key, answer.found.sealed).catch(() => null)
}

/** The news of a value that was made for a request: it lives as long as that request's reply would. */
export async function madeNews(
  { clock }: RecallServices,
  { model, request, keyring }: Pick<Search, 'model' | 'request' | 'keyring'>,
  kind: MadeKind,
  key: string,
  value: string,
): Promise<CacheNews> {
  const storedAtMs = clock.now()
  const { ttlSeconds = 0, knowledgeVersion = null } = model.config.cache ?? {}
  const about = {
    kind,
    model: model.alias,
    storedAtMs,
    expiresAtMs: storedAtMs + (request.cacheTtlSeconds ?? ttlSeconds) * 1000,
    // A vector is the same whatever is known besides.
    knowledgeVersion: kind === 'retrieval' ? knowledgeVersion : null,
    savedTokens: 0,
    savedMicroUsd: null,
  }
  return { kind: 'put', value: { key, sealed: await keyring.seal(key, value), about }, leaseId: null }
}
