/** What of a Responses request may be sent to a target that speaks the protocol itself. No I/O. */
import { isObject, items } from '../loose.ts'

type Json = Readonly<Record<string, unknown>>

/** Begins the `encrypted_content` of reasoning that we wrote ourselves: nobody else can read it. */
export const OWN_REASONING = 'sluice:'

/**
 * The caller's body without reasoning that the target could not open: what we wrote ourselves, always; and where it is
 * another provider than the one whose it may be (`keepsBound` false) all that is encrypted. The same object where
 * nothing is taken out; never changed in place.
 */
export function withoutForeignReasoning(
  body: Json,
  keepsBound: boolean,
): { readonly body: Json; readonly dropped: readonly string[] } {
  const input = items(body.input)
  const kept = input.filter((item) => !isForeign(item, keepsBound))
  if (kept.length === input.length) return { body, dropped: [] }
  return { body: { ...body, input: kept }, dropped: ['reasoning.encrypted_content'] }
}

/** What is kept between requests is kept here: no target is asked to keep anything, nor told of what it would not know. */
export function withoutLasting(body: Json): Json {
  const {
    previous_response_id: _,
    conversation: _conversation,
    background: _background,
    prompt: _prompt,
    ...rest
  } = body
  return { ...rest, store: false }
}

function isForeign(item: unknown, keepsBound: boolean): boolean {
  if (!isObject(item) || item.type !== 'reasoning' || typeof item.encrypted_content !== 'string') return false
  return !keepsBound || item.encrypted_content.startsWith(OWN_REASONING)
}
