/** The keys of tenants' caches: made from each tenant's one secret, which is made on first need and never shown. */

/*
 * secret (32 random bytes, a vault record of the tenant's) → by HMAC-SHA-256 under a label → one subkey for each use:
 *   fingerprint  names values in stores: whoever has a store cannot tell which prompt a value answers;
 *   mark         stands for tokens of prompts in rows of the vector index;
 *   seal         → by HKDF-SHA-256 with the value's key as info → AES-256-GCM, random 96-bit IV, the key as AAD.
 * Nothing here follows from the master key, so its rotation leaves all of it as it was.
 */
import { AUTH_STALE_MS } from '../core/limits.ts'
import { CACHE_KEYRINGS_MAX, CACHE_READ_MS, CACHE_SECRET_REST_MS } from '../core/recall/limits.ts'
import { CACHE_SECRET_NAME, type SealedRecord, VaultError } from '../core/sealed.ts'
import { ownerOf, type TenantPlace } from '../core/tenant.ts'
import { BoundedMap } from '../lib/bounded-map.ts'
import { type Clock, withDeadline } from '../lib/clock.ts'
import { fromBase64, hmac, hmacKey, hmacText, toBase64, utf8 } from '../lib/hash.ts'
import type { TenantStore } from '../stores/types.ts'
import type { CacheKeyring, CacheKeys, Vault } from './types.ts'

const SECRET_BYTES = 32
const IV_BYTES = 12
const TAG_BYTES = 16
/** 48 bits: two tokens of one question are taken for each other once in 10¹⁴. */
const MARK_CHARS = 8

/** What the keyrings are made with. */
export interface CacheKeySources {
  readonly tenants: Pick<TenantStore, 'ensureCacheSecret'>
  readonly clock: Clock
}

/** One per isolate. Holds values, never a promise that another request would await. */
export function createCacheKeys(vault: Vault, { tenants, clock }: CacheKeySources): CacheKeys {
  /** By owner and sealing: a record moved to another tenant, or sealed anew, is opened for itself. */
  const keyrings = new BoundedMap<string, CacheKeyring>(CACHE_KEYRINGS_MAX)
  /** Secrets of tenants whose callers do not have them in hand yet: by then every caller was confirmed anew. */
  const ensured = new BoundedMap<string, { record: SealedRecord; untilMs: number }>(CACHE_KEYRINGS_MAX)
  const resting = new BoundedMap<string, number>(CACHE_KEYRINGS_MAX)

  const keyringOf = (place: TenantPlace, record: SealedRecord): CacheKeyring | Promise<CacheKeyring> => {
    const identity = `${ownerOf(place)}\n${record.ciphertext}`
    return keyrings.get(identity) ?? open(place, record, identity)
  }

  const open = async (place: TenantPlace, record: SealedRecord, identity: string): Promise<CacheKeyring> => {
    const keyring = await vault.use(place.id, CACHE_SECRET_NAME, record, (value) => {
      const secret = fromBase64(value)
      if (secret?.byteLength !== SECRET_BYTES) throw new VaultError(`${CACHE_SECRET_NAME} is malformed`)
      return keyringFrom(secret)
    })
    keyrings.set(identity, keyring)
    return keyring
  }

  const ensure = async (place: TenantPlace): Promise<CacheKeyring> => {
    const owner = ownerOf(place)
    const nowMs = clock.now()
    if (nowMs < (resting.get(owner) ?? 0)) throw new Error('the cache secret could not be had a moment ago')
    const secret = toBase64(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)))
    const candidate = await vault.seal(place.id, CACHE_SECRET_NAME, 1, secret)
    const asked = tenants.ensureCacheSecret(place, candidate)
    const record = await withDeadline(clock, CACHE_READ_MS, asked, late).catch((error: unknown) => {
      resting.set(owner, clock.now() + CACHE_SECRET_REST_MS)
      throw error
    })
    if (record === null) throw new Error('the tenant is gone')
    ensured.set(owner, { record, untilMs: nowMs + AUTH_STALE_MS })
    return keyringOf(place, record)
  }

  return {
    keysOf({ cacheSecret }, place) {
      if (cacheSecret !== null) return keyringOf(place, cacheSecret)
      const known = ensured.get(ownerOf(place))
      return known !== undefined && clock.now() < known.untilMs ? keyringOf(place, known.record) : ensure(place)
    },
  }
}

const late = (): Error => new Error('the tenant did not tell its cache secret in time')

async function keyringFrom(secret: Uint8Array<ArrayBuffer>): Promise<CacheKeyring> {
  const base = await hmacKey(secret)
  const subkey = (use: string): Promise<Uint8Array<ArrayBuffer>> => hmac(base, `sluice/cache/v1|${use}`)
  const [fingerprint, mark, seal] = await Promise.all([subkey('fingerprint'), subkey('mark'), subkey('seal')])
  const sealing = await crypto.subtle.importKey('raw', seal, 'HKDF', false, ['deriveKey'])
  return new SubkeyRing(fingerprint, mark, sealing)
}

class SubkeyRing implements CacheKeyring {
  // Bytes, because a synchronous HMAC takes no CryptoKey. They open nothing, and the secret does not follow from them.
  readonly #fingerprint: Uint8Array
  readonly #mark: Uint8Array
  readonly #sealing: CryptoKey

  constructor(fingerprint: Uint8Array, mark: Uint8Array, sealing: CryptoKey) {
    this.#fingerprint = fingerprint
    this.#mark = mark
    this.#sealing = sealing
  }

  fingerprint(text: string): string {
    return hmacText(this.#fingerprint, text)
  }

  mark(kind: string, token: string): string {
    return hmacText(this.#mark, `${kind}\n${token}`).slice(0, MARK_CHARS)
  }

  async seal(key: string, value: string | Uint8Array<ArrayBuffer>): Promise<string> {
    const bytes = typeof value === 'string' ? utf8(value) : value
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES))
    const algorithm = { name: 'AES-GCM', iv, additionalData: utf8(key) }
    const ciphertext = await crypto.subtle.encrypt(algorithm, await this.#valueKey(key), bytes)
    const sealed = new Uint8Array(IV_BYTES + ciphertext.byteLength)
    sealed.set(iv)
    sealed.set(new Uint8Array(ciphertext), IV_BYTES)
    return toBase64(sealed)
  }

  async open(key: string, sealed: string): Promise<string> {
    const bytes = fromBase64(sealed)
    if (bytes === null || bytes.byteLength < IV_BYTES + TAG_BYTES) throw new VaultError('it is not a sealed value')
    const algorithm = { name: 'AES-GCM', iv: bytes.subarray(0, IV_BYTES), additionalData: utf8(key) }
    try {
      const valueKey = await this.#valueKey(key)
      return decoder.decode(await crypto.subtle.decrypt(algorithm, valueKey, bytes.subarray(IV_BYTES)))
    } catch {
      throw new VaultError('the value does not open: it was changed, or it belongs to another tenant or key')
    }
  }

  /** A key per value: no number of values wears out the IVs of one. */
  #valueKey(key: string): Promise<CryptoKey> {
    const derivation = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: utf8(key) }
    const aes = { name: 'AES-GCM', length: 256 }
    return crypto.subtle.deriveKey(derivation, this.#sealing, aes, false, ['encrypt', 'decrypt'])
  }
}

/** A value is what was sealed, byte order mark and all. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
