/** `/v1/conversations/{id}/events`: an app speaks into a session, and whoever listens hears it and every turn. */
import type { Context } from 'hono'
import { type Refusal, refusal } from '../../core/errors.ts'
import { isObject, items } from '../../core/loose.ts'
import { EVENT_TYPES, eventText } from '../../core/session/events.ts'
import { REPLAY_CHARS_MAX, REPLAY_EVENTS_MAX } from '../../core/session/limits.ts'
import { eventCreateSchema, eventsQuerySchema } from '../../core/session/schemas.ts'
import type { SessionRow } from '../../core/session/types.ts'
import type { Edge } from '../arrival.ts'
import { ownSession } from '../memory/owned.ts'
import { unknownSession } from '../memory/remembered.ts'
import { newRow, openedItems } from '../memory/sealed-rows.ts'
import { keptItems } from './kept-items.ts'
import { bodyOf, checked, notAppended, type Visit, visiting } from './way-in.ts'

type Json = Readonly<Record<string, unknown>>

/** How soon a client that lost its connection comes again. */
const RETRY = 'retry: 1000\n\n'
const KEEP_ALIVE = ': keep-alive\n\n'
const GONE = 'event: conversation.deleted\ndata: {"type":"conversation.deleted"}\n\n'
const LOST =
  'event: error\ndata: {"error":{"message":"The connection to the conversation was lost. Listen again.",' +
  '"type":"overloaded_error","param":null,"code":"overloaded"}}\n\n'

const FULL = refusal(
  'overloaded',
  'Too many listen to this conversation, or there is too much to replay. Read its items, and listen after its last_event.',
  { retryAfterMs: 1000 },
)

/** `POST`: messages of an app or a job. They go with the next turn, and are told at once. */
export const createEvent = (edge: Edge) =>
  visiting(edge, async (visit) => {
    const body = await bodyOf(visit, eventCreateSchema)
    if ('code' in body) return body
    const kept = keptItems(spokenIn(body.value))
    if ('code' in kept) return kept
    const { place, session, keyring, policy, headers } = visit
    const row = await newRow(keyring, session, headers['x-request-id'], kept)
    const appended = await edge.services.sessions.append(place, session, 'message', row, policy)
    if (appended.kind !== 'kept') return notAppended(appended.kind, session)
    await ownSession(edge.services, place, session, policy.ttlMs)
    const event = { object: 'conversation.event', id: row.name, type: EVENT_TYPES.message }
    return Response.json({ ...event, sequence_number: appended.seq, items: kept }, { headers })
  })

/** `GET`: as server-sent events, or over a WebSocket where that is asked for. */
export const listenTo = (edge: Edge) =>
  visiting(edge, async (visit, c) => {
    const after = await afterOf(visit)
    if (typeof after !== 'number') return after
    return isUpgrade(c) ? socketOn(visit, after) : streamOf(visit, after)
  })

/** Is a WebSocket asked for? */
export const isUpgrade = (c: Context): boolean => c.req.header('upgrade')?.toLowerCase() === 'websocket'

function spokenIn(body: Json): readonly Json[] {
  if (Array.isArray(body.items)) return items(body.items).filter(isObject)
  if (isObject(body.item)) return [body.item]
  const { role, content } = body
  return [{ type: 'message', role, content }]
}

/** The number of the last event that is known. Who names none hears what comes from now on. */
async function afterOf({ edge, place, session, request }: Visit): Promise<number | Refusal> {
  const query = checked(eventsQuerySchema, Object.fromEntries(new URL(request.url).searchParams))
  if ('code' in query) return query
  const last = checked(eventsQuerySchema, { after: request.headers.get('last-event-id') ?? query.value.after })
  if ('code' in last) return refusal('invalid_request', last.message, { param: 'last-event-id' })
  if (last.value.after !== undefined) return Number(last.value.after)
  const head = await edge.services.sessions.head(place, session)
  return head === null ? unknownSession(session) : head.lastSeq
}

async function streamOf(visit: Visit, after: number): Promise<Response | Refusal> {
  const { edge, place, session, headers } = visit
  const told = await edge.services.sessions.listen(place, session, after)
  if (told === null) return unknownSession(session)
  if (told === 'full') return FULL
  const reader = told.getReader()
  const decoder = new TextDecoder()
  const encoder = new TextEncoder()
  const take = lineTaker()
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encoder.encode(RETRY)),
    async pull(controller) {
      try {
        // A piece may end within a line; a pull that brings nothing would not be made again.
        for (let out = ''; out === ''; ) {
          const { done, value } = await reader.read()
          for (const line of take(decoder.decode(value, { stream: true })))
            out += line === '' ? KEEP_ALIVE : await sseOf(visit, JSON.parse(line) as SessionRow)
          if (done) out += GONE
          if (out !== '') controller.enqueue(encoder.encode(out))
          if (done) controller.close()
        }
      } catch {
        controller.enqueue(encoder.encode(LOST))
        controller.close()
      }
    },
    cancel: (reason) => reader.cancel(reason),
  })
  const sse = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' }
  return new Response(body, { headers: { ...headers, ...sse } })
}

/** Takes a text in pieces, and gives the lines that each one ends. A line of many pieces is joined once. */
function lineTaker(): (piece: string) => readonly string[] {
  let begun: string[] = []
  return (piece) => {
    const [end = '', ...rest] = piece.split('\n')
    begun.push(end)
    const last = rest.pop()
    if (last === undefined) return []
    const ended = begun.join('')
    begun = [last]
    return [ended, ...rest]
  }
}

async function sseOf({ keyring, session }: Visit, row: SessionRow): Promise<string> {
  const text = eventText(row, await openedItems(keyring, session, row))
  return `id: ${row.seq}\nevent: ${EVENT_TYPES[row.kind]}\ndata: ${text}\n\n`
}

/** What was missed is opened here and held for the socket; from then on the object tells it what it is told itself. */
async function socketOn({ edge, place, session, keyring, headers }: Visit, after: number): Promise<Response | Refusal> {
  const { sessions } = edge.services
  const ticket = crypto.randomUUID()
  const texts: string[] = []
  let from = after
  // What is too much for the object is not even sent to it.
  let chars = 0
  while (texts.length <= REPLAY_EVENTS_MAX && chars <= REPLAY_CHARS_MAX) {
    const held = await sessions.hold(place, session, ticket, from, texts)
    if (held === null) return unknownSession(session)
    if (held === 'full') return FULL
    if (held === 'held') {
      const connected = await sessions.connect(place, session, ticket)
      if (connected.status !== 101) return FULL
      return new Response(null, { status: 101, webSocket: connected.webSocket, headers })
    }
    for (const row of held) {
      const text = eventText(row, await openedItems(keyring, session, row))
      texts.push(text)
      chars += text.length
    }
    from = held.at(-1)?.seq ?? from
  }
  return FULL
}
