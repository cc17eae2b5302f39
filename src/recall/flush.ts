/** Tells stores what is to be kept and what was served: after the replies, in batches, never in a client's way. */
import { recordableWhole } from '../core/recall/assemble.ts'
import { CACHE_FLUSH_MS, RECORDED_REPLY_BYTES_MAX } from '../core/recall/limits.ts'
import type { CacheNews, KeptAbout, RecordedReply } from '../core/recall/types.ts'
import type { TenantPlace } from '../core/tenant.ts'
import { sleep } from '../lib/clock.ts'
import { utf8 } from '../lib/hash.ts'
import { guarded } from './guarded.ts'
import { remember } from './memory.ts'
import type { Answer, RecallServices } from './types.ts'

/** Sees to a flush where `isDue`: owned by the request that adds, under its `waitUntil`, whatever becomes of its client. */
export function tellSoon(services: RecallServices, place: TenantPlace, isDue: boolean): void {
  if (isDue) services.background(flushAfter(services, place))
}

async function flushAfter(services: RecallServices, place: TenantPlace): Promise<void> {
  const { clock, outbox } = services
  do await sleep(clock, CACHE_FLUSH_MS)
  while (outbox.mayWait(place, clock.now()))
  await flush(services, place)
  // Somebody else's arming request may have died: whoever is awake sees to its news.
  for (const orphan of outbox.orphans(clock.now())) await flush(services, orphan)
}

async function flush(services: RecallServices, place: TenantPlace): Promise<void> {
  const parcel = services.outbox.take(place)
  if (parcel === null) return
  const news: CacheNews[] = parcel.hits.map((hits) => ({ kind: 'hits', ...hits }))
  for (const seal of parcel.sealings) {
    const put = await seal()
    if (put !== null) news.push(put)
  }
  // A failure loses what may be asked for again: nothing is tried twice.
  if (news.length > 0)
    await guarded(services, services.cacheBreaker, 'replies', () => services.replyCache.tell(place, news))
}

/** The reply of an answer as its store takes it, remembered here as well; null where it is not to be kept. */
export async function sealed(services: RecallServices, answer: Answer): Promise<CacheNews | null> {
  const { ticket, usage, costMicroUsd, target, endedAtMs } = answer
  const { key, keyring, operation, place } = ticket
  const body =
    answer.isAssembled && typeof answer.body === 'string' ? answer.body : recordableWhole(operation, answer.body)
  if (body === null) return null
  const reply: RecordedReply = { operation, body, target, usage, costMicroUsd, answeredAtMs: endedAtMs }
  const text = JSON.stringify(reply)
  if (text.length > RECORDED_REPLY_BYTES_MAX || utf8(text).byteLength > RECORDED_REPLY_BYTES_MAX) return null
  const about = aboutOf(answer)
  const { mark } = services.replyCache.know(place, key)
  if (mark !== null) remember(services, key, reply, about.expiresAtMs, mark)
  const value = { key, sealed: await keyring.seal(key, text), about }
  return { kind: 'put', value, leaseId: ticket.lease?.id ?? null }
}

/** What a store is told in clear of an answer. */
function aboutOf({ ticket, usage, costMicroUsd, endedAtMs }: Answer): KeptAbout {
  const { model, ttlSeconds } = ticket
  return {
    kind: 'reply',
    model: model.alias,
    storedAtMs: endedAtMs,
    expiresAtMs: endedAtMs + ttlSeconds * 1000,
    knowledgeVersion: model.config.cache?.knowledgeVersion ?? null,
    savedTokens: usage.inputTokens + usage.cachedInputTokens + usage.cacheWriteTokens + usage.outputTokens,
    savedMicroUsd: costMicroUsd,
  }
}
