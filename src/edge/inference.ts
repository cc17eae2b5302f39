/** The inference endpoints: enter, read, decode, perform. What differs between protocols is the skin's. */
import { type Refusal, refusal } from '../core/errors.ts'
import { arrive, type Edge, isJson, seenThrough } from './arrival.ts'
import type { HeldBody } from './body.ts'
import { decode } from './decode.ts'
import type { Exchange } from './exchange.ts'
import { lastingOf } from './lasting.ts'
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
    const arrived = await arrive(edge, request, skin.errors)
    if (arrived instanceof Response) return arrived
    const { entry, identity, headers, refused } = arrived
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
    const exchange: Exchange = { skin, entry, request: decoded, client: request, headers, release, text }
    const asked = lastingOf(exchange, request.headers)
    if (asked === null) return reply(edge, exchange)
    const lasting = 'code' in asked ? asked : withWebhook(services, entry, request.url, asked)
    if ('code' in lasting) {
      release()
      return refused(lasting, decoded.alias)
    }
    return perform(edge, exchange, lasting)
  }
  return seenThrough(services, handle)
}
