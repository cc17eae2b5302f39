/** The guard of pools: is this the token of a worker that this deployment let into that pool? Asks no object. */
import type { Refusal } from '../core/errors.ts'
import { type SealedRecord, VaultError } from '../core/sealed.ts'
import type { ApiKeys } from '../vault/types.ts'
import { refused, UNOPENED } from './authenticate.ts'
import type { AuthCache } from './cache.ts'

/** What it stands on. */
export interface WorkerGuard {
  readonly apiKeys: Pick<ApiKeys, 'readWorker' | 'verify'>
  readonly cache: Pick<AuthCache, 'pepper'>
}

/** A token that was minted here for the pool; whether it still is good its object knows. */
export type WorkerAuthentication =
  | { readonly kind: 'minted'; readonly id: string; readonly digest: string }
  | { readonly kind: 'refused'; readonly refusal: Refusal }

const MISSING = refused('invalid_api_key', 'No worker token was sent. Send it as "Authorization: Bearer slw_…".')
const INVALID = refused(
  'invalid_api_key',
  'This worker token is not valid for this pool. Check it, or ask your operator for a new one.',
)
const UNREACHABLE = refused('overloaded', 'The worker token cannot be checked at the moment. Try again in a second.', {
  retryAfterMs: 1000,
})
/** Authenticates a worker that wants into a pool. A forged token costs two HMACs, and nothing outside the isolate hears of it. */
export async function authenticateWorker(
  { apiKeys, cache }: WorkerGuard,
  authorization: string | null,
  pool: string,
  deployment: { readonly pepper: SealedRecord | null },
): Promise<WorkerAuthentication> {
  const presented = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
  if (presented === undefined) return MISSING
  const pepper = deployment.pepper ?? (await cache.pepper().catch(() => null))
  if (pepper === null) return UNREACHABLE
  try {
    const token = await apiKeys.readWorker(pepper, presented)
    if (token === null || token.pool !== pool || !(await apiKeys.verify(pepper, presented))) return INVALID
    return { kind: 'minted', id: token.id, digest: token.digest }
  } catch (error) {
    if (error instanceof VaultError) return UNOPENED
    throw error
  }
}
