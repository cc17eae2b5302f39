/** Single-flight of streams: the name under which identical requests meet, where they may. */
import type { InferenceRequest } from '../core/inference.ts'
import type { Model } from '../core/snapshot.ts'
import { placeOf } from '../core/tenant.ts'
import type { CacheKeyring } from '../vault/types.ts'
import { recallable } from './cacheability.ts'
import { fromMemory } from './memory.ts'
import { keyOf } from './recall.ts'
import { fetched } from './search.ts'
import type { Asking, RecallServices } from './types.ts'

/**
 * The key of a request that may be answered along with others; null where it is to be answered by itself: its model's
 * policy says so, it may not be recalled, it has bounds of its own, or its answer is there already.
 */
export function flightOf(
  services: RecallServices,
  caller: Asking,
  request: InferenceRequest,
  model: Model,
): string | null | Promise<string | null> {
  if (model.config.cache?.coalesce !== 'live') return null
  // Who sets bounds of their own must neither be held to another's, nor hold others to theirs.
  const { timeoutMs, firstTokenMs, maxWaitMs } = request
  if (timeoutMs !== undefined || firstTokenMs !== undefined || maxWaitMs !== undefined) return null
  const may = recallable(request, model.config.cache)
  if (!may.exact || !may.read || !may.write) return null
  const place = placeOf(caller)
  const keyIn = (keyring: CacheKeyring): string | null | Promise<string | null> => {
    const key = keyOf(request, model, caller, keyring)
    if (fromMemory(services, place, key) !== null) return null
    if (!services.replyCache.know(place, key).mayHold) return key
    // What is found is in memory from then on, where the path will find it.
    return fetched(services, { place, keyring }, key).then((found) => (found === null ? key : null))
  }
  const keyring = services.cacheKeys.keysOf(caller, place)
  return keyring instanceof Promise ? keyring.then(keyIn, () => null) : keyIn(keyring)
}
