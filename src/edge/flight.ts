/** Identical requests in flight, as one: the first begins a stream of its own, and all read it. */

import { follow } from '../beside.ts'
import { STREAM_MET_MS } from '../core/streams/limits.ts'
import { sha256Hex } from '../lib/hash.ts'
import type { Edge } from './arrival.ts'
import { errorReply } from './error-reply.ts'
import type { Exchange } from './exchange.ts'
import { answerHeaders } from './headers.ts'
import { openedReply, UNREACHABLE } from './opened-reply.ts'
import { type Begun, jobOf } from './outlast.ts'
import { reply } from './reply.ts'
import { leftReply } from './stream-reply.ts'

/**
 * Answers under the name of a meeting. Whoever comes first is answered, and charged, as always; the others read along.
 * Where that one was refused, or nobody can be met, each is answered by itself.
 */
export async function share(edge: Edge, exchange: Exchange, meeting: string, begun: Begun): Promise<Response> {
  const { services } = edge
  const { skin, request, headers, entry, client } = exchange
  const wish = { idempotencyKey: undefined, isBackground: false, meeting: meetingId(exchange, meeting) }
  const job = await jobOf(services, begun, wish).catch(() => null)
  if (job === null) return reply(edge, exchange)
  const { id } = job
  const reader = request.requestId
  const met = { ...job, whenDeserted: 'cancel' as const, keptMs: STREAM_MET_MS }
  // Whoever resets their connection is noticed at once, whatever the stream does meanwhile.
  const leave = (): void => services.background(services.streams.leave(job.place, id, reader).catch(() => undefined))
  client.signal.addEventListener('abort', leave, { once: true })
  if (client.signal.aborted) return leftReply()
  const opened = await services.streams.start(met, reader).catch(() => null)
  if (opened?.kind === 'open' && !opened.isJoined) {
    exchange.release()
    return openedReply(opened, id, headers, skin.errors, UNREACHABLE)
  }
  // Nobody knows yet what one that is deferred comes to: a refusal of the first one's own, perhaps.
  if (opened?.kind !== 'open' || opened.status !== 200 || 'x-sluice-deferred' in opened.headers) {
    if (opened?.kind === 'open') await opened.body.cancel()
    return reply(edge, exchange)
  }
  exchange.release()
  const firstTokenMs = services.clock.now() - request.startedAtMs
  const following = await follow(services, entry, request, client)
  if (following.kind !== 'following') {
    await opened.body.cancel()
    if (following.kind === 'cancelled') return leftReply()
    const { refusal } = following
    const refused = { kind: 'refused', refusal, limits: following.limits, queueMs: 0, cache: 'bypass' } as const
    const untried = { attempts: 0, target: null, askedAtMs: null, bypass: null }
    return errorReply(
      refusal,
      answerHeaders(headers, request.alias, request.startedAtMs, { ...refused, ...untried }),
      skin.errors,
    )
  }
  const target = opened.headers['x-sluice-target'] ?? null
  const { readable, writable } = new IdentityTransformStream()
  services.background(
    opened.body.pipeTo(writable).then(
      () => following.ended('finished', target, firstTokenMs),
      () => following.ended('cancelled', target, firstTokenMs),
    ),
  )
  const answered = openedReply({ ...opened, body: readable }, id, headers, skin.errors, UNREACHABLE)
  answered.headers.set('x-sluice-cache', 'coalesced')
  answered.headers.set('x-sluice-attempts', '0')
  answered.headers.set('x-sluice-queue-ms', String(Math.ceil(following.queueMs)))
  if (answered.headers.has('x-sluice-cost-usd')) answered.headers.set('x-sluice-cost-usd', '0')
  return answered
}

/** What differs in bytes alone meets under names of its own: the skin, whole or streamed, with usage or without. */
function meetingId({ skin, request }: Exchange, meeting: string): string {
  const { stream, wantsUsage, debug } = request
  const form = [skin.name, stream, wantsUsage, debug].join(' ')
  return sha256Hex(`${meeting}\n${form}`).slice(0, 32)
}
