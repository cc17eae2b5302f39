/** What the vault stores: a secret in a form that only this deployment's master key opens. No I/O. */

/** One sealed secret. AES-256-GCM; the tenant, name, version and kekVersion are bound in as additional data. */
export interface SealedRecord {
  /** First 8 bytes, hex, of SHA-256(`sluice/kek` ‖ master key). */
  readonly kekVersion: string
  /** HKDF salt of the tenant's key, base64. */
  readonly salt: string
  /** 96 random bits, base64. */
  readonly iv: string
  /** Base64. */
  readonly ciphertext: string
  /** Counts up with every new value of the name; unchanged by reseal. */
  readonly version: number
  readonly createdAt: string
  /** Last four characters of the value, for people. Empty for values under 12 characters. */
  readonly last4: string
}

/** Whose record it is: the operator's own records use this tenant name, which no tenant can have. */
export const OPERATOR = '_'

/** The pepper's name among the operator's records. The underscore keeps it apart from every credential's name. */
export const PEPPER_NAME = 'api_key_pepper'

/** The cache secret's name among a tenant's records; likewise. */
export const CACHE_SECRET_NAME = 'cache_secret'

/** The name of a tenant's webhook secret of a version; likewise. Two versions are kept during a rotation. */
export const webhookSecretName = (version: number): string => `webhook_secret_${version}`

/** A record that does not open, or a master key that cannot be one. The message never carries a secret. */
export class VaultError extends Error {
  override readonly name = 'VaultError'
}

/** Is it the same sealing, so that nothing was written between reading a record and replacing it? */
export function isSameSealed(stored: SealedRecord, read: SealedRecord): boolean {
  return stored.version === read.version && stored.kekVersion === read.kekVersion && stored.iv === read.iv
}
