/** The OpenAI inference endpoints: enter, read, decode, answer, reply. */
import type { Context } from 'hono'
import type { Guard } from '../authenticate/authenticate.ts'
import { type Entry, enter } from '../authenticate/enter.ts'
import { type Refusal, refusal } from '../core/errors.ts'
import type { Client, Operation } from '../core/inference.ts'
import { type Answer, answer, leave, refuse } from '../gateway.ts'
import type { Services } from '../services.ts'
import type { BodyBudget, HeldBody } from './body.ts'
import { decode } from './decode.ts'
import { errorReply } from './error-reply.ts'
import { answerHeaders, commonHeaders, unansweredHeaders } from './headers.ts'
import type { KnownBodies } from './known-bodies.ts'
import { wholeOf } from './recalled-reply.ts'
import { requestOptions } from './request-options.ts'
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

/** The handler of one operation. */
export function inference(edge: Edge, operation: Operation) {
  const { services, guard, bodies, known } = edge
  const handle = async (request: Request): Promise<Response> => {
    const headers = commonHeaders(request.headers)
    const identity = { requestId: headers['x-request-id'], startedAtMs: services.clock.now() }
    const entry = await enter(services, guard, presentedBy(request))
    if (entry.kind === 'refused') return errorReply(entry.refusal, unansweredHeaders(headers, null))

    const refused = (reason: Refusal, alias: string | null): Response => {
      refuse(services, entry, { ...identity, alias }, reason)
      return errorReply(reason, unansweredHeaders(headers, alias))
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
    const decoded = decode(operation, body, options, identity, known.get(operation, body.text, entry.caller.generation))
    if (decoded.kind === 'refused') {
      body.release()
      return refused(decoded.refusal, decoded.alias)
    }
    return reply(edge, entry, decoded, body, request, headers)
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
        if (answered.kind === 'recalled')
          known.keep(request.operation, body.text, entry.caller.generation, request.body)
        return answered
      })
      .finally(() => body.release())
  if (request.stream) {
    const reader = new StreamClient(client)
    const leave = (): void => reader.leave()
    const context = { clock, background, alias, startedAtMs, headers, wantsUsage, debug, progress, leave }
    return streamReply(context, ask(reader))
  }
  const answered = await ask(client)
  if (answered.kind === 'refused')
    return errorReply(answered.refusal, answerHeaders(headers, alias, startedAtMs, answered, debug))
  if (answered.kind !== 'whole' && answered.kind !== 'recalled') return leftReply()
  answerHeaders(headers, alias, startedAtMs, answered, debug)
  headers['content-type'] = 'application/json'
  return new Response(answered.kind === 'whole' ? answered.body : wholeOf(answered.hit, clock), { headers })
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
