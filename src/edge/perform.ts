/** A request with what it needs of earlier ones put in, answered, and what later ones need of it kept. */
import type { Edge } from './arrival.ts'
import type { Exchange, Lasting } from './exchange.ts'
import { withFrame } from './framed.ts'
import { frameFor } from './framing.ts'
import { refusedReply } from './refused.ts'
import { reply } from './reply.ts'

/** Runs where the request is answered: in its isolate, or in the object that owns it. */
export async function perform(edge: Edge, exchange: Exchange, lasting: Lasting): Promise<Response> {
  const frame = await frameFor(edge, exchange, lasting)
  if (frame !== null && 'code' in frame) return refusedReply(edge, exchange, frame)
  return reply(edge, frame === null ? exchange : withFrame(exchange, frame))
}
