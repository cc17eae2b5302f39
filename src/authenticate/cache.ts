/** What one isolate knows of keys and tenants: confirmed every few seconds, bounded, values only (PLATFORM: no promises). */
import {
  AUTH_CACHE_ENTRIES_MAX,
  AUTH_FRESH_MS,
  AUTH_NEGATIVE_MS,
  AUTH_REFRESH_MAX_MS,
  AUTH_REFRESH_MIN_MS,
  AUTH_STALE_MS,
  OBJECT_CALL_MS,
  OPENED_SECRET_MS,
  RECENT_KEYS_MAX,
} from '../core/limits.ts'
import type { SealedRecord } from '../core/sealed.ts'
import { type Caller, matcher } from '../core/tenant.ts'
import { BoundedMap } from '../lib/bounded-map.ts'
import { createRefreshed, type Refreshed, type Surroundings } from '../lib/refreshed.ts'
import type { Directory, KeyVerdict, TenantPlace, TenantStore } from '../stores/types.ts'
import type { ApiKeys, PresentedKey } from '../vault/types.ts'

/** A key that its tenant's object knows, with what must be looked at on every request. */
export interface Confirmed {
  readonly caller: Caller
  /** When it stops being good by itself: the earlier of its expiry and the end of its overlap after rotation. */
  readonly endsAtMs: number
  /** When it was revoked; Infinity if it was not. */
  readonly revokedAtMs: number
}

/** A key's standing: confirmed, or not known to any living tenant. */
export type Standing = Confirmed | 'unknown'

/** What the cache calls when it does not know. */
export interface AuthSources extends Surroundings {
  readonly directory: Pick<Directory, 'place' | 'ensurePepper'>
  readonly tenants: Pick<TenantStore, 'lookUp'>
  readonly apiKeys: Pick<ApiKeys, 'newPepper'>
}

/** One per isolate. */
export interface AuthCache {
  /** The standing of a key known here, without waiting; undefined where it must be asked for. */
  peek(key: PresentedKey): Standing | undefined
  /** Has this very key been asked about before? Then its check was verified. */
  has(key: PresentedKey): boolean
  /** Asks the tenant's object. Only for a key whose check is verified. Rejects when nothing can be known. */
  standing(key: PresentedKey): Promise<Standing>
  /** What `read` made of this text a moment ago, when it was let in; undefined where it must be read again. */
  recall(text: string, pepper: SealedRecord): PresentedKey | undefined
  /** Keeps what `read` made of the text of a key that was let in, so that the next request needs no HMAC. */
  remember(text: string, pepper: SealedRecord, key: PresentedKey): void
  /** The pepper of a deployment whose snapshot has none yet. */
  pepper(): Promise<SealedRecord>
}

const AGES = {
  refreshMinMs: AUTH_REFRESH_MIN_MS,
  refreshMaxMs: AUTH_REFRESH_MAX_MS,
  freshMs: AUTH_FRESH_MS,
  staleMs: AUTH_STALE_MS,
  deadlineMs: OBJECT_CALL_MS,
}

