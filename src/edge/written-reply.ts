/** A reply whose body is written as it comes. */
import { handedReply, type Sink } from '../lib/handover.ts'

/** The reply, and what writes its body. `isOwned`: its reader is an object that answers with it, in this very request. */
export function writtenReply(init: ResponseInit, isOwned: boolean): { readonly reply: Response; readonly to: Sink } {
  if (isOwned) return handedReply(init)
  const { readable, writable } = new IdentityTransformStream()
  return { reply: new Response(readable, init), to: writable.getWriter() }
}
