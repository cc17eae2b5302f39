/** `/v1/streams/{id}`: a stream read again from where its reader was, how it stands, and how it is stopped. */
import type { Context } from 'hono'
import { enter } from '../authenticate/enter.ts'
import { type Refusal, refusal } from '../core/errors.ts'
import { numberIn } from '../core/streams/events.ts'
import type { StreamState } from '../core/streams/types.ts'
import { placeOf } from '../core/tenant.ts'
import { type Edge, presentedBy } from './arrival.ts'
import { errorReply } from './error-reply.ts'
import { commonHeaders } from './headers.ts'
import { openedReply, UNREACHABLE } from './opened-reply.ts'
import { errorsAt } from './skin-errors.ts'

/** From the beginning. */
const BEFORE_ALL = -1

const noStream = (id: string): Refusal =>
  refusal('not_found', `There is no stream '${id.slice(0, 128)}'. Streams are kept for a while after their end only.`, {
    param: 'id',
  })

/** Reads on. With `accept: application/json` it tells how the stream stands instead. */
export function readStream({ services, guard }: Edge) {
  return async (c: Context): Promise<Response> => {
    const request = c.req.raw
    const headers = commonHeaders(request.headers)
    const entry = await enter(services, guard, presentedBy(request))
    if (entry.kind === 'refused') return errorReply(entry.refusal, headers)
    const id = c.req.param('id') ?? ''
    const place = placeOf(entry.caller)
    if (wantsJson(request.headers.get('accept'))) {
      const state = await services.streams.state(place, id).catch(() => undefined)
      if (state == null) return errorReply(state === null ? noStream(id) : UNREACHABLE, headers)
      return Response.json(stateView(state), { headers })
    }
    const after = positionIn(new URL(request.url), request.headers, id)
    if (typeof after !== 'number') return errorReply(after, headers)
    const opened = await services.streams.read(place, id, after).catch(() => undefined)
    const missing = opened === undefined ? UNREACHABLE : noStream(id)
    return openedReply(opened ?? null, id, headers, errorsAt(c.req.path), missing)
  }
}

/** Stops a stream, and with it its upstream. What has ended stays as it is. */
export function cancelStream({ services, guard }: Edge) {
  return async (c: Context): Promise<Response> => {
    const headers = commonHeaders(c.req.raw.headers)
    const entry = await enter(services, guard, presentedBy(c.req.raw))
    if (entry.kind === 'refused') return errorReply(entry.refusal, headers)
    const id = c.req.param('id') ?? ''
    const state = await services.streams.cancel(placeOf(entry.caller), id).catch(() => undefined)
    if (state == null) return errorReply(state === null ? noStream(id) : UNREACHABLE, headers)
    return Response.json(stateView(state), { headers })
  }
}

/** Where a reader goes on: `starting_after`, else `Last-Event-ID`; -1 where neither is sent. */
export function positionIn(url: URL, headers: Headers, id: string): number | Refusal {
  const asked = url.searchParams.get('starting_after')
  const lastEventId = headers.get('last-event-id')
  const position = asked ?? lastEventId
  if (position === null) return BEFORE_ALL
  const number = numberIn(position, id)
  if (number !== null) return number
  const param = asked === null ? 'last-event-id' : 'starting_after'
  return refusal('invalid_request', `'${param}' must be the number of an event, or an 'id:' of this very stream.`, {
    param,
  })
}

/** How a stream stands, as callers see it. */
export const stateView = ({ id, status, startedAtMs, endedAtMs, lastEvent, webhook }: StreamState) => ({
  id,
  object: 'stream',
  status,
  created_at: Math.floor(startedAtMs / 1000),
  ended_at: endedAtMs === null ? null : Math.floor(endedAtMs / 1000),
  last_event: lastEvent,
  webhook,
})

const wantsJson = (accept: string | null): boolean =>
  accept?.includes('application/json') === true && !accept.includes('text/event-stream')
