/** Tenants, their API keys, and who may call which model. No I/O. */
import type { Limit } from './config.ts'
import type { SealedRecord } from './sealed.ts'
import type { TenantWebhook } from './webhook.ts'

/** A tenant as the admin API shows it. Dates are RFC 3339. */
export interface Tenant {
  readonly id: string
  readonly name: string
  readonly state: 'active' | 'suspended'
  /** Model globs; absent = all, `[]` = none. */
  readonly models?: readonly string[] | undefined
  readonly limits?: readonly Limit[] | undefined
  readonly metadata?: Readonly<Record<string, string>> | undefined
  readonly waitMaxMs?: number | undefined
  /** Name of the prompt template that end users' profiles go into; absent: into none. */
  readonly profileTemplate?: string | undefined
  readonly region?: string | undefined
  readonly jurisdiction?: string | undefined
  readonly createdAt: string
}

/** An API key as it is stored: the HMAC of the key, never the key. */
export interface ApiKey {
  readonly id: string
  readonly name: string
  /** Base64 of HMAC-SHA-256(pepper, whole key). */
  readonly digest: string
  readonly createdAt: string
  readonly expiresAt: string | null
  /** When it was revoked; it answers `revoked_api_key` for 30 days from then. */
  readonly revokedAt: string | null
  /** Set by rotation: the old key lives until then. */
  readonly overlapUntil: string | null
  /** UTC day of the last use seen. */
  readonly lastUsedOn: string | null
  readonly models?: readonly string[] | undefined
  readonly limits?: readonly Limit[] | undefined
  readonly debug?: boolean | undefined
}

/** What can be changed of a key while it lives; `undefined` takes an optional field away. */
export type KeyFields = Partial<Pick<ApiKey, 'name' | 'expiresAt' | 'models' | 'limits' | 'debug'>>

/** A tenant's own provider credential, sealed. */
export interface TenantCredential {
  readonly record: SealedRecord
  /** May the operator's of the same name stand in when this one is dead? */
  readonly fallbackToOperator: boolean
}

/** Who is calling: what authentication knows of a request. Plain data, shared between requests of an isolate. */
export interface Caller {
  readonly tenantId: string
  /** Generation of the tenant: a deleted and re-made tenant shares nothing with the old one. */
  readonly generation: string
  readonly tenant: Tenant
  readonly key: Omit<ApiKey, 'digest'>
  /** The tenant's own credentials by name. */
  readonly credentials: Readonly<Record<string, TenantCredential>>
  /** What the keys of its cache are made from, sealed; null until somebody needed it (`vault/cache-keys.ts`). */
  readonly cacheSecret: SealedRecord | null
  /** Its webhook's default target; null while it has no webhook, so that nothing could be signed. */
  readonly webhook: Pick<TenantWebhook, 'url'> | null
  /** May this key call this alias? Compiled once per confirmed key. */
  readonly mayCall: (alias: string) => boolean
}

/** A place in the Directory's list of tenants: what a tenant's object is addressed by. */
export interface TenantPlace {
  readonly id: string
  readonly generation: string
  readonly region?: string | undefined
  readonly jurisdiction?: string | undefined
}

/** Where the object of a caller's tenant lives. */
export function placeOf(caller: Pick<Caller, 'tenantId' | 'generation' | 'tenant'>): TenantPlace {
  const { region, jurisdiction } = caller.tenant
  return { id: caller.tenantId, generation: caller.generation, region, jurisdiction }
}

/** The name under which an isolate keeps what it knows of a tenant: another generation is another tenant. */
export const ownerOf = ({ id, generation }: Pick<TenantPlace, 'id' | 'generation'>): string => `${id}.${generation}`

/** What a tenant's object says of a key: everything a request needs, in one reply. */
export type KeyVerdict =
  | {
      readonly kind: 'known'
      /** Of the tenant's whole policy; changes with every change of it. */
      readonly epoch: number
      readonly tenant: Tenant
      readonly key: Omit<ApiKey, 'digest'>
      readonly credentials: Readonly<Record<string, TenantCredential>>
      readonly cacheSecret: SealedRecord | null
      readonly webhook: Pick<TenantWebhook, 'url'> | null
    }
  /** No such key, or the secret does not match: never told apart. */
  | { readonly kind: 'unknown' }
  /** The object was never provisioned, or was erased: its generation is over. */
  | { readonly kind: 'gone' }

/** How a key stands: `expiring` once it was rotated and its overlap still runs. */
export type KeyState = 'active' | 'expiring' | 'expired' | 'revoked'

/** The state of a key at a moment; `expired` covers an overlap that has run out. */
export function keyState(key: Pick<ApiKey, 'expiresAt' | 'revokedAt' | 'overlapUntil'>, nowMs: number): KeyState {
  if (key.revokedAt !== null) return 'revoked'
  if (key.expiresAt !== null && Date.parse(key.expiresAt) <= nowMs) return 'expired'
  if (key.overlapUntil === null) return 'active'
  return Date.parse(key.overlapUntil) <= nowMs ? 'expired' : 'expiring'
}

/** Compiles globs (`*` matches any run of characters, `/` and `:` included; case-sensitive). Absent = all, `[]` = none. */
export function matcher(globs: readonly string[] | undefined): (alias: string) => boolean {
  if (globs === undefined || globs.includes('*')) return () => true
  const exact = new Set(globs.filter((glob) => !glob.includes('*')))
  const patterns = globs.filter((glob) => glob.includes('*')).map((glob) => glob.split('*'))
  return (alias) => exact.has(alias) || patterns.some((pieces) => fits(pieces, alias))
}

/**
 * Do the pieces between the stars follow each other in the alias, the first at its start and the last at its end? Each
 * taken as early as it comes, which loses nothing; a regular expression would try all ways, and callers choose aliases.
 */
function fits(pieces: readonly string[], alias: string): boolean {
  const [first = '', last = ''] = [pieces[0], pieces.at(-1)]
  if (!alias.startsWith(first)) return false
  let from = first.length
  for (const piece of pieces.slice(1, -1)) {
    const at = alias.indexOf(piece, from)
    if (at === -1) return false
    from = at + piece.length
  }
  return from + last.length <= alias.length && alias.endsWith(last)
}
