/** Requests that outlive their connection: handed to an object of their own, and read from there. */
import type { Entry } from '../authenticate/enter.ts'
import { IDEMPOTENCY_KEPT_MS } from '../core/limits.ts'
import type { StreamJob } from '../core/streams/types.ts'
import { placeOf } from '../core/tenant.ts'
import { sha256Hex } from '../lib/hash.ts'
import type { Services } from '../services.ts'
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
  /** Where its end is told, checked. */
  readonly webhook?: string | undefined
}

/** What goes on to the object: how it is to be answered, and nothing of who asks. */
const SENT_ON = /^(?:content-type|accept|traceparent|anthropic-.*|x-sluice-.*)$/
/** As a response's own id begins. */
const RESPONSE = 'resp_'
const STREAM = 'strm_'

/** The job of a request. With an idempotency key its id follows from that; else it is new. */
export async function jobOf(
  services: Pick<Services, 'cacheKeys'>,
  { entry, identity, path, alias, sent, text, isBase64 }: Begun,
  { idempotencyKey, isBackground, webhook }: Wish,
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
    webhook: webhook ?? null,
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
