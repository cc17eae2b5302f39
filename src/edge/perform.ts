/** A request with what it needs of earlier ones put in, answered, and what later ones need of it kept. */
import { refuse } from '../gateway.ts'
import type { Edge } from './arrival.ts'
import { errorReply } from './error-reply.ts'
import type { Exchange, Lasting } from './exchange.ts'
import { unansweredHeaders } from './headers.ts'
import { seenReply } from './kept/seen-reply.ts'
import { remembered } from './memory/remembered.ts'
import { reply } from './reply.ts'

/** Runs where the request is answered: in its isolate, or in the object that owns it. */
export async function perform(edge: Edge, exchange: Exchange, lasting: Lasting): Promise<Response> {
  const memory = await remembered(edge, exchange, lasting)
  if (memory === null) return reply(edge, exchange)
  const { services } = edge
  const { entry, request, headers, release, skin } = exchange
  if ('code' in memory) {
    release()
    refuse(services, entry, request, memory)
    return errorReply(memory, unansweredHeaders(headers, request.alias), skin.errors)
  }
  const replied = await reply(edge, memory.exchange).catch(async (error: unknown) => {
    await memory.abandon('broken')
    throw error
  })
  return seenReply(replied, skin.form, {
    asked: request.native?.body ?? request.body,
    headingId: crypto.randomUUID().replaceAll('-', ''),
    background: services.background,
    log: services.log,
    onEnd: (final, how) =>
      final === null ? memory.abandon(how === 'cancelled' ? 'cancelled' : 'broken') : memory.finish(final),
  })
}
