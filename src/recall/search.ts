/** One look-up: what it is of, the reply that is found, and the hit that is made of it. */
import type { InferenceRequest } from '../core/inference.ts'
import { CACHE_READ_MS } from '../core/recall/limits.ts'
import type { Remembered } from '../core/recall/remembered.ts'
import type { HitKind } from '../core/recall/types.ts'
import type { Model } from '../core/snapshot.ts'
import type { TenantPlace } from '../core/tenant.ts'
import type { CacheKeyring } from '../vault/types.ts'
import type { Recallable } from './cacheability.ts'
import { tellSoon } from './flush.ts'
import { guarded } from './guarded.ts'
import { fromMemory, opened } from './memory.ts'
import type { Asking, Embedder, Hit, Judge, RecallServices } from './types.ts'

/** What the gateway says of a request besides itself. */
export interface RecallOptions {
  /** Will it be asked of a target if nothing is found? Only then can it lead others. */
  readonly canLead: boolean
  /** Makes vectors of questions; null where the deployment has none who does. */
  readonly embedder: Embedder | null
  /** Compares answers; null where the model's policy names nobody. */
  readonly judge: Judge | null
}

/** One look-up. */
export interface Search extends RecallOptions {
  readonly request: InferenceRequest
  readonly model: Model
  readonly caller: Asking
  readonly place: TenantPlace
  readonly keyring: CacheKeyring
  readonly key: string
  readonly may: Recallable
  readonly client: AbortSignal
}

/** A reply by its key, from memory or from the store; null where there is none to be had. */
export async function fetched(
  services: RecallServices,
  { place, keyring }: Pick<Search, 'place' | 'keyring'>,
  key: string,
): Promise<Remembered | null> {
  const known = fromMemory(services, place, key)
  if (known !== null) return known
  const ask = () => services.replyCache.lookUp(place, key, null, CACHE_READ_MS)
  const reply = await guarded(services, services.cacheBreaker, 'replies', ask)
  return reply === null ? null : opened(services, place, keyring, reply)
}

/** Counts a hit and makes it of what is remembered. */
export function hitOf(
  services: RecallServices,
  place: TenantPlace,
  key: string,
  as: HitKind,
  { reply, prepared }: Remembered,
  similarity: number | null = null,
): Hit {
  const nowMs = services.clock.now()
  tellSoon(services, place, services.outbox.hit(place, key, as, nowMs))
  return { as, reply, prepared, ageS: Math.max(0, Math.floor((nowMs - reply.answeredAtMs) / 1000)), similarity }
}
