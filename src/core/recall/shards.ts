/** A tenant's cache in shards: whose key is where, and what is worth how much. No I/O. */
import { CACHE_SHARDS } from './limits.ts'
import type { KeptAbout, PurgeFilter } from './types.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** The shard of a key, 0 … CACHE_SHARDS − 1: keys are base64url of an HMAC, so the first character is as good as any hash. */
export const shardOf = (key: string): number => Math.max(0, ALPHABET.indexOf(key.charAt(0))) % CACHE_SHARDS

/**
 * What a hit saves, > 0, in micro-dollars or what comes near: hardware of one's own has no price and costs all the same,
 * and so does a hop.
 */
export function worthOf({ savedTokens, savedMicroUsd }: Pick<KeptAbout, 'savedTokens' | 'savedMicroUsd'>): number {
  return 1 + Math.max(savedMicroUsd ?? 0, savedTokens / 10)
}

/** Does a value fit every field that a purge names? */
export function fitsFilter(
  { model, storedAtMs, knowledgeVersion }: Pick<KeptAbout, 'model' | 'storedAtMs' | 'knowledgeVersion'>,
  filter: PurgeFilter,
): boolean {
  if (filter.model !== undefined && filter.model !== model) return false
  if (filter.beforeMs !== undefined && storedAtMs >= filter.beforeMs) return false
  return filter.knowledgeVersion === undefined || filter.knowledgeVersion === knowledgeVersion
}
