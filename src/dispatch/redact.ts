/** Makes a provider's message fit to be shown: bounded, and without anything that could be a secret. No I/O. */
import { RELAYED_MESSAGE_CHARS_MAX } from '../core/limits.ts'

const BLANK = '[redacted]'
/** Signed tokens, whose parts may each be short. */
const JSON_WEB_TOKEN = /\beyJ[\w-]+(?:\.[\w-]+)+/g
/** Shortest run of token characters that is taken for a secret. UUIDs (36) and ids of the providers' objects fall under it. */
const LONG_TOKEN = /[A-Za-z0-9_+/=-]{24,}/g
const URL_LIKE = /\b[a-z][a-z0-9+.-]*:\/\/\S+/gi
const EMAIL = /[^\s@<>"']+@[^\s@<>"']+\.[^\s@<>"']+/g

/** Blanks the given secrets, URLs, e-mail addresses and long tokens, then cuts. */
export function redact(message: string, secrets: readonly string[]): string {
  let text = message
  for (const secret of secrets) if (secret.length > 0) text = text.replaceAll(secret, BLANK)
  for (const pattern of [URL_LIKE, EMAIL, JSON_WEB_TOKEN, LONG_TOKEN]) text = text.replace(pattern, BLANK)
  return text.length <= RELAYED_MESSAGE_CHARS_MAX ? text : `${text.slice(0, RELAYED_MESSAGE_CHARS_MAX - 1)}…`
}
