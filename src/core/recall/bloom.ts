/** Which keys a shard holds, for those who would ask it in vain: a Bloom filter over keys that are hashes. No I/O. */
import { fromBase64, toBase64 } from '../../lib/hash.ts'
import { CACHE_DIGEST_BYTES_MAX } from './limits.ts'

/*
 * Keys are base64url of an HMAC, so that their characters are random bits already. Two numbers of 30 bits are read from
 * them, and the probes are their combinations (Kirsch and Mitzenmacher, "Less Hashing, Same Performance", 2006). The
 * first character is left alone: it has chosen the shard.
 */
const FIRST_CHAR = 2
const CHARS_PER_NUMBER = 5
const PROBES = 7
const BYTES_MIN = 64
/** Bits that a filter is made with for every key: at half of that, when it has filled up, 2 of 100 strangers pass. */
const BITS_PER_KEY = 16
const BITS_PER_KEY_MIN = 8

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const VALUES = new Uint8Array(128)
for (let value = 0; value < ALPHABET.length; value += 1) VALUES[ALPHABET.charCodeAt(value)] = value

/** A filter of a power of two of bits. */
export class Bloom {
  readonly #bytes: Uint8Array<ArrayBuffer>
  readonly #mask: number

  private constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes
    this.#mask = bytes.length * 8 - 1
  }

  /** An empty one with room for so many keys and as many again, within CACHE_DIGEST_BYTES_MAX. */
  static forKeys(count: number): Bloom {
    let bytes = BYTES_MIN
    while (bytes * 8 < count * BITS_PER_KEY && bytes < CACHE_DIGEST_BYTES_MAX) bytes *= 2
    return new Bloom(new Uint8Array(bytes))
  }

  /** The filter that `text` was made of; null for any other text. */
  static from(text: string): Bloom | null {
    const bytes = fromBase64(text)
    if (bytes === null || bytes.length < BYTES_MIN || bytes.length > CACHE_DIGEST_BYTES_MAX) return null
    return (bytes.length & (bytes.length - 1)) === 0 ? new Bloom(bytes) : null
  }

  /** Base64 of its bits. */
  text(): string {
    return toBase64(this.#bytes)
  }

  /** Keys that it takes before it should be made anew, larger; at the bound it takes any number, and says less. */
  get room(): number {
    const { length } = this.#bytes
    return length >= CACHE_DIGEST_BYTES_MAX ? Number.POSITIVE_INFINITY : (length * 8) / BITS_PER_KEY_MIN
  }

  add(key: string): void {
    const step = numberAt(key, FIRST_CHAR + CHARS_PER_NUMBER) | 1
    let probe = numberAt(key, FIRST_CHAR)
    for (let count = 0; count < PROBES; count += 1) {
      const bit = probe & this.#mask
      this.#bytes[bit >> 3] = (this.#bytes[bit >> 3] ?? 0) | (1 << (bit & 7))
      probe = (probe + step) | 0
    }
  }

  /** False only for a key that was never added. */
  mayHold(key: string): boolean {
    const step = numberAt(key, FIRST_CHAR + CHARS_PER_NUMBER) | 1
    let probe = numberAt(key, FIRST_CHAR)
    for (let count = 0; count < PROBES; count += 1) {
      const bit = probe & this.#mask
      if (((this.#bytes[bit >> 3] ?? 0) & (1 << (bit & 7))) === 0) return false
      probe = (probe + step) | 0
    }
    return true
  }
}

/** 30 bits of five characters; what is no character of base64url counts as nothing. */
function numberAt(key: string, from: number): number {
  let bits = 0
  for (let at = from; at < from + CHARS_PER_NUMBER; at += 1)
    bits = (bits << 6) | (VALUES[key.charCodeAt(at) & 127] ?? 0)
  return bits
}
