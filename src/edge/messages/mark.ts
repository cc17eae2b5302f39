/** The signature of thinking blocks that we write ourselves, and what travels in it to the caller and back. No I/O. */
// A tool_use block has no place for the thought signature that Gemini binds to a call, and clients send back of a block
// what they know. The signature of the thinking before it they must send back as it is.
import { parseJson } from '../../core/chat-wire.ts'
import { field, members } from '../../core/loose.ts'
import { OWN_MARK } from '../../core/messages/bound.ts'
import { fromBase64Url, toBase64Url } from '../../lib/base64url.ts'

/** Google's thought signatures by the ids of their calls, as the provider gave both. */
export type ThoughtSignatures = ReadonlyMap<string, string>

/** A signature that carries them. */
export function markOf(calls: ThoughtSignatures): string {
  const said = calls.size === 0 ? {} : { calls: Object.fromEntries(calls) }
  return OWN_MARK + toBase64Url(JSON.stringify(said))
}

/** What a signature carries: nothing, where it is none of ours or cannot be read. */
export function readMark(signature: unknown): ThoughtSignatures {
  if (typeof signature !== 'string' || !signature.startsWith(OWN_MARK)) return new Map()
  const said = parseJson(fromBase64Url(signature.slice(OWN_MARK.length)) ?? '')
  return new Map(
    members(field(said, 'calls')).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}
