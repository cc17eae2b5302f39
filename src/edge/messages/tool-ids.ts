/** Ids of tool calls: other providers' as Anthropic's clients take them, and back again. Nothing is remembered. No I/O. */
import { fromBase64Url, toBase64Url } from '../../lib/base64url.ts'

/** Begins an id that carries another one. Anthropic's own go on with digits. */
const CARRIER = 'toolu_sluice_'
/** What Anthropic's clients, and Anthropic, take for the id of a call. */
const NATIVE = /^toolu_[a-zA-Z0-9_-]+$/

/** The id that an Anthropic client is given. Those that are Anthropic's already stay as they are. */
export function toAnthropicId(id: string): string {
  if (NATIVE.test(id) && !id.startsWith(CARRIER)) return id
  return CARRIER + toBase64Url(id)
}

/** The id as the provider gave it. One that carries none was not ours, and stays as it is. */
export function fromAnthropicId(id: string): string {
  if (!id.startsWith(CARRIER)) return id
  const carried = fromBase64Url(id.slice(CARRIER.length))
  return carried !== null && toAnthropicId(carried) === id ? carried : id
}
