/** What the vault offers the other rooms: sealed records in, plaintext only inside `use()`. */
import type { SealedRecord } from '../core/sealed.ts'
import type { Caller, TenantPlace } from '../core/tenant.ts'

/** Envelope encryption under the deployment's master key. `owner` is a tenant's id, or OPERATOR. */
export interface Vault {
  /** Seals a value; owner, name and version are bound in, so a record moved elsewhere does not open. */
  seal(owner: string, name: string, version: number, value: string): Promise<SealedRecord>
  /** Opens a record for the length of `action`. Rejects with `VaultError` when it does not open. */
  use<T>(owner: string, name: string, record: SealedRecord, action: (value: string) => T | Promise<T>): Promise<T>
  /** The same value under the current master key; null when it is there already. */
  reseal(owner: string, name: string, record: SealedRecord): Promise<SealedRecord | null>
  /** Is the record under the current master key? */
  isCurrent(record: SealedRecord): boolean
}

/** A key as it was presented, its check verified: this deployment minted the name in it. */
export interface PresentedKey {
  readonly tenantId: string
  readonly keyId: string
  /** Base64 of HMAC-SHA-256(pepper, whole key). */
  readonly digest: string
}

/** A worker's token as it was presented, its check not yet verified. */
export interface PresentedWorker {
  readonly pool: string
  readonly id: string
  /** Base64 of HMAC-SHA-256(pepper, whole token). */
  readonly digest: string
}

/** API keys and workers' tokens: minting, and the check that needs no storage. The pepper is a sealed record of the operator's. */
export interface ApiKeys {
  mint(pepper: SealedRecord, tenantId: string): Promise<{ key: string; id: string; digest: string }>
  /** Digest of a well-formed key, before its check is verified; null when it has not the form. One HMAC. */
  read(pepper: SealedRecord, presented: string): Promise<PresentedKey | null>
  mintWorker(pepper: SealedRecord, pool: string): Promise<{ token: string; id: string; digest: string }>
  /** The same of a worker's token. */
  readWorker(pepper: SealedRecord, presented: string): Promise<PresentedWorker | null>
  /**
   * Verifies the check characters of a key or token that was read. One more HMAC; not needed for a digest that is known
   * already.
   */
  verify(pepper: SealedRecord, presented: string): Promise<boolean>
  /** What keeps an owner's prompts apart from another's in an engine's prefix cache: the same each time, and no secret. */
  prefixSalt(pepper: SealedRecord, owner: string): Promise<string>
  /** A new sealed pepper. */
  newPepper(): Promise<SealedRecord>
}

/** What a tenant's cache is keyed, marked and sealed with. All of it follows from the tenant's cache secret alone. */
export interface CacheKeyring {
  /** The key of a value in every store: HMAC-SHA-256 of its fingerprint's text, base64url, 43 characters. */
  fingerprint(text: string): string
  /** Stands for a token of a prompt where no word of it may stand: 8 base64url characters, other ones for each kind. */
  mark(kind: string, token: string): string
  /** Seals a value, UTF-8 where it is bytes, for its place in a store: base64. Never the same twice. */
  seal(key: string, value: string | Uint8Array<ArrayBuffer>): Promise<string>
  /** Rejects with `VaultError` for anything that was not sealed so: by this tenant, for this key, unchanged. */
  open(key: string, sealed: string): Promise<string>
}

/** The keyrings of tenants, as an isolate knows them. */
export interface CacheKeys {
  /**
   * At once where it is known. Makes the tenant's secret where it has none. Rejects when the secret cannot be had within
   * CACHE_READ_MS, or does not open (`VaultError`): whoever asks goes on without a cache.
   */
  keysOf(caller: Pick<Caller, 'cacheSecret'>, place: TenantPlace): CacheKeyring | Promise<CacheKeyring>
}
