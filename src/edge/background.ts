/** Runs in the background: begun at once, told of as a response that is being made, read or asked for later. */
import { type Refusal, refusal } from '../core/errors.ts'
import type { InferenceRequest } from '../core/inference.ts'
import { modelOf } from '../core/models.ts'
import type { StreamState } from '../core/streams/types.ts'
import type { Exchange, Lasting } from './exchange.ts'
import { responseOf } from './responses/response-object.ts'

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
export function inBackground({ native: _, ...request }: InferenceRequest): InferenceRequest {
  return { ...request, stream: true, wantsUsage: true, body: { ...request.body, stream: true } }
}

/** The response before there is anything of it. */
export function queuedResponse({ request, headingId = '' }: Exchange): Json {
  const asked = request.native?.body ?? {}
  const heading = { id: headingId, model: request.alias, createdS: Math.floor(request.startedAtMs / 1000) }
  const response = responseOf(asked, heading, { status: 'in_progress', output: [], usage: null })
  return { ...response, status: 'queued', background: true, store: true }
}

/** A response that was begun, as its stream stands now. */
export function begunResponse(response: Json, state: StreamState | null): Json {
  if (state === null || state.status === 'failed' || state.status === 'interrupted')
    return { ...response, status: 'failed', error: state?.status === 'failed' ? FAILED : INTERRUPTED }
  if (state.status === 'cancelled') return { ...response, status: 'cancelled' }
  return { ...response, status: state.lastEvent === null ? 'queued' : 'in_progress' }
}

const FAILED = { code: 'server_error', message: 'No target could answer. Ask again.' }
const INTERRUPTED = { code: 'server_error', message: 'The process that was answering this died. Ask again.' }
