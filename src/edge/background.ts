/** Runs in the background: begun at once, told of as a response that is being made, read or asked for later. */
import { type Refusal, refusal } from '../core/errors.ts'
import type { InferenceRequest } from '../core/inference.ts'
import { modelOf } from '../core/models.ts'
import type { StreamJob, StreamState } from '../core/streams/types.ts'
import { placeOf } from '../core/tenant.ts'
import type { Edge } from './arrival.ts'
import { errorReply } from './error-reply.ts'
import type { Exchange, Lasting } from './exchange.ts'
import { putKept, readKept } from './kept/record.ts'
import type { Running } from './kept/routes.ts'
import { openedReply, TAKEN, UNREACHABLE } from './opened-reply.ts'
import { responseOf } from './responses/response-object.ts'
import { openaiErrors } from './skin-errors.ts'

type Json = Readonly<Record<string, unknown>>

/** Why a request cannot be answered in the background; null where it can. Told at once, as it would be without. */
export function backgroundFault({ entry, request }: Exchange, lasting: Lasting): Refusal | null {
  if (!lasting.store)
    return refusal('invalid_request', "A background response is kept: leave 'store' out, or send true.", {
      param: 'store',
    })
  const unsayable = request.native?.unsayable
  if (unsayable !== undefined) return refusal('invalid_request', unsayable.message, { param: unsayable.param })
  const model = modelOf(entry.deployment.models, entry.caller, request.alias)
  return 'code' in model ? model : null
}

/**
 * The request as its object answers it: as a stream, so that there is something to be read while it is made, and never in
 * its own protocol, for the response has its id before any upstream was asked.
 */
export function inBackground(request: InferenceRequest): InferenceRequest {
  const native = request.native === undefined ? {} : { native: { ...request.native, isTranslated: true as const } }
  return { ...request, ...native, stream: true, wantsUsage: true, body: { ...request.body, stream: true } }
}

/** The response before there is anything of it. */
export function queuedResponse({ request, headingId = '' }: Exchange): Json {
  const asked = request.native?.body ?? {}
  const heading = { id: headingId, model: request.alias, createdS: Math.floor(request.startedAtMs / 1000) }
  const response = responseOf(asked, heading, { status: 'in_progress', output: [], usage: null })
  return { ...response, status: 'queued', background: true, store: true }
}

/**
 * Keeps the response that is begun, so that it can be asked for from now on; one that its idempotency key has begun
 * before stays. Answers with how it stands. Rejects where it cannot be kept.
 */
export async function keepQueued(edge: Edge, exchange: Exchange, lasting: Lasting): Promise<Json> {
  const { services } = edge
  const response = { ...queuedResponse(exchange), previous_response_id: lasting.previousResponseId ?? null }
  const id = idOf(exchange)
  if (lasting.idempotencyKey !== undefined) {
    const known = await readKept(services, exchange.entry.caller, id, ['response'])
    // What failed is begun again under the same key.
    if (known !== null && !ENDED_BADLY.has(known.response.status))
      return runningResponses(edge).now(exchange.entry, id, known.response)
  }
  await putBare(edge, exchange, response)
  return response
}

/** Keeps what became of one that has no answer; `why` it failed. Rejects where it cannot be kept. */
export async function keepEnded(
  edge: Edge,
  exchange: Exchange,
  how: 'failed' | 'cancelled',
  why: Json = FAILED,
): Promise<void> {
  const response = { ...queuedResponse(exchange), status: how, error: how === 'failed' ? why : null }
  await putBare(edge, exchange, response)
}

const idOf = ({ headingId }: Exchange): string => `resp_${headingId}`

/** Keeps a response that has no turn to go on from. */
const putBare = ({ services }: Edge, exchange: Exchange, response: Json): Promise<void> =>
  putKept(services, exchange.entry.caller, idOf(exchange), { response, input: [], context: [] })

/** Keeps why one was refused: nobody reads the refusal itself. Answers with that; never rejects. */
export async function keepRefused(edge: Edge, exchange: Exchange, refused: Response): Promise<Response> {
  const text = await refused.text()
  const { code, message } = openaiErrorIn(text)
  await keepEnded(edge, exchange, 'failed', { code, message }).catch((error: unknown) => {
    const name = error instanceof Error ? error.name : 'unknown'
    edge.services.log({ level: 'error', event: 'answer-not-kept', error: name })
  })
  return new Response(text, refused)
}

/** What a refusal of the Responses skin says. */
const openaiErrorIn = (text: string): Json => (JSON.parse(text) as { readonly error: Json }).error

/** Whatever is known of responses that are under way, from the streams that they are made in. */
export function runningResponses(edge: Edge): Running {
  const { services } = edge
  const isBegun = ({ status }: Json): boolean => status === 'queued'
  return {
    async stream({ caller }, id, startingAfter, headers) {
      const opened = await services.streams.read(placeOf(caller), id, startingAfter ?? -1)
      return opened === null ? null : openedReply(opened, id, headers, openaiErrors, UNREACHABLE)
    },
    async cancel({ caller }, id) {
      const state = await services.streams.cancel(placeOf(caller), id)
      if (state === null) return null
      const kept = await readKept(services, caller, id, ['response'])
      return kept === null ? null : isBegun(kept.response) ? begunResponse(kept.response, state) : kept.response
    },
    async forget({ caller }, id) {
      const place = placeOf(caller)
      // First: it keeps what it has come to as it ends.
      if ((await services.streams.cancel(place, id)) !== null) await services.streams.erase(place, id)
    },
    async now({ caller }, id, response) {
      if (!isBegun(response)) return response
      return begunResponse(response, await services.streams.state(placeOf(caller), id))
    },
  }
}

/** A response that was begun, as its stream stands now; null: the stream is not there any more. */
export function begunResponse(response: Json, state: StreamState | null): Json {
  if (state === null || state.status === 'interrupted') return { ...response, status: 'failed', error: INTERRUPTED }
  if (state.status === 'failed') return { ...response, status: 'failed', error: FAILED }
  if (state.status === 'cancelled') return { ...response, status: 'cancelled' }
  // It was answered, and what it came to could not be kept.
  if (state.status === 'finished') return { ...response, status: 'failed', error: UNKEPT }
  return { ...response, status: state.lastEvent === null ? 'queued' : 'in_progress' }
}

const ENDED_BADLY: ReadonlySet<unknown> = new Set(['failed', 'cancelled'])
const FAILED = { code: 'server_error', message: 'No target could answer. Ask again.' }
const UNKEPT = { code: 'server_error', message: 'The answer could not be kept. Ask again.' }
const INTERRUPTED = { code: 'server_error', message: 'The process that was answering this died. Ask again.' }

/** Has the object answer, and says where the answer will be. */
export async function launched(edge: Edge, job: StreamJob, exchange: Exchange, lasting: Lasting): Promise<Response> {
  const { headers, skin } = exchange
  const made = { ...exchange, headingId: job.headingId ?? '' }
  try {
    const response = await keepQueued(edge, made, lasting)
    if (!(await edge.services.streams.launch(job))) return errorReply(TAKEN, headers, skin.errors)
    headers['x-sluice-model'] = exchange.request.alias
    headers['x-sluice-stream'] = job.id
    return Response.json(response, { headers })
  } catch {
    return errorReply(UNREACHABLE, headers, skin.errors)
  }
}
