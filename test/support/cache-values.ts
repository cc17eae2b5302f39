/** Values of a reply cache, with the least that a test need not say, and tenants that nobody has told anything of. */
import { createHash } from 'node:crypto'
import type { CacheNews, HitKind, KeptAbout, SealedValue } from '../../src/core/recall/types.ts'
import type { ReplyCache, TenantPlace } from '../../src/stores/types.ts'

/** A deadline that no test is to reach. */
export const ASK_MS = 5000

let count = 0

/** A tenant that nobody has told anything of. */
export function freshPlace(more: Partial<TenantPlace> = {}): TenantPlace {
  count += 1
  return { id: `cache${count}`, generation: createHash('md5').update(`${Math.random()}`).digest('hex'), ...more }
}

/** A key as they are: 43 characters of base64url, the first one of one's choice. */
export function keyOf(seed: string | number, first?: string): string {
  const key = createHash('sha256').update(`key ${seed}`).digest('base64url')
  return first === undefined ? key : first + key.slice(1)
}

export function keptValue(key: string, more: Partial<KeptAbout> = {}, sealed = `sealed+${key}/==`): SealedValue {
  const storedAtMs = Date.now()
  const about: KeptAbout = {
    kind: 'reply',
    model: 'chat',
    storedAtMs,
    expiresAtMs: storedAtMs + 3_600_000,
    knowledgeVersion: null,
    savedTokens: 100,
    savedMicroUsd: 25,
    ...more,
  }
  return { key, sealed, about }
}

export const putOf = (value: SealedValue, leaseId: string | null = null): CacheNews => ({ kind: 'put', value, leaseId })
export const hitsOf = (key: string, as: HitKind, times: number): CacheNews => ({ kind: 'hits', key, as, count: times })
export const found = async (cache: ReplyCache, place: TenantPlace, key: string): Promise<SealedValue | null> =>
  (await cache.lookUp(place, key, null, ASK_MS)).found

/** Resolves once the clock has passed a moment. */
export async function passed(atMs: number): Promise<void> {
  while (Date.now() <= atMs) await new Promise((resolve) => setTimeout(resolve, 5))
}
