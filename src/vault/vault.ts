/** Envelope encryption: master key → a key per owner → AES-256-GCM per secret. Plaintext only inside `use()`. */
import { OPENED_SECRET_MS, OPENED_SECRETS_MAX } from '../core/limits.ts'
import { type SealedRecord, VaultError } from '../core/sealed.ts'
import { BoundedMap } from '../lib/bounded-map.ts'
import type { Clock } from '../lib/clock.ts'
import { fromBase64, sha256Hex, toBase64, utf8 } from '../lib/hash.ts'
import type { Vault } from './types.ts'

const MASTER_KEY_BYTES = 32
const SALT_BYTES = 16
const IV_BYTES = 12
/** Of a shorter value, four characters would be too large a part to show. */
const LAST4_VALUE_CHARS_MIN = 12

/** What is wrong with a master key's value, for an error line at start; null when nothing is. Never says the value. */
export function masterKeyFault(value: string | undefined): string | null {
  if (value === undefined || value === '') return 'is not set: it must be 32 random bytes in base64'
  if (fromBase64(value)?.byteLength !== MASTER_KEY_BYTES) return 'is malformed: it must be 32 bytes in base64'
  return null
}

/**
 * A vault over one master key, or over two during a rotation: new records are sealed under the current one, records of
 * the previous one still open. Throws `VaultError` for a key that `masterKeyFault` would have found fault with.
 */
export function createVault(options: { masterKey: string; previous?: string | undefined; clock: Clock }): Vault {
  return new EnvelopeVault(options.clock, options.masterKey, options.previous)
}

class EnvelopeVault implements Vault {
  readonly #clock: Clock
  readonly #current: MasterKey
  readonly #previous: MasterKey | undefined
  /** Values, not promises: a promise of one request must not be awaited by another (see lib/refreshed.ts). */
  readonly #opened = new BoundedMap<string, { value: string; untilMs: number }>(OPENED_SECRETS_MAX)

  /** The same by the very object, which spares the hot path the key: a snapshot's records live as long as it does. */
  readonly #lately = new WeakMap<
    SealedRecord,
    { readonly owner: string; readonly name: string; readonly value: string; readonly untilMs: number }
  >()

  constructor(clock: Clock, masterKey: string, previous: string | undefined) {
    this.#clock = clock
    this.#current = new MasterKey(masterKey)
    this.#previous = previous === undefined ? undefined : new MasterKey(previous)
  }

  async seal(owner: string, name: string, version: number, value: string): Promise<SealedRecord> {
    const last4 = value.length < LAST4_VALUE_CHARS_MIN ? '' : value.slice(-4)
    const createdAt = new Date(this.#clock.now()).toISOString()
    return this.#seal(owner, name, { version, createdAt, last4 }, value)
  }

  async use<T>(
    owner: string,
    name: string,
    record: SealedRecord,
    action: (value: string) => T | Promise<T>,
  ): Promise<T> {
    const lately = this.#lately.get(record)
    if (lately?.owner === owner && lately.name === name && this.#clock.now() < lately.untilMs)
      return action(lately.value)
    // Everything that the seal binds is in the key, so a record changed or moved in any way is never met here.
    const { version, kekVersion, salt, iv, ciphertext } = record
    const identity = `${owner}\n${name}\n${version}\n${kekVersion}\n${salt}\n${iv}\n${ciphertext}`
    const kept = this.#opened.get(identity)
    if (kept !== undefined && this.#clock.now() < kept.untilMs) {
      this.#lately.set(record, { ...kept, owner, name })
      return action(kept.value)
    }
    const value = await this.#open(owner, name, record)
    this.#keep(identity, value)
    return action(value)
  }

  async reseal(owner: string, name: string, record: SealedRecord): Promise<SealedRecord | null> {
    if (this.isCurrent(record)) return null
    return this.#seal(owner, name, record, await this.#open(owner, name, record))
  }

  isCurrent(record: SealedRecord): boolean {
    return record.kekVersion === this.#current.version
  }

  async #seal(
    owner: string,
    name: string,
    about: Pick<SealedRecord, 'version' | 'createdAt' | 'last4'>,
    value: string,
  ): Promise<SealedRecord> {
    const kekVersion = this.#current.version
    const { version, createdAt, last4 } = about
    // A salt per record, not only per owner: nothing has to be remembered between records, and no two share a key.
    const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES))
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES))
    const key = await this.#current.ownerKey(owner, salt)
    const additionalData = bound(owner, name, version, kekVersion)
    const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData }, key, utf8(value))
    const ciphertext = toBase64(new Uint8Array(sealed))
    return { kekVersion, salt: toBase64(salt), iv: toBase64(iv), ciphertext, version, createdAt, last4 }
  }

  async #open(owner: string, name: string, record: SealedRecord): Promise<string> {
    const master = [this.#current, this.#previous].find((key) => key?.version === record.kekVersion)
    if (master === undefined) throw new VaultError(`${name} is sealed under a master key that is not here`)
    const [salt, iv, ciphertext] = [fromBase64(record.salt), fromBase64(record.iv), fromBase64(record.ciphertext)]
    if (salt === null || iv === null || ciphertext === null) throw new VaultError(`${name} is not a sealed record`)
    const additionalData = bound(owner, name, record.version, record.kekVersion)
    try {
      const key = await master.ownerKey(owner, salt)
      return decoder.decode(await crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData }, key, ciphertext))
    } catch {
      throw new VaultError(`${name} does not open: it was changed, or it belongs to another owner, name or version`)
    }
  }

  /** There are no timers at isolate scope, so old values leave when a new one comes. */
  #keep(identity: string, value: string): void {
    const now = this.#clock.now()
    for (const [other, { untilMs }] of this.#opened.entries()) if (untilMs <= now) this.#opened.delete(other)
    this.#opened.set(identity, { value, untilMs: now + OPENED_SECRET_MS })
  }
}

/** One master key: its version, and the keys derived from it. */
class MasterKey {
  readonly version: string
  /** The bytes only until the first use: then the import, which cannot be read back. */
  #material: Uint8Array<ArrayBuffer> | CryptoKey

  constructor(value: string) {
    const bytes = fromBase64(value)
    if (bytes?.byteLength !== MASTER_KEY_BYTES) throw new VaultError('the master key is malformed')
    this.version = sha256Hex(Uint8Array.from([...utf8('sluice/kek'), ...bytes])).slice(0, 16)
    this.#material = bytes
  }

  async ownerKey(owner: string, salt: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
    let base = this.#material
    if (!(base instanceof CryptoKey)) base = await crypto.subtle.importKey('raw', base, 'HKDF', false, ['deriveKey'])
    this.#material = base
    const info = utf8(`sluice/vault/v1|${owner}`)
    const derivation = { name: 'HKDF', hash: 'SHA-256', salt, info }
    return crypto.subtle.deriveKey(derivation, base, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
  }
}

/** A value is what was sealed, byte order mark and all. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** What a record is bound to: it opens only for this owner, name and version, under this master key. */
function bound(owner: string, name: string, version: number, kekVersion: string): Uint8Array<ArrayBuffer> {
  return utf8(JSON.stringify([owner, name, version, kekVersion]))
}