/** An empty cache over the Directory and the tenants' objects. */
export function createAuthCache(sources: AuthSources): AuthCache {
  const { clock, directory, tenants, apiKeys } = sources
  const standings = new BoundedMap<string, Refreshed<Standing>>(AUTH_CACHE_ENTRIES_MAX)
  /** Keys that no tenant knows, until when that is believed. */
  const unknowns = new BoundedMap<string, number>(AUTH_CACHE_ENTRIES_MAX)
  /** Places stay until the object there says that it is gone; that there is none is believed for seconds only. */
  const places = new BoundedMap<string, { place: TenantPlace | null; untilMs: number }>(AUTH_CACHE_ENTRIES_MAX)

  /**
   * Whole texts of good keys → what they read as. That keeps them in clear in memory for a minute, where every request
   * brings them in clear anyway; only good ones are kept, so that strangers cannot push them out. It decides nothing:
   * what a key may do is still asked by its digest.
   */
  const recent = new BoundedMap<string, { key: PresentedKey; pepper: SealedRecord; untilMs: number }>(RECENT_KEYS_MAX)

  /** By id alone would be a bypass: whoever knew an id could come with any secret. */
  const identity = ({ keyId, digest }: PresentedKey): string => keyId + digest

  const askPlace = async (tenantId: string): Promise<TenantPlace | null> => {
    const place = await directory.place(tenantId)
    const untilMs = place === null ? clock.now() + AUTH_NEGATIVE_MS : Number.POSITIVE_INFINITY
    places.set(tenantId, { place, untilMs })
    return place
  }

  const knownPlace = async (tenantId: string): Promise<TenantPlace | null> => {
    const known = places.get(tenantId)
    return known !== undefined && clock.now() < known.untilMs ? known.place : askPlace(tenantId)
  }

  const ask = async ({ tenantId, keyId, digest }: PresentedKey): Promise<Standing> => {
    const place = await knownPlace(tenantId)
    if (place === null) return 'unknown'
    const verdict = await tenants.lookUp(place, keyId, digest)
    if (verdict.kind !== 'gone') return standingOf(place, verdict)
    // Deleted, perhaps made anew since: then it lives elsewhere.
    const moved = await askPlace(tenantId)
    if (moved === null || moved.generation === place.generation) return 'unknown'
    return standingOf(moved, await tenants.lookUp(moved, keyId, digest))
  }

  const refreshedStanding = (key: PresentedKey): Refreshed<Standing> =>
    createRefreshed<Standing>({
      ...sources,
      ...AGES,
      async load() {
        const standing = await ask(key)
        if (standing === 'unknown') {
          standings.delete(identity(key))
          unknowns.set(identity(key), clock.now() + AUTH_NEGATIVE_MS)
        }
        return standing
      },
    })

  const pepper = createRefreshed<SealedRecord>({
    ...sources,
    ...AGES,
    load: async (current) => current ?? directory.ensurePepper(await apiKeys.newPepper()),
  })

  return {
    peek(key) {
      const kept = standings.get(identity(key))
      if (kept !== undefined) return kept.peek()
      return clock.now() < (unknowns.get(identity(key)) ?? 0) ? 'unknown' : undefined
    },
    has: (key) => standings.get(identity(key)) !== undefined,
    standing(key) {
      const kept = standings.get(identity(key)) ?? refreshedStanding(key)
      standings.set(identity(key), kept)
      return kept.get()
    },
    recall(text, of) {
      const kept = recent.get(text)
      return kept !== undefined && kept.pepper === of && clock.now() < kept.untilMs ? kept.key : undefined
    },
    remember: (text, of, key) => recent.set(text, { key, pepper: of, untilMs: clock.now() + OPENED_SECRET_MS }),
    pepper: pepper.get,
  }
}

/** What a verdict says of its key; the caller is compiled here, once per confirmation. */
function standingOf(place: TenantPlace, verdict: KeyVerdict): Standing {
  if (verdict.kind !== 'known') return 'unknown'
  const { tenant, key, credentials, cacheSecret, webhook } = verdict
  const [ofTenant, ofKey] = [matcher(tenant.models), matcher(key.models)]
  const caller: Caller = {
    tenantId: place.id,
    generation: place.generation,
    tenant,
    key,
    credentials,
    cacheSecret,
    webhook,
    mayCall: (alias) => ofTenant(alias) && ofKey(alias),
  }
  return {
    caller,
    endsAtMs: Math.min(instant(key.expiresAt), instant(key.overlapUntil)),
    revokedAtMs: instant(key.revokedAt),
  }
}

/** A date in ms: never for null; long ago for one that cannot be read, for a doubtful key is not a good one. */
function instant(date: string | null): number {
  if (date === null) return Number.POSITIVE_INFINITY
  const ms = Date.parse(date)
  return Number.isNaN(ms) ? Number.NEGATIVE_INFINITY : ms
}
