/** A request that was read, and is refused before anybody is asked: recorded like every other end. */
import type { Refusal } from '../core/errors.ts'
import { refuse } from '../gateway.ts'
import type { Edge } from './arrival.ts'
import { errorReply } from './error-reply.ts'
import type { Exchange } from './exchange.ts'
import { unansweredHeaders } from './headers.ts'

/** Refuses it in its skin's own words, and gives back what its body holds. */
export function refusedReply({ services }: Pick<Edge, 'services'>, exchange: Exchange, reason: Refusal): Response {
  const { entry, request, headers, skin, release } = exchange
  release()
  refuse(services, entry, request, reason)
  return errorReply(reason, unansweredHeaders(headers, request.alias), skin.errors)
}
