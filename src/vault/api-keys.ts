/** API keys `slc_<tenant>_<id>_<secret><check>` and worker tokens `slw_<pool>_…`: minting, and the check that needs no storage. */

import { PREFIX_SALTS_MAX } from '../core/pool/line-limits.ts'
import { OPERATOR, PEPPER_NAME, type SealedRecord, VaultError } from '../core/sealed.ts'
import { base62OfBytes, randomBase62 } from '../lib/base62.ts'
import { BoundedMap } from '../lib/bounded-map.ts'
import { fromBase64, hmac, hmacKey, sameText, toBase64 } from '../lib/hash.ts'
import type { ApiKeys, PresentedKey, Vault } from './types.ts'

const KEY_ID_CHARS = 8
/** 32 × 5.95 = 190 random bits. */
const SECRET_CHARS = 32
const CHECK_CHARS = 6
const PEPPER_BYTES = 32
const formOf = (prefix: string, ownerCharsMax: number): RegExp =>
  new RegExp(
    `^${prefix}_([a-z0-9-]{1,${ownerCharsMax}})_([0-9A-Za-z]{${KEY_ID_CHARS}})_[0-9A-Za-z]{${SECRET_CHARS + CHECK_CHARS}}$`,
  )
const KEY_FORM = formOf('slc', 32)
const WORKER_FORM = formOf('slw', 64)

/** API keys whose pepper is sealed in `vault`. */
export function createApiKeys(vault: Vault): ApiKeys {
  /** The pepper in use, imported: one deployment has one, and each request asks for it. */
  let imported: { record: SealedRecord; key: CryptoKey } | undefined

  const salts = new BoundedMap<string, string>(PREFIX_SALTS_MAX)

  const pepperKey = async (record: SealedRecord): Promise<CryptoKey> => {
    // A snapshot that comes anew carries the same record as another object. No two seals have the same ciphertext.
    if (imported?.record.ciphertext === record.ciphertext) return imported.key
    const key = await vault.use(OPERATOR, PEPPER_NAME, record, (value) => {
      const secret = fromBase64(value)
      if (secret?.byteLength !== PEPPER_BYTES) throw new VaultError(`${PEPPER_NAME} is malformed`)
      return hmacKey(secret)
    })
    imported = { record, key }
    return key
  }

  const checkOf = async (key: CryptoKey, body: string): Promise<string> =>
    base62OfBytes(await hmac(key, body), CHECK_CHARS)

  const digestOf = async (key: CryptoKey, text: string): Promise<string> => toBase64(await hmac(key, text))

  const mint = async (pepper: SealedRecord, prefix: string, owner: string) => {
    const key = await pepperKey(pepper)
    const fill = (bytes: Uint8Array<ArrayBuffer>): void => void crypto.getRandomValues(bytes)
    const id = randomBase62(KEY_ID_CHARS, fill)
    const body = `${prefix}_${owner}_${id}_${randomBase62(SECRET_CHARS, fill)}`
    const text = body + (await checkOf(key, body))
    return { text, id, digest: await digestOf(key, text) }
  }

  const read = async (pepper: SealedRecord, presented: string, form: RegExp) => {
    const [, owner, id] = form.exec(presented) ?? []
    if (owner === undefined || id === undefined) return null
    return { owner, id, digest: await digestOf(await pepperKey(pepper), presented) }
  }

  return {
    async mint(pepper, tenantId) {
      const { text, ...minted } = await mint(pepper, 'slc', tenantId)
      return { key: text, ...minted }
    },

    async read(pepper, presented): Promise<PresentedKey | null> {
      const found = await read(pepper, presented, KEY_FORM)
      return found === null ? null : { tenantId: found.owner, keyId: found.id, digest: found.digest }
    },

    async mintWorker(pepper, pool) {
      const { text, ...minted } = await mint(pepper, 'slw', pool)
      return { token: text, ...minted }
    },

    async readWorker(pepper, presented) {
      const found = await read(pepper, presented, WORKER_FORM)
      return found === null ? null : { pool: found.owner, id: found.id, digest: found.digest }
    },

    async verify(pepper, presented) {
      const check = await checkOf(await pepperKey(pepper), presented.slice(0, -CHECK_CHARS))
      return sameText(check, presented.slice(-CHECK_CHARS))
    },

    async prefixSalt(pepper, owner) {
      const name = `${pepper.ciphertext}\n${owner}`
      const known = salts.get(name)
      if (known !== undefined) return known
      const salt = await digestOf(await pepperKey(pepper), `sluice/prefix/v1|${owner}`)
      salts.set(name, salt)
      return salt
    },

    newPepper() {
      const secret = crypto.getRandomValues(new Uint8Array(PEPPER_BYTES))
      return vault.seal(OPERATOR, PEPPER_NAME, 1, toBase64(secret))
    },
  }
}
