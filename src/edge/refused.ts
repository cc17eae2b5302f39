/** A request that was read and decoded, refused all the same: recorded, and what its body holds given back. */
import type { Refusal } from '../core/errors.ts'
import { refuse } from '../gateway.ts'
import type { Edge } from './arrival.ts'
import { errorReply } from './error-reply.ts'
import type { Exchange } from './exchange.ts'
import { unansweredHeaders } from './headers.ts'

/** The reply that says why. */
export function refusedReply(
  { services }: Pick<Edge, 'services'>,
  { entry, request, headers, release, skin }: Exchange,
  reason: Refusal,
): Response {
  release()
  refuse(services, entry, request, reason)
  return errorReply(reason, unansweredHeaders(headers, request.alias), skin.errors)
}
