/** A request with what it needs of earlier ones put in, answered, and what later ones need of it kept. */
import type { Edge } from './arrival.ts'
import type { Exchange, Lasting } from './exchange.ts'
import { framed } from './framing.ts'
import { refusedReply } from './refused.ts'
import { reply } from './reply.ts'

/** Runs where the request is answered: in its isolate, or in the object that owns it. */
export async function perform(edge: Edge, exchange: Exchange, lasting: Lasting): Promise<Response> {
  const inFrame = await framed(edge, exchange, lasting)
  if ('code' in inFrame) return refusedReply(edge, exchange, inFrame)
  return reply(edge, inFrame)
}
