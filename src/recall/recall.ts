/** The stage that answers what was answered before: from memory at once, from the store, behind a leader, by meaning. */
import type { Client, InferenceRequest } from '../core/inference.ts'
import type { Model } from '../core/snapshot.ts'
import { placeOf } from '../core/tenant.ts'
import type { CacheKeyring } from '../vault/types.ts'
import { askByMeaning } from './by-meaning.ts'
import { recallable } from './cacheability.ts'
import { fingerprintText } from './fingerprint.ts'
import { follow, keepLease } from './follow.ts'
import { letGo } from './keep.ts'
import { fromMemory } from './memory.ts'
import { fetched, hitOf, type RecallOptions, type Search } from './search.ts'
import type { Asking, Hit, Lease, Recall, RecallServices, Ticket } from './types.ts'

/**
 * Looks for an answer. From memory, and where nothing may be recalled, at once and without a promise. Never rejects: a
 * store that cannot tell is a miss. What it leaves in a ticket is to be given to `keep` with the outcome.
 */
export function recall(
  services: RecallServices,
  { caller }: { readonly caller: Asking },
  request: InferenceRequest,
  model: Model,
  options: RecallOptions,
  client: Client,
): Recall | Promise<Recall> {
  const may = recallable(request, model.config.cache)
  if (may.reason !== null) return { kind: 'bypass', reason: may.reason }
  const place = placeOf(caller)
  const keyring = services.cacheKeys.keysOf(caller, place)
  const begin = (keys: CacheKeyring): Recall | Promise<Recall> => {
    const key = keyOf(request, model, caller, keys)
    const known = may.read && may.exact ? fromMemory(services, place, key) : null
    if (known !== null) return { kind: 'hit', hit: hitOf(services, place, key, 'hit', known) }
    const search = { ...options, request, model, caller, place, keyring: keys, key, may, client: client.signal }
    return look(services, search)
  }
  return keyring instanceof Promise ? keyring.then(begin, () => NO_KEYS) : begin(keyring)
}

/** The key of a body that came before, as the same object, for the same caller: reading and hashing it costs a third of a hit. */
interface Keyed {
  readonly model: Model
  readonly keys: CacheKeyring
  readonly keyId: string
  readonly user: string | undefined
  readonly key: string
}

const keyed = new WeakMap<InferenceRequest['body'], Keyed>()

/** The key of a request in every store. */
export function keyOf(request: InferenceRequest, model: Model, caller: Asking, keys: CacheKeyring): string {
  const { body, user } = request
  const keyId = caller.key.id
  const known = keyed.get(body)
  if (known?.model === model && known.keys === keys && known.keyId === keyId && known.user === user) return known.key
  const key = keys.fingerprint(fingerprintText(request, model, caller))
  keyed.set(body, { model, keys, keyId, user, key })
  return key
}

/** The tenant's secret cannot be had at the moment. */
const NO_KEYS: Recall = { kind: 'bypass', reason: 'no-keys' }

async function look(services: RecallServices, search: Search): Promise<Recall> {
  const { may, client, model } = search
  // `live` waits like `wait`: a stream in the making can only be shared by an object that owns it.
  const coalesces = may.exact && may.read && may.write && search.canLead && model.config.cache?.coalesce !== 'off'
  let lease: Lease | null = null
  if (may.exact && may.read) {
    const found = coalesces ? await follow(services, search) : await stored(services, search)
    if (found === 'cancelled') return { kind: 'cancelled' }
    if (found !== null && 'lead' in found) lease = keepLease(services, search, found.lead)
    else if (found !== null) return { kind: 'hit', hit: found }
  }
  const byMeaning = await askByMeaning(services, search)
  const ticket = ticketOf(search, lease, byMeaning.asked)
  if (client.aborted) {
    if (ticket !== null) letGo(services, ticket, 'lead')
    return { kind: 'cancelled' }
  }
  if (byMeaning.hit === null) return { kind: 'miss', ticket }
  // Whoever waited asks by meaning for itself: the key under which this answer lies is another one.
  if (ticket !== null) letGo(services, ticket, 'alone')
  return { kind: 'hit', hit: byMeaning.hit }
}

function ticketOf(search: Search, lease: Lease | null, asked: Ticket['asked']): Ticket | null {
  const { may, model, request, place, key, keyring } = search
  if (!may.write) return null
  const ttlSeconds = request.cacheTtlSeconds ?? model.config.cache?.ttlSeconds ?? 0
  return { place, key, keyring, operation: request.operation, model, ttlSeconds, lease, asked }
}

/** What the store has, where it may have it. */
async function stored(services: RecallServices, search: Search): Promise<Hit | null> {
  const { place, key } = search
  if (!services.replyCache.know(place, key).mayHold) return null
  const known = await fetched(services, search, key)
  return known === null ? null : hitOf(services, place, key, 'hit', known)
}
