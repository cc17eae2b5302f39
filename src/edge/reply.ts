/** A request answered and the answer written: whole or streamed, in its skin's own words. */
import type { Client } from '../core/inference.ts'
import { type Answer, answer } from '../gateway.ts'
import type { Edge } from './arrival.ts'
import { errorReply } from './error-reply.ts'
import type { Exchange } from './exchange.ts'
import { answerHeaders, debugOf } from './headers.ts'
import { newId } from './new-id.ts'
import { encodedWhole, wholeOf } from './recalled-reply.ts'
import type { Heading, Skin } from './skin.ts'
import { leftReply, streamReply } from './stream-reply.ts'

/** Answers it, whole or streamed. */
export async function reply(
  { services, known, written }: Edge,
  { skin, entry, request, client, headers, release, text, headingId, isOwned }: Exchange,
): Promise<Response> {
  const { alias, startedAtMs, wantsUsage } = request
  const debug = debugOf(request, entry)
  const { clock, background } = services
  const progress: { cache: Answer['cache'] } = { cache: 'bypass' }
  const ask = async (waiting: Client): Promise<Answer> => {
    try {
      const answered = await answer(services, entry, request, waiting, progress)
      if (answered.kind === 'recalled' && text !== null) known.keep(skin.name, text, entry.caller.generation, request)
      return answered
    } finally {
      release()
    }
  }
  const asked = request.native?.body ?? NOTHING
  const heading = (): Heading => ({
    id: headingId ?? newId(),
    model: alias,
    // One that was told of before its answer was created then.
    createdS: Math.floor((headingId === undefined ? clock.now() : startedAtMs) / 1000),
  })
  if (request.stream) {
    const reader = new StreamClient(client)
    const leave = (): void => reader.leave()
    const told = { clock, background, alias, startedAtMs, headers, wantsUsage, debug, progress, leave, isOwned }
    return streamReply({ ...told, skin, heading, asked }, ask(reader))
  }
  const answered = await ask(client)
  if (answered.kind === 'refused')
    return errorReply(answered.refusal, answerHeaders(headers, alias, startedAtMs, answered, debug), skin.errors)
  if (answered.kind !== 'whole' && answered.kind !== 'recalled') return leftReply()
  answerHeaders(headers, alias, startedAtMs, answered, debug)
  headers['content-type'] = 'application/json'
  if (skin.encode !== null) Object.assign(headers, skin.errors.headers(headers['x-request-id']))
  const body = wholeBody(answered, skin, heading, asked)
  return new Response(body, { headers: written.of(headers) })
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
