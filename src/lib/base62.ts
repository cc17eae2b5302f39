/** Base62 (`0-9A-Za-z`, most significant digit first, fixed width): random text and the tail of a digest. No I/O. */

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** The largest multiple of 62 that a byte can hold: bytes from here on are thrown away, or low digits would be likelier. */
const UNBIASED = 62 * 4

/** `width` digits, each equally likely: 5.95 bits apiece. `fill` puts random bytes into what it is given. */
export function randomBase62(width: number, fill: (bytes: Uint8Array<ArrayBuffer>) => void): string {
  let text = ''
  const bytes = new Uint8Array(width)
  while (text.length < width) {
    fill(bytes)
    for (const byte of bytes) {
      if (byte < UNBIASED && text.length < width) text += DIGITS.charAt(byte % 62)
    }
  }
  return text
}

/** The bytes as one big-endian number, modulo 62^width, in `width` digits. Exact for widths up to 7 (62^7 · 256 < 2^53). */
export function base62OfBytes(bytes: Uint8Array, width: number): string {
  const modulus = 62 ** width
  let rest = 0
  for (const byte of bytes) rest = (rest * 256 + byte) % modulus
  let text = ''
  for (let place = 0; place < width; place++) {
    text = DIGITS.charAt(rest % 62) + text
    rest = Math.floor(rest / 62)
  }
  return text
}
