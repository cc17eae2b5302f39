/** A request with what it needs of earlier ones put in, answered, and what later ones need of it kept. */
import type { Client } from '../core/inference.ts'
import type { Edge } from './arrival.ts'
import { inBackground, keepEnded } from './background.ts'
import type { Exchange, Lasting } from './exchange.ts'
import { withFrame } from './framed.ts'
import { frameFor } from './framing.ts'
import { keepResponse, withPrevious } from './kept/previous.ts'
import { seenReply } from './kept/seen-reply.ts'
import { refusedReply } from './refused.ts'
import { reply } from './reply.ts'

/** Runs where the request is answered: in its isolate, or in the object that owns it. */
export async function perform(edge: Edge, exchange: Exchange, lasting: Lasting): Promise<Response> {
  const frame = await frameFor(edge, exchange, lasting)
  if (frame !== null && 'code' in frame) return refusedReply(edge, exchange, frame)
  const goingOn = await withPrevious(edge, exchange, lasting)
  if ('code' in goingOn) return refusedReply(edge, exchange, goingOn)
  const whole = frame === null ? goingOn.exchange : withFrame(goingOn.exchange, frame)
  const { context } = goingOn
  if (!lasting.store) return reply(edge, whole)
  const left = new AbortController()
  const { services } = edge
  const request = lasting.background ? inBackground(whole.request) : whole.request
  const answered = await reply(edge, {
    ...whole,
    request,
    client: orLeft(exchange.client, left.signal),
  })
  return seenReply(answered, exchange.skin.form, {
    asked: exchange.request.native?.body ?? {},
    headingId: exchange.headingId ?? exchange.request.requestId.replaceAll('-', ''),
    background: services.background,
    log: services.log,
    async onEnd(final, how) {
      if (how === 'cancelled') left.abort()
      if (lasting.background && (how !== 'finished' || final === null))
        await keepEnded(edge, exchange, how === 'cancelled' ? 'cancelled' : 'failed')
      else if (how !== 'finished') return
      else if (final === null) services.log({ level: 'warn', event: 'answer-too-long-to-keep' })
      else await keepResponse(edge, exchange, lasting, context, final)
    },
  })
}

/** One more way to learn that the client has left: a write to it that failed further down. */
const orLeft = (client: Client, left: AbortSignal): Client => ({
  get signal() {
    return AbortSignal.any([client.signal, left])
  },
})
