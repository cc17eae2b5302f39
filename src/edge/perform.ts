/** A request with what it needs of earlier ones put in, answered, and what later ones need of it kept. */
import type { Refusal } from '../core/errors.ts'
import type { Client } from '../core/inference.ts'
import type { Edge } from './arrival.ts'
import { inBackground, keepEnded, keepRefused } from './background.ts'
import type { Exchange, Lasting } from './exchange.ts'
import { withFrame } from './framed.ts'
import { frameFor } from './framing.ts'
import type { FinalAnswer } from './kept/answer-reader.ts'
import { keepResponse, withPrevious } from './kept/previous.ts'
import { type HowEnded, seenReply } from './kept/seen-reply.ts'
import { askModel } from './memory/ask-model.ts'
import { remembered } from './memory/remembered.ts'
import { newId } from './new-id.ts'
import { refusedReply } from './refused.ts'
import { reply } from './reply.ts'

/** Runs where the request is answered: in its isolate, or in the object that owns it. */
export async function perform(edge: Edge, exchange: Exchange, lasting: Lasting): Promise<Response> {
  const answered = await performed(edge, exchange, lasting)
  return lasting.background && answered.status >= 400 ? keepRefused(edge, exchange, answered) : answered
}

async function performed(edge: Edge, exchange: Exchange, lasting: Lasting): Promise<Response> {
  // First, for it may refuse, and a session is not taken for nothing; put in last, so that it stands in front of all.
  const frame = await frameFor(edge, exchange, lasting)
  if (frame !== null && 'code' in frame) return refusedReply(edge, exchange, frame)
  const goingOn = await goingOnOf(edge, exchange, lasting)
  if ('code' in goingOn) return refusedReply(edge, exchange, goingOn)
  const framed = frame === null ? goingOn.exchange : withFrame(goingOn.exchange, frame)
  const whole = lasting.background ? { ...framed, text: null, request: inBackground(framed.request) } : framed
  if (goingOn.ended === null) return reply(edge, whole)
  const { ended } = goingOn
  const { services } = edge
  const left = new AbortController()
  const headingId = exchange.headingId ?? newId()
  const asking = reply(edge, { ...whole, headingId, client: orLeft(exchange.client, left.signal) })
  const answered = await asking.catch(async (error: unknown) => {
    // A session must not stay taken for a fault of ours.
    await ended(null, 'broken')
    throw error
  })
  return seenReply(answered, exchange.skin.form, {
    asked: exchange.request.native?.body ?? exchange.request.body,
    headingId,
    background: services.background,
    log: services.log,
    async onEnd(final, how) {
      if (how === 'cancelled') left.abort()
      await ended(final, how)
    },
  })
}

/** A request with what was before it, and what is done at its end; null where nothing is. */
interface GoingOn {
  readonly exchange: Exchange
  readonly ended: ((final: FinalAnswer | null, how: HowEnded) => Promise<void>) | null
}

async function goingOnOf(edge: Edge, exchange: Exchange, lasting: Lasting): Promise<GoingOn | Refusal> {
  const memory = await remembered(edge, exchange, lasting, askModel(edge.services, exchange))
  if (memory !== null && 'code' in memory) return memory
  const before = memory ?? (await withPrevious(edge, exchange, lasting))
  if ('code' in before) return before
  if (memory === null && !lasting.store) return { exchange: before.exchange, ended: null }
  const context = 'context' in before ? before.context : []
  return {
    exchange: before.exchange,
    async ended(final, how) {
      const answer = how === 'finished' ? final : null
      // One that cannot be kept must not keep the other from being so.
      const kept = await Promise.allSettled([
        answer === null ? memory?.abandon(how === 'cancelled' ? 'cancelled' : 'broken') : memory?.finish(answer),
        lasting.store ? keep(edge, exchange, lasting, context, answer, how) : undefined,
      ])
      for (const one of kept) if (one.status === 'rejected') throw one.reason
    },
  }
}

async function keep(
  edge: Edge,
  exchange: Exchange,
  lasting: Lasting,
  context: Parameters<typeof keepResponse>[3],
  answer: FinalAnswer | null,
  how: HowEnded,
): Promise<void> {
  if (answer !== null) await keepResponse(edge, exchange, lasting, context, answer)
  else if (lasting.background) await keepEnded(edge, exchange, how === 'cancelled' ? 'cancelled' : 'failed')
  else if (how === 'finished') edge.services.log({ level: 'warn', event: 'answer-too-long-to-keep' })
}

/** One more way to learn that the client has left: a write to it that failed further down. */
const orLeft = (client: Client, left: AbortSignal): Client => ({
  get signal() {
    return AbortSignal.any([client.signal, left])
  },
})
