/** The guard: who is calling, or why nobody is let in. The verdict of the first stage of the path. */

import { type Refusal, refusal } from '../core/errors.ts'
import { REVOKED_TOLD_MS } from '../core/limits.ts'
import { type SealedRecord, VaultError } from '../core/sealed.ts'
import type { Caller } from '../core/tenant.ts'
import type { Clock } from '../lib/clock.ts'
import type { ApiKeys, PresentedKey } from '../vault/types.ts'
import type { AuthCache, Standing } from './cache.ts'
import { type Presented, presentedKey } from './presented.ts'

/** What the guard stands on. */
export interface Guard {
  readonly clock: Clock
  readonly apiKeys: Pick<ApiKeys, 'read' | 'verify'>
  /** Made once per isolate. */
  readonly cache: AuthCache
}

/** Who is calling, or what they are told instead. */
export type Authentication =
  | { readonly kind: 'caller'; readonly caller: Caller }
  | { readonly kind: 'refused'; readonly refusal: Refusal }

type Refused = Extract<Authentication, { kind: 'refused' }>

/** Nobody is let in, and told so. */
export const refused = (...of: Parameters<typeof refusal>): Refused => ({ kind: 'refused', refusal: refusal(...of) })

const HOW = 'Send your key as "Authorization: Bearer slc_…" or as "x-api-key: slc_…".'
const MISSING = refused('invalid_api_key', `No API key was sent. ${HOW}`)
const SEVERAL = refused('invalid_api_key', `Two different API keys were sent; send one. ${HOW}`)
const INVALID = refused('invalid_api_key', 'This API key is not valid. Check it, or ask your operator for a new one.')
const EXPIRED = refused('expired_api_key', 'This API key has expired. Ask your operator for a new one.')
const REVOKED = refused('revoked_api_key', 'This API key was revoked. Ask your operator for a new one.')
const SUSPENDED = refused('tenant_suspended', 'This tenant is suspended. Ask your operator to activate it.')
const UNREACHABLE = refused('overloaded', 'The API key cannot be checked at the moment. Try again in a second.', {
  retryAfterMs: 1000,
})
/** What is stored is sealed under another master key. */
export const UNOPENED = refused(
  'misconfigured',
  'SLUICE_MASTER_KEY does not open what this deployment has stored. Ask your operator to put the right one back.',
)

/**
 * Authenticates one request. A key that was let in a moment ago costs look-ups in maps and no promise, another one an
 * HMAC. One whose check is wrong was not minted here and costs a second HMAC; nothing outside the isolate hears of it.
 */
export function authenticate(
  guard: Guard,
  presented: Presented,
  { pepper }: { readonly pepper: SealedRecord | null },
): Authentication | Promise<Authentication> {
  const one = presentedKey(presented)
  if (one.kind !== 'one') return one.kind === 'none' ? MISSING : SEVERAL
  const recalled = pepper === null ? undefined : guard.cache.recall(one.text, pepper)
  const standing = recalled && guard.cache.peek(recalled)
  return standing === undefined ? verify(guard, one.text, pepper) : judge(standing, guard.clock.now())
}

/** Reads a key, and asks for its standing where that is not known to be fresh. */
async function verify(guard: Guard, text: string, known: SealedRecord | null): Promise<Authentication> {
  const pepper = known ?? (await orNull(guard.cache.pepper()))
  if (pepper === null) return UNREACHABLE
  try {
    const recalled = guard.cache.recall(text, pepper)
    const key = recalled ?? (await guard.apiKeys.read(pepper, text))
    if (key === null) return INVALID
    const standing = guard.cache.peek(key) ?? (await asked(guard, pepper, text, key))
    if (standing === null) return UNREACHABLE
    const verdict = judge(standing, guard.clock.now())
    if (recalled === undefined && verdict.kind === 'caller') guard.cache.remember(text, pepper, key)
    return verdict
  } catch (error) {
    if (error instanceof VaultError) return UNOPENED
    throw error
  }
}

/** The standing of a key that is not known to be fresh; null when nothing can be known. */
async function asked(guard: Guard, pepper: SealedRecord, text: string, key: PresentedKey): Promise<Standing | null> {
  const minted = guard.cache.has(key) || (await guard.apiKeys.verify(pepper, text))
  return minted ? orNull(guard.cache.standing(key)) : 'unknown'
}

/** Whatever keeps an object from answering, the guard fails closed. */
function orNull<T>(answer: Promise<T>): Promise<T | null> {
  return answer.catch(() => null)
}

/** The key's own standing first: what a tenant's state is, only the holder of a good key may learn. */
function judge(standing: Standing, nowMs: number): Authentication {
  if (standing === 'unknown') return INVALID
  const { caller, endsAtMs, revokedAtMs } = standing
  if (nowMs >= revokedAtMs + REVOKED_TOLD_MS) return INVALID
  if (nowMs >= revokedAtMs) return REVOKED
  if (nowMs >= endsAtMs) return EXPIRED
  if (caller.tenant.state === 'suspended') return SUSPENDED
  return { kind: 'caller', caller }
}
