/** Which sealed records a target needs, and whose: the tenant's own go before the operator's. No I/O. */
import { OPERATOR, type SealedRecord } from '../core/sealed.ts'
import type { DirectorySnapshot, Target } from '../core/snapshot.ts'
import type { Caller } from '../core/tenant.ts'

/** A sealed record with the owner that the vault needs to open it. */
export interface CredentialRef {
  readonly owner: string
  readonly name: string
  readonly record: SealedRecord
}

/** Everything secret that one target needs. `primary` is null for a target that takes none. */
export interface TargetCredentials {
  readonly primary: CredentialRef | null
  /** Header name → literal value, or the credential that holds it. */
  readonly headers: readonly (readonly [string, string | CredentialRef])[]
  /** Identity of all of them, for health that must not cross credentials. */
  readonly identity: string
}

/**
 * Resolves a target's credentials for a caller. `isDead` tells of a credential known to be refused: a tenant's own is
 * then replaced by the operator's only if the tenant said so. Null when a record it needs is missing.
 */
export function credentialsOf(
  target: Target,
  caller: Caller,
  snapshot: DirectorySnapshot,
  isDead: (identity: string) => boolean,
): TargetCredentials | null {
  const own = resolve(target, (name) => ownFirst(name, caller, snapshot, false))
  if (own === null || !isDead(own.identity)) return own
  const fallback = resolve(target, (name) => ownFirst(name, caller, snapshot, true))
  return fallback ?? own
}

/** The operator's in the place of the tenant's own that yield to it; null where none does. For when those are refused. */
export function spareOf(target: Target, caller: Caller, snapshot: DirectorySnapshot): TargetCredentials | null {
  const yields = Object.values(caller.credentials).some(({ fallbackToOperator }) => fallbackToOperator)
  return yields ? resolve(target, (name) => ownFirst(name, caller, snapshot, true)) : null
}

function ownFirst(name: string, caller: Caller, snapshot: DirectorySnapshot, yields: boolean): CredentialRef | null {
  const own = caller.credentials[name]
  if (own !== undefined && !(yields && own.fallbackToOperator && snapshot.credentials[name] !== undefined))
    return { owner: caller.tenantId, name, record: own.record }
  const record = snapshot.credentials[name]
  return record === undefined ? null : { owner: OPERATOR, name, record }
}

function resolve(target: Target, find: (name: string) => CredentialRef | null): TargetCredentials | null {
  const { provider } = target
  const source = provider.pool ?? provider
  const used: CredentialRef[] = []
  const headers: [string, string | CredentialRef][] = []
  let primary: CredentialRef | null = null
  if (source.credential !== undefined) {
    primary = find(source.credential)
    if (primary === null) return null
    used.push(primary)
  }
  for (const [header, value] of Object.entries(source.headers ?? {})) {
    if (typeof value === 'string') headers.push([header, value])
    else {
      const found = find(value.credential)
      if (found === null) return null
      used.push(found)
      headers.push([header, found])
    }
  }
  // The generation of a tenant is not needed here: a new record never has an old one's sealing time.
  const identity = `${target.id}|${used.map(({ owner, name, record }) => `${owner}:${name}:${record.version}:${record.createdAt}`).join(',')}`
  return { primary, headers, identity }
}
