/** A request with what it needs of earlier ones put in, answered, and what later ones need of it kept. */
import type { Edge } from './arrival.ts'
import type { Exchange, Lasting } from './exchange.ts'
import { reply } from './reply.ts'

/** Runs where the request is answered: in its isolate, or in the object that owns it. */
export function perform(edge: Edge, exchange: Exchange, lasting: Lasting): Promise<Response> {
  void lasting
  return reply(edge, exchange)
}
