/** What a tenant's object compares and shows of its keys and documents. No I/O. */
import { REVOKED_KEY_MS } from '../core/limits.ts'
import type { ApiKey } from '../core/tenant.ts'

/** Compared where there is no such key, so that a wrong id takes the time of a wrong secret. */
const NO_DIGEST = Buffer.alloc(32)

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

/** Do two values of a document differ? */
export function differs(before: unknown, after: unknown): boolean {
  return JSON.stringify(before) !== JSON.stringify(after)
}

/** A key as an audit entry may show it. */
export function publicKey({ id, name, expiresAt, models, limits, debug }: ApiKey): object {
  return { id, name, expiresAt, models, limits, debug }
}
