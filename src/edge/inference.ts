/** The inference endpoints: enter, read, decode, perform. What differs between protocols is the skin's. */

import { meetingOf } from '../beside.ts'
import { type Refusal, refusal } from '../core/errors.ts'
import { arrive, type Edge, isJson, seenThrough } from './arrival.ts'
import { backgroundFault, keepQueued, launched } from './background.ts'
import type { HeldBody } from './body.ts'
import { decode } from './decode.ts'
import type { Exchange, Lasting } from './exchange.ts'
import { share } from './flight.ts'
import { lastingOf } from './lasting.ts'
import { openedReply, UNREACHABLE } from './opened-reply.ts'
import { type Begun, jobOf, outlast } from './outlast.ts'
import { perform } from './perform.ts'
import { reply } from './reply.ts'
import { requestOptions } from './request-options.ts'
import type { Skin } from './skin.ts'
import { withWebhook } from './webhook.ts'

const NOT_JSON = refusal('unsupported_media_type', "Send JSON, with 'content-type: application/json'.", {
  param: 'content-type',
})

/** The handler of one skin. */
export function inference(edge: Edge, skin: Skin) {
  const { services, bodies, known } = edge
  const handle = async (request: Request): Promise<Response> => {
    const arriving = arrive(edge, request, skin.errors)
    const arrived = arriving instanceof Promise ? await arriving : arriving
    if (arrived instanceof Response) return arrived
    const { entry, identity, headers, owned, refused } = arrived
    if (!isJson(request.headers.get('content-type'))) return refused(NOT_JSON, null)
    const options = requestOptions(request.headers)
    if ('code' in options) return refused(options, null)
    let body: HeldBody | Refusal
    try {
      body = await bodies.read(request)
    } catch {
      return arrived.left()
    }
    if ('code' in body) return refused(body, null)
    const before = known.get(skin.name, body.text, entry.caller.generation)
    const decoded = decode(skin, body, options, identity, request.headers, before)
    if (decoded.kind === 'refused') {
      body.release()
      return refused(decoded.refusal, decoded.alias)
    }
    const { release, text } = body
    const told = owned?.headingId === undefined ? {} : { headingId: owned.headingId }
    const isOwned = owned !== undefined
    const asking = { skin, entry, request: decoded, client: request }
    const exchange: Exchange = { ...asking, headers, release, text, isOwned, ...told }
    const wish = lastingOf(exchange, request.headers)
    const lasting = wish === null || 'code' in wish ? wish : withWebhook(services, entry, request.url, wish)
    if (lasting !== null && 'code' in lasting) {
      release()
      return refused(lasting, decoded.alias)
    }
    if (lasting === null) {
      const asked = isOwned ? null : meetingOf(services, entry, decoded)
      const meeting = asked instanceof Promise ? await asked : asked
      return meeting === null ? reply(edge, exchange) : share(edge, exchange, meeting, begunBy(exchange, request))
    }
    if (isOwned || !outlasts(lasting)) return perform(edge, exchange, lasting)
    release()
    const fault = lasting.background ? backgroundFault(exchange, lasting) : null
    return fault === null ? begin(edge, exchange, lasting, request) : refused(fault, decoded.alias)
  }
  return seenThrough(services, handle)
}

const outlasts = ({ background, onDisconnect, idempotencyKey, webhook }: Lasting): boolean =>
  background || onDisconnect === 'detach' || idempotencyKey !== undefined || webhook !== undefined

/** Hands a request to an object of its own. */
async function begin(edge: Edge, exchange: Exchange, lasting: Lasting, request: Request): Promise<Response> {
  const { services } = edge
  const { headers, skin } = exchange
  const begun = begunBy(exchange, request)
  const wish = { idempotencyKey: lasting.idempotencyKey, isBackground: lasting.background, webhook: lasting.webhook }
  const job = await jobOf(services, begun, wish).catch(() => null)
  if (job === null) return openedReply(null, '', headers, skin.errors, UNREACHABLE)
  if (!lasting.background) return outlast(services, job, headers, skin.errors)
  if (!exchange.request.stream) return launched(edge, job, exchange, lasting)
  try {
    await keepQueued(edge, { ...exchange, headingId: job.headingId ?? '' }, lasting)
  } catch {
    return openedReply(null, '', headers, skin.errors, UNREACHABLE)
  }
  return outlast(services, job, headers, skin.errors)
}

function begunBy({ entry, request, text }: Exchange, { url, headers }: Request): Begun {
  const { requestId, startedAtMs, alias } = request
  const identity = { requestId, startedAtMs }
  return { entry, identity, path: new URL(url).pathname, alias, sent: headers, text: text ?? '', isBase64: false }
}
