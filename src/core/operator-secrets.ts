/** What of the operator's vault a provider or a pool of the config needs, and its headers once that is open. No I/O. */
import type { PoolConfig, ProviderConfig } from './config.ts'

/** Where a config names credentials: a provider, or the pool in it. */
type Holder = Pick<ProviderConfig | PoolConfig, 'credential' | 'headers'>

/** Names of the vault's records that it needs, each once. */
export function secretNames({ credential, headers }: Holder): string[] {
  const inHeaders = Object.values(headers ?? {}).flatMap((value) =>
    typeof value === 'string' ? [] : [value.credential],
  )
  return [...new Set(credential === undefined ? inHeaders : [credential, ...inHeaders])]
}

/** Its configured headers with the opened credentials in their places. */
export function openedHeaders({ headers }: Holder, secrets: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : (secrets.get(value.credential) ?? ''),
    ]),
  )
}
