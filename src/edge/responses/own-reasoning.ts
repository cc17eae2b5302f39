/** Reasoning of other targets than OpenAI, carried through a Responses caller and back in `encrypted_content`. No I/O. */
// Signed thinking and thought signatures must come back to whoever made them, and of a reasoning item the field that
// clients keep and return, whichever they are, is this one. All our reasoning items have it: so are they told from
// OpenAI's own, which nobody but OpenAI may be sent.
import { parseJson } from '../../core/chat-wire.ts'
import { isObject, items, members } from '../../core/loose.ts'
import { OWN_REASONING } from '../../core/responses/bound.ts'
import { bytesOfBase64Url, toBase64Url } from '../../lib/base64url.ts'

type Json = Readonly<Record<string, unknown>>

/** What one reasoning item of ours carries. */
export interface Carried {
  /** `reasoning_details` of Anthropic's format, as they came. */
  readonly details: readonly Json[]
  /** Google's thought signatures, by the id of the call that they belong to. */
  readonly signatures: Readonly<Record<string, string>>
}

/** Writes it as `encrypted_content`. It hides nothing: what it says is its reader's own answer. */
export function markOf({ details, signatures }: Carried): string {
  const carried = {
    ...(details.length === 0 ? {} : { details }),
    ...(Object.keys(signatures).length === 0 ? {} : { signatures }),
  }
  return OWN_REASONING + toBase64Url(JSON.stringify(carried))
}

/** Did we write it? */
export const isOwnMark = (value: unknown): value is string =>
  typeof value === 'string' && value.startsWith(OWN_REASONING)

/** Reads what `markOf` wrote. Null: it came back as something else. */
export function readMark(mark: string): Carried | null {
  const bytes = bytesOfBase64Url(mark.slice(OWN_REASONING.length))
  const value = bytes === null ? undefined : parseJson(new TextDecoder().decode(bytes))
  if (!isObject(value)) return null
  const details = items(value.details)
  const signatures = members(value.signatures)
  if (!details.every(isCarriedDetail) || !signatures.every(([, signature]) => typeof signature === 'string'))
    return null
  return { details, signatures: Object.fromEntries(signatures) as Record<string, string> }
}

/** One thinking block of Anthropic's: signed text, or text that was redacted. */
export function isCarriedDetail(detail: unknown): detail is Json {
  if (!isObject(detail) || detail.format !== 'anthropic') return false
  if (detail.type === 'reasoning.encrypted') return typeof detail.data === 'string'
  return detail.type === 'reasoning.text' && typeof detail.text === 'string' && typeof detail.signature === 'string'
}

/** The thought signature of a canonical tool call, if it has one. */
export function signatureOf(call: Json): string | null {
  const google = isObject(call.extra_content) ? call.extra_content.google : undefined
  const signature = isObject(google) ? google.thought_signature : undefined
  return typeof signature === 'string' && signature !== '' ? signature : null
}
