/** `/v1/responses/{id}` and what is under it: kept responses, to be had, listed, cancelled and deleted. */
import type { Context } from 'hono'
import type { Entry } from '../../authenticate/enter.ts'
import { type Refusal, refusal } from '../../core/errors.ts'
import { INPUT_ITEMS_DEFAULT, INPUT_ITEMS_MAX } from '../../core/limits.ts'
import { placeOf } from '../../core/tenant.ts'
import type { Edge } from '../arrival.ts'
import { errorReply } from '../error-reply.ts'
import { commonHeaders, type ReplyHeaders } from '../headers.ts'
import { letIn } from '../let-in.ts'
import { outOfReach } from '../usage.ts'
import { isKeepableId, readKept } from './record.ts'

type Json = Readonly<Record<string, unknown>>

/** What knows of responses that are under way. Each answers null where the response is none of its own. */
export interface Running {
  /** The events after that number, from those kept and then live. */
  stream(entry: Entry, id: string, startingAfter: number | null, headers: ReplyHeaders): Promise<Response | null>
  /** The response object after it was cancelled. */
  cancel(entry: Entry, id: string): Promise<Json | null>
  /** Stops one, and forgets its events. */
  forget(entry: Entry, id: string): Promise<void>
  /** A kept response, as it stands now. */
  now(entry: Entry, id: string, response: Json): Promise<Json>
}

type Handle = (c: Context) => Promise<Response>
type Answer = (c: Context, entry: Entry, id: string, headers: ReplyHeaders) => Promise<Response | Refusal>

/** The handlers. `running` is null where nothing runs in the background. */
export function responseRoutes(
  edge: Edge,
  running: Running | null,
): { readonly retrieve: Handle; readonly remove: Handle; readonly inputItems: Handle; readonly cancel: Handle } {
  const { services } = edge
  return {
    retrieve: entered(edge, async (c, entry, id, headers) => {
      if (c.req.query('stream') === 'true') {
        const after = startingAfter(c.req.query('starting_after'))
        if (after !== null && typeof after === 'object') return after
        const streamed = (await running?.stream(entry, id, after, headers)) ?? null
        if (streamed !== null) return streamed
      }
      const kept = await readKept(services, entry.caller, id, ['response'])
      if (kept === null) return notFound(id)
      if (c.req.query('stream') === 'true') return NO_STREAM
      return Response.json((await running?.now(entry, id, kept.response)) ?? kept.response, { headers })
    }),
    remove: entered(edge, async (_, entry, id, headers) => {
      if (!isKeepableId(id)) return notFound(id)
      const kept = await readKept(services, entry.caller, id, ['response'])
      if (kept?.response.background === true) await running?.forget(entry, id)
      const wasKept = kept !== null && (await services.responses.delete(placeOf(entry.caller), id))
      return wasKept ? Response.json({ id, object: 'response', deleted: true }, { headers }) : notFound(id)
    }),
    inputItems: entered(edge, async (c, { caller }, id, headers) => {
      const page = pageOf(c)
      if ('code' in page) return page
      const kept = await readKept(services, caller, id, ['input'])
      if (kept === null) return notFound(id)
      const list = pageOfItems(kept.input, page)
      return 'code' in list ? list : Response.json(list, { headers })
    }),
    cancel: entered(edge, async (_, entry, id, headers) => {
      const cancelled = (await running?.cancel(entry, id)) ?? null
      if (cancelled !== null) return Response.json(cancelled, { headers })
      const kept = await readKept(services, entry.caller, id, ['response'])
      if (kept === null) return notFound(id)
      // One that has ended stays as it is, as at OpenAI.
      return kept.response.background === true ? Response.json(kept.response, { headers }) : NOT_CANCELLED
    }),
  }
}

/** Somebody let in, and the id in the path; a failure of the store is told as one that passes. */
function entered(edge: Edge, answer: Answer): Handle {
  const { services } = edge
  return async (c) => {
    const headers = commonHeaders(c.req.raw.headers)
    const entry = await letIn(edge, c.req.raw)
    if (entry.kind === 'refused') return errorReply(entry.refusal, headers)
    try {
      const answered = await answer(c, entry, c.req.param('id') ?? '', headers)
      return answered instanceof Response ? answered : errorReply(answered, headers)
    } catch (error) {
      const name = error instanceof Error ? error.name : 'unknown'
      services.log({ level: 'error', event: 'response-not-read', 'x-request-id': headers['x-request-id'], error: name })
      return errorReply(outOfReach, headers)
    }
  }
}

interface Page {
  readonly after: string | undefined
  readonly limit: number
  readonly isDescending: boolean
}

function pageOf(c: Context): Page | Refusal {
  const { after, limit = String(INPUT_ITEMS_DEFAULT), order = 'desc' } = c.req.query()
  if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > INPUT_ITEMS_MAX)
    return refusal('invalid_request', `'limit' must be 1 to ${INPUT_ITEMS_MAX}.`, { param: 'limit' })
  if (order !== 'asc' && order !== 'desc')
    return refusal('invalid_request', `'order' must be asc or desc.`, { param: 'order' })
  return { after, limit: Number(limit), isDescending: order === 'desc' }
}

interface ItemList {
  readonly object: 'list'
  readonly data: readonly Json[]
  readonly first_id: unknown
  readonly last_id: unknown
  readonly has_more: boolean
}

function pageOfItems(all: readonly Json[], { after, limit, isDescending }: Page): ItemList | Refusal {
  const ordered = isDescending ? all.toReversed() : all
  const from = after === undefined ? 0 : ordered.findIndex(({ id }) => id === after) + 1
  if (after !== undefined && from === 0)
    return refusal('invalid_request', `There is no input item '${after.slice(0, 128)}' here.`, { param: 'after' })
  const data = ordered.slice(from, from + limit)
  return {
    object: 'list',
    data,
    first_id: data.at(0)?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: from + limit < ordered.length,
  }
}

function startingAfter(value: string | undefined): number | null | Refusal {
  if (value === undefined) return null
  if (/^\d{1,9}$/.test(value)) return Number(value)
  return refusal('invalid_request', "'starting_after' must be the sequence number of an event.", {
    param: 'starting_after',
  })
}

const notFound = (id: string): Refusal =>
  refusal('not_found', `Response with id '${id.slice(0, 128)}' not found.`, { param: null })
const NO_STREAM = refusal(
  'invalid_request',
  'Only responses created with background: true and stream: true can be streamed again. Leave stream out to get this one.',
  { param: 'stream' },
)
const NOT_CANCELLED = refusal(
  'invalid_request',
  'Cannot cancel a synchronous response. Only responses created with background: true can be cancelled.',
)
