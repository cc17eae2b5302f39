/** The isolate's own level: replies in memory, served only while their store has confirmed that nothing was purged. */

import type { Remembered } from '../core/recall/remembered.ts'
import { prepare } from '../core/recall/replay.ts'
import type { RecordedReply } from '../core/recall/types.ts'
import { VaultError } from '../core/sealed.ts'
import type { TenantPlace } from '../core/tenant.ts'
import type { CacheLookUp } from '../stores/types.ts'
import type { CacheKeyring } from '../vault/types.ts'
import type { RecallServices } from './types.ts'

/** What an entry takes besides its text, about; its text is there twice, as it came and prepared. */
const ENTRY_BYTES = 1024

/** A reply that is in memory and may be served; null where it must be asked for. */
export function fromMemory(
  { memory, replyCache, clock }: RecallServices,
  place: TenantPlace,
  key: string,
): Remembered | null {
  const known = memory.get(key)
  if (known === undefined) return null
  if (known.expiresAtMs > clock.now()) {
    const { mark } = replyCache.know(place, key)
    if (mark === known.mark) return known
    // Not known well enough to be served, but perhaps not purged either: the store will tell.
    if (mark === null) return null
  }
  memory.delete(key)
  return null
}

/** Keeps a reply in memory. */
export function remember(
  services: RecallServices,
  key: string,
  reply: RecordedReply,
  expiresAtMs: number,
  mark: string,
): Remembered {
  const remembered = { reply, prepared: prepare(reply), expiresAtMs, mark }
  services.memory.set(key, remembered, 2 * reply.body.length + ENTRY_BYTES)
  return remembered
}

/** Opens what a store has found. Null, and the store is told, where it does not open: it was damaged or changed. */
export async function opened(
  services: RecallServices,
  place: TenantPlace,
  keyring: CacheKeyring,
  { found, mark }: CacheLookUp,
): Promise<Remembered | null> {
  if (found === null) return null
  try {
    const reply = JSON.parse(await keyring.open(found.key, found.sealed)) as RecordedReply
    return remember(services, found.key, reply, found.about.expiresAtMs, mark)
  } catch (error) {
    if (!(error instanceof VaultError) && !(error instanceof SyntaxError)) throw error
    services.log({ level: 'warn', event: 'cached-reply-corrupt', tenant: place.id })
    services.background(services.replyCache.tell(place, [{ kind: 'corrupt', key: found.key }]).catch(() => undefined))
    return null
  }
}
