/** The inference endpoints: enter, read, decode, answer, reply. What differs between protocols is the skin's. */
import type { Entry } from '../authenticate/enter.ts'
import { type Refusal, refusal } from '../core/errors.ts'
import type { Client } from '../core/inference.ts'
import { type Answer, answer } from '../gateway.ts'
import { type Arrival, arrive, type Edge, isJson, seenThrough } from './arrival.ts'
import type { HeldBody } from './body.ts'
import { decode } from './decode.ts'
import { errorReply } from './error-reply.ts'
import { answerHeaders } from './headers.ts'
import { encodedWhole, wholeOf } from './recalled-reply.ts'
import { requestOptions } from './request-options.ts'
import type { Heading, Skin } from './skin.ts'
import { leftReply, streamReply } from './stream-reply.ts'

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
    return reply(edge, skin, entry, decoded, body, request, headers)
  }
  return seenThrough(services, handle)
}

async function reply(
  { services, known }: Edge,
  skin: Skin,
  entry: Entry,
  request: Extract<ReturnType<typeof decode>, { kind: 'request' }>,
  body: HeldBody,
  client: Client,
  headers: Arrival['headers'],
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
