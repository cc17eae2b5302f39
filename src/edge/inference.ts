/** The inference endpoints: enter, read, decode, answer, reply. What differs between protocols is the skin's. */
import type { Context } from 'hono'
import type { Guard } from '../authenticate/authenticate.ts'
import { type Entry, enter } from '../authenticate/enter.ts'
import { type Refusal, refusal } from '../core/errors.ts'
import type { Client } from '../core/inference.ts'
import { type Answer, answer, leave, refuse } from '../gateway.ts'
import type { Services } from '../services.ts'
import type { BodyBudget, HeldBody } from './body.ts'
import { decode } from './decode.ts'
import { errorReply } from './error-reply.ts'
import { answerHeaders, commonHeaders, unansweredHeaders } from './headers.ts'
import type { KnownBodies } from './known-bodies.ts'
import { encodedWhole, wholeOf } from './recalled-reply.ts'
import { requestOptions } from './request-options.ts'
import type { Heading, Skin } from './skin.ts'
import { leftReply, streamReply } from './stream-reply.ts'

/** One per isolate. */
export interface Edge {
  readonly services: Services
  readonly guard: Guard
  readonly bodies: BodyBudget
  readonly known: KnownBodies
}

const NOT_JSON = refusal('unsupported_media_type', "Send JSON, with 'content-type: application/json'.", {
  param: 'content-type',
})

/** The handler of one skin. */
export function inference(edge: Edge, skin: Skin) {
  const { services, guard, bodies, known } = edge
  const handle = async (request: Request): Promise<Response> => {
    const headers = commonHeaders(request.headers)
    const identity = { requestId: headers['x-request-id'], startedAtMs: services.clock.now() }
    const entry = await enter(services, guard, presentedBy(request))
    if (entry.kind === 'refused') return errorReply(entry.refusal, unansweredHeaders(headers, null), skin.errors)

    const refused = (reason: Refusal, alias: string | null): Response => {
      refuse(services, entry, { ...identity, alias }, reason)
      return errorReply(reason, unansweredHeaders(headers, alias), skin.errors)
    }
    if (!isJson(request.headers.get('content-type'))) return refused(NOT_JSON, null)
    const options = requestOptions(request.headers)
    if ('code' in options) return refused(options, null)
    let body: HeldBody | Refusal
    try {
      body = await bodies.read(request)
    } catch {
      leave(services, entry, { ...identity, alias: null })
      return leftReply()
    }
    if ('code' in body) return refused(body, null)
    const before = known.get(skin.name, body.text, entry.caller.generation)
    const decoded = decode(skin, body, options, identity, request.headers, before)
    if (decoded.kind === 'refused') {
      body.release()
      return refused(decoded.refusal, decoded.alias)
    }
    return reply(edge, skin, entry, decoded, body, request, headers)
  }
  return (c: Context): Promise<Response> => {
    const handled = handle(c.req.raw)
    // When the client is gone the runtime drops what is under way, unless it was told of it: the record must be made,
    // and what the body holds given back. To tell it only then, the request's signal would have to be watched: that
    // costs a quarter of a hit, and this some hundredths.
    services.background(handled.then(ignore, ignore))
    return handled
  }
}

/** A failure is the app's to answer. */
function ignore(): void {}

async function reply(
  { services, known }: Edge,
  skin: Skin,
  entry: Entry,
  request: Extract<ReturnType<typeof decode>, { kind: 'request' }>,
  body: HeldBody,
  client: Client,
  headers: ReturnType<typeof commonHeaders>,
): Promise<Response> {
  const { alias, startedAtMs, wantsUsage, debug } = request
  const { clock, background } = services
  const progress: { cache: Answer['cache'] } = { cache: 'bypass' }
  const ask = (waiting: Client): Promise<Answer> =>
    answer(services, entry, request, waiting, progress)
      .then((answered) => {
        if (answered.kind === 'recalled') known.keep(skin.name, body.text, entry.caller.generation, request)
        return answered
      })
      .finally(() => body.release())
  const asked = request.native?.body ?? NOTHING
  const heading = (): Heading => ({
    id: crypto.randomUUID().replaceAll('-', ''),
    model: alias,
    createdS: Math.floor(clock.now() / 1000),
  })
  if (request.stream) {
    const reader = new StreamClient(client)
    const leave = (): void => reader.leave()
    const told = { clock, background, alias, startedAtMs, headers, wantsUsage, debug, progress, leave }
    return streamReply({ ...told, skin, heading, asked }, ask(reader))
  }
  const answered = await ask(client)
  if (answered.kind === 'refused')
    return errorReply(answered.refusal, answerHeaders(headers, alias, startedAtMs, answered, debug), skin.errors)
  if (answered.kind !== 'whole' && answered.kind !== 'recalled') return leftReply()
  answerHeaders(headers, alias, startedAtMs, answered, debug)
  headers['content-type'] = 'application/json'
  if (skin.encode !== null) Object.assign(headers, skin.errors.headers(headers['x-request-id']))
  return new Response(wholeBody(answered, skin, heading, asked), { headers })
}

const NOTHING = {}

function wholeBody(
  answered: Extract<Answer, { kind: 'whole' | 'recalled' }>,
  skin: Skin,
  heading: () => Heading,
  asked: Readonly<Record<string, unknown>>,
): string | Uint8Array {
  if (answered.kind === 'recalled') return wholeOf(answered.hit, skin, heading(), asked)
  const { body, form } = answered
  if (skin.encode === null || form === skin.form) return body
  return encodedWhole(typeof body === 'string' ? body : new TextDecoder().decode(body), skin.encode, heading(), asked)
}

/** A client that only closed its half is noticed by a write that fails, which the request's own signal never tells. */
class StreamClient implements Client {
  readonly #client: Client
  #controller: AbortController | null = null
  #hasLeft = false

  constructor(client: Client) {
    this.#client = client
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController()
      const { signal } = this.#client
      if (signal.aborted || this.#hasLeft) this.#controller.abort()
      else signal.addEventListener('abort', () => this.leave(), { once: true })
    }
    return this.#controller.signal
  }

  leave(): void {
    this.#hasLeft = true
    this.#controller?.abort()
  }
}

/** The headers a key may come in. */
export const presentedBy = (request: Request) => ({
  authorization: request.headers.get('authorization'),
  apiKey: request.headers.get('x-api-key'),
})

const isJson = (type: string | null): boolean => type !== null && /^application\/json\s*(?:;|$)/i.test(type)
