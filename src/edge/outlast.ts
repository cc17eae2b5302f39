/** Requests that outlive their connection: handed to an object of their own, and read from there. */
import type { Entry } from '../authenticate/enter.ts'
import { streamName } from '../core/streams/events.ts'
import { IDEMPOTENCY_KEPT_MS, STREAM_FORGOTTEN_MS } from '../core/streams/limits.ts'
import type { StreamJob } from '../core/streams/types.ts'
import { placeOf } from '../core/tenant.ts'
import { fromBase64, sha256Hex } from '../lib/hash.ts'
import { searchable } from '../lib/sse.ts'
import { own } from '../record/own.ts'
import type { Services } from '../services.ts'
import { boundaryOf } from './form-model.ts'
import type { ReplyHeaders } from './headers.ts'
import { newId } from './new-id.ts'
import { openedReply, UNREACHABLE } from './opened-reply.ts'
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
  /** Ids follow from this where several meet; else from the idempotency key, or they are new. */
  readonly meeting?: string
  /** Where its end is told, checked. */
  readonly webhook?: string | undefined
}

/** What goes on to the object: how it is to be answered, and nothing of who asks. */
const SENT_ON = /^(?:content-type|accept|traceparent|anthropic-.*|x-sluice-.*)$/
/** As a response's own id begins. */
const RESPONSE = 'resp_'
const STREAM = 'strm_'

/** A form, sent again, has another boundary between the same parts. */
function comparable(text: string, isBase64: boolean, sent: Headers): string {
  const boundary = isBase64 ? boundaryOf(sent.get('content-type')) : null
  if (boundary === null) return text
  return searchable(fromBase64(text) ?? new Uint8Array(0)).replaceAll(boundary, '')
}

/** The job of a request, whose object its tenant is told of. */
export async function jobOf(
  services: Services,
  { entry, identity, path, alias, sent, text, isBase64 }: Begun,
  { idempotencyKey, isBackground, meeting, webhook }: Wish,
): Promise<StreamJob> {
  const { mayCall: _, ...caller } = entry.caller
  const place = placeOf(entry.caller)
  let id = meeting ?? newId()
  let digest: string | null = null
  if (idempotencyKey !== undefined) {
    const keyring = await services.cacheKeys.keysOf(entry.caller, place)
    id = sha256Hex(keyring.fingerprint(`idempotency\n${idempotencyKey}`)).slice(0, id.length)
    // Keyed: what is short could be guessed from its hash.
    digest = keyring.fingerprint(`idempotent\n${path}\n${comparable(text, isBase64, sent)}`)
  }
  const name = (isBackground ? RESPONSE : STREAM) + id
  own(services, entry.caller, {
    kind: 'stream',
    id: streamName(name),
    untilMs: services.clock.now() + STREAM_FORGOTTEN_MS,
  })
  return {
    ...identity,
    id: name,
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
    webhook: webhook ?? null,
    keptMs: idempotencyKey === undefined ? null : IDEMPOTENCY_KEPT_MS,
    digest,
  }
}

/** Has the object answer, and reads along. */
export async function outlast(
  services: Pick<Services, 'streams'>,
  job: StreamJob,
  headers: ReplyHeaders,
  errors: SkinErrors,
): Promise<Response> {
  const opened = await services.streams.start(job, job.requestId).catch(() => null)
  return openedReply(opened, job.id, headers, errors, UNREACHABLE)
}
