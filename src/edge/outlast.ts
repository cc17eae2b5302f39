/** Requests that outlive their connection: handed to an object of their own, and read from there. */
import type { Entry } from '../authenticate/enter.ts'
import { type Refusal, refusal } from '../core/errors.ts'
import { IDEMPOTENCY_KEPT_MS } from '../core/limits.ts'
import type { StreamJob, StreamOpened } from '../core/streams/types.ts'
import { placeOf } from '../core/tenant.ts'
import { sha256Hex } from '../lib/hash.ts'
import type { Services } from '../services.ts'
import { queuedResponse } from './background.ts'
import { errorReply } from './error-reply.ts'
import type { Exchange } from './exchange.ts'
import type { ReplyHeaders } from './headers.ts'
import { newId } from './new-id.ts'
import type { SkinErrors } from './skin.ts'

/** A request as it came, of somebody let in. */
export interface Begun {
  readonly entry: Entry
  readonly identity: { readonly requestId: string; readonly startedAtMs: number }
  readonly path: string
  readonly alias: string | null
  readonly sent: Headers
  readonly text: string
  readonly isBase64: boolean
}

/** What is asked of its object. */
export interface Wish {
  readonly idempotencyKey: string | undefined
  readonly isBackground: boolean
}

/** What goes on to the object: how it is to be answered, and nothing of who asks. */
const SENT_ON = /^(?:content-type|accept|traceparent|anthropic-.*|x-sluice-.*)$/
/** As a response's own id begins. */
const RESPONSE = 'resp_'
const STREAM = 'strm_'

/** Said where nobody can tell. */
export const UNREACHABLE = refusal('overloaded', 'The object that keeps this stream is out of reach. Try again.', {
  retryAfterMs: 1000,
})
const DEAD = refusal('internal', 'The process that was answering this died before it had an answer. Ask again.')
const CROWDED = refusal('overloaded', 'This stream has as many readers as it takes. Try again when some have left.', {
  retryAfterMs: 1000,
})
const TAKEN = refusal(
  'idempotency_conflict',
  'This Idempotency-Key was used with another request. Use a new key for a new request.',
  { param: 'idempotency-key' },
)

/** The job of a request. With an idempotency key its id follows from that; else it is new. */
export async function jobOf(
  services: Pick<Services, 'cacheKeys'>,
  { entry, identity, path, alias, sent, text, isBase64 }: Begun,
  { idempotencyKey, isBackground }: Wish,
): Promise<StreamJob> {
  const { mayCall: _, ...caller } = entry.caller
  const place = placeOf(entry.caller)
  let id = newId()
  if (idempotencyKey !== undefined) {
    const keyring = await services.cacheKeys.keysOf(entry.caller, place)
    id = sha256Hex(keyring.fingerprint(`idempotency\n${idempotencyKey}`)).slice(0, id.length)
  }
  return {
    ...identity,
    id: (isBackground ? RESPONSE : STREAM) + id,
    place,
    caller,
    alias,
    path,
    text,
    isBase64,
    headers: Object.fromEntries([...sent].filter(([name]) => SENT_ON.test(name))),
    headingId: isBackground ? id : null,
    isBackground,
    whenDeserted: 'run',
    keptMs: idempotencyKey === undefined ? null : IDEMPOTENCY_KEPT_MS,
    digest: idempotencyKey === undefined ? null : sha256Hex(`${path}\n${text}`),
  }
}

/** Has the object answer, and reads along. */
export async function outlast(
  services: Pick<Services, 'streams'>,
  job: StreamJob,
  headers: ReplyHeaders,
  errors: SkinErrors,
): Promise<Response> {
  const opened = await services.streams.start(job).catch(() => null)
  return openedReply(opened, job.id, headers, errors, UNREACHABLE)
}

/** Has the object answer, and says where the answer will be. */
export async function launched(
  services: Pick<Services, 'streams'>,
  job: StreamJob,
  exchange: Exchange,
): Promise<Response> {
  const { headers, skin } = exchange
  const isBegun = await services.streams.launch(job).catch(() => null)
  if (isBegun === null) return errorReply(UNREACHABLE, headers, skin.errors)
  if (!isBegun) return errorReply(TAKEN, headers, skin.errors)
  headers['x-sluice-model'] = exchange.request.alias
  headers['x-sluice-stream'] = job.id
  return Response.json(queuedResponse({ ...exchange, headingId: job.headingId ?? '' }), { headers })
}

/** What is said again to whoever reads a reply later: how limits stood then is not. */
const LASTING_HEADER = /^(?:content-type|cache-control|x-sluice-.*|x-upstream-request-id|openai-.*|age)$/
const lastingOf = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => LASTING_HEADER.test(name)))

/** What an object answers, as a reply; `missing` is said where it knows of no such stream, or cannot be asked. */
export function openedReply(
  opened: StreamOpened | null,
  id: string,
  headers: ReplyHeaders,
  errors: SkinErrors,
  missing: Refusal,
): Response {
  if (opened === null) return errorReply(missing, headers, errors)
  if (opened.kind === 'conflict') return errorReply(TAKEN, headers, errors)
  if (opened.kind === 'crowded') return errorReply(CROWDED, headers, errors)
  if (opened.kind === 'dead') return errorReply(DEAD, headers, errors)
  const kept = opened.isJoined ? lastingOf(opened.headers) : opened.headers
  const own = errors.headers(headers['x-request-id'] ?? '')
  const told = { ...kept, ...headers, ...own, 'x-sluice-stream': id }
  return new Response(opened.body, { status: opened.status, headers: told })
}
