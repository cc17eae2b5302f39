/** What a tenant's object says of its keys, and what it compares and shows of them and its documents. */
import { picked } from '../core/audit.ts'
import { REVOKED_KEY_MS } from '../core/limits.ts'
import { CACHE_SECRET_NAME } from '../core/sealed.ts'
import { type ApiKey, type KeyVerdict, keyState } from '../core/tenant.ts'
import { dayOf } from '../core/usage-segments.ts'
import type { TenantRecords } from './tenant-records.ts'

/** Compared where there is no such key, so that a wrong id takes the time of a wrong secret. */
const NO_DIGEST = Buffer.alloc(32)

/** What a request is told of the key it presents. Notes the day of the key's use, once a day. */
export function verdictOn(records: TenantRecords, id: string, digest: string, nowMs: number): KeyVerdict {
  const policy = records.policy()
  if (policy === null) return { kind: 'gone' }
  const known = records.key(id)
  const right = matches(digest, known?.digest)
  if (known === undefined || !right || isForgotten(known, nowMs)) return { kind: 'unknown' }
  const { digest: _, ...key } = known
  const today = dayOf(nowMs)
  const isNoted = key.lastUsedOn === today || !isLiving(key, nowMs)
  if (!isNoted) records.touchKey(id, today)
  const target = records.webhook()?.document ?? undefined
  return {
    kind: 'known',
    epoch: policy.epoch,
    tenant: policy.tenant,
    key: isNoted ? key : { ...key, lastUsedOn: today },
    credentials: records.credentials(),
    cacheSecret: records.secret(CACHE_SECRET_NAME),
    webhook: target === undefined ? null : { url: target.url },
  }
}

/** Can it still be used, if only until its overlap ends? */
export function isLiving(key: Pick<ApiKey, 'expiresAt' | 'revokedAt' | 'overlapUntil'>, nowMs: number): boolean {
  const state = keyState(key, nowMs)
  return state === 'active' || state === 'expiring'
}

/** In constant time, and with the same work where there is no such key. */
export function matches(presented: string, stored: string | undefined): boolean {
  const left = Buffer.from(presented, 'base64')
  const right = stored === undefined ? NO_DIGEST : Buffer.from(stored, 'base64')
  const sameLength = left.byteLength === right.byteLength
  const same = crypto.subtle.timingSafeEqual(sameLength ? left : right, right)
  return same && sameLength && stored !== undefined
}

/** A revoked key is told so for a while; then it is as good as never made. */
export function isForgotten({ revokedAt }: ApiKey, nowMs: number): boolean {
  return revokedAt !== null && Date.parse(revokedAt) + REVOKED_KEY_MS <= nowMs
}

/** Both sides of what a change of these fields makes different, for its audit entry; null when that is nothing. */
export function sidesOf(before: object, after: object, fields: readonly string[]): Sides | null {
  const names = fields.filter((name) => differs(Reflect.get(before, name), Reflect.get(after, name)))
  return names.length === 0 ? null : { before: picked(before, names), after: picked(after, names) }
}

interface Sides {
  readonly before: Readonly<Record<string, unknown>>
  readonly after: Readonly<Record<string, unknown>>
}

const differs = (before: unknown, after: unknown): boolean => JSON.stringify(before) !== JSON.stringify(after)

/** A key as an audit entry may show it. */
export function publicKey({ id, name, expiresAt, models, limits, debug }: ApiKey): object {
  return { id, name, expiresAt, models, limits, debug }
}
