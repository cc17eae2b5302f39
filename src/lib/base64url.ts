/** Texts in characters that an id or a signature may have, and back. No I/O. */
import { fromBase64, toBase64, utf8 } from './hash.ts'

/** A mark at its beginning is part of a text. */
const UTF8 = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true })

/** Base64url without padding, of the text's UTF-8. */
export function toBase64Url(text: string): string {
  return toBase64(utf8(text)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

/** The bytes; null where it is not base64, in either alphabet, of some bytes. */
export function bytesOfBase64Url(written: string): Uint8Array<ArrayBuffer> | null {
  const padding = '='.repeat((4 - (written.length % 4)) % 4)
  return fromBase64(written.replaceAll('-', '+').replaceAll('_', '/') + padding)
}

/** The text; null where that is not what `toBase64Url` writes. */
export function fromBase64Url(written: string): string | null {
  const bytes = bytesOfBase64Url(written)
  const text = bytes === null ? null : UTF8.decode(bytes)
  return text === null || toBase64Url(text) !== written ? null : text
}
