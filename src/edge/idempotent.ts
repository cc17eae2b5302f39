/** `Idempotency-Key` on whatever is no inference of a skin: handed to an object, which answers once and says it again. */
import type { Context } from 'hono'
import { type Refusal, refusal } from '../core/errors.ts'
import { REQUEST_BODY_BYTES_MAX } from '../core/limits.ts'
import { toBase64 } from '../lib/hash.ts'
import { type Edge, isJson } from './arrival.ts'
import { OVERLOADED, TOO_LARGE } from './body.ts'
import { errorReply } from './error-reply.ts'
import { commonHeaders } from './headers.ts'
import { letIn } from './let-in.ts'
import { UNREACHABLE } from './opened-reply.ts'
import { jobOf, outlast } from './outlast.ts'
import { lastingHeaders } from './request-options.ts'
import { openaiErrors } from './skin-errors.ts'
import { leftReply } from './stream-reply.ts'

type Handle = (c: Context) => Response | Promise<Response>

/** The handler of a POST; with the header, the same request again has the same answer, for 24 h. */
export function idempotently(edge: Edge, handle: Handle): Handle {
  return (c) => {
    const request = c.req.raw
    return request.headers.has('idempotency-key') && !edge.owned.has(request) ? once(edge, request) : handle(c)
  }
}

async function once(edge: Edge, request: Request): Promise<Response> {
  const { services } = edge
  const headers = commonHeaders(request.headers)
  const identity = { requestId: headers['x-request-id'], startedAtMs: services.clock.now() }
  const entry = await letIn(edge, request)
  if (entry.kind === 'refused') return errorReply(entry.refusal, headers)
  const asked = lastingHeaders(request.headers)
  if (asked !== null && 'code' in asked) return errorReply(asked, headers)
  let body: Body | Refusal
  try {
    body = await bodyOf(edge, request)
  } catch {
    return leftReply()
  }
  if ('code' in body) return errorReply(body, headers)
  const { pathname } = new URL(request.url)
  const { text, isBase64 } = body
  const begun = { entry, identity, path: pathname, alias: null, sent: request.headers, text, isBase64 }
  const wish = { idempotencyKey: asked?.idempotencyKey, isBackground: false }
  const job = await jobOf(services, begun, wish).catch(() => null)
  body.release()
  return job === null ? errorReply(UNREACHABLE, headers) : outlast(services, job, headers, openaiErrors)
}

interface Body {
  readonly text: string
  readonly isBase64: boolean
  release(): void
}

const NO_LENGTH = refusal(
  'invalid_request',
  'A form with an Idempotency-Key needs a content-length: it is kept to be sent again. Send one, or no key.',
  { param: 'content-length' },
)

/** JSON as it is; a form, whose files are no text, in base64. */
async function bodyOf({ bodies }: Edge, request: Request): Promise<Body | Refusal> {
  const type = request.headers.get('content-type')
  if (type === null || isJson(type)) {
    const read = await bodies.read(request)
    return 'code' in read ? read : { ...read, isBase64: false }
  }
  const declared = request.headers.get('content-length')
  if (declared === null) return NO_LENGTH
  if (!(Number(declared) <= REQUEST_BODY_BYTES_MAX)) return TOO_LARGE
  const release = bodies.hold(Number(declared))
  if (release === null) return OVERLOADED
  return { text: toBase64(new Uint8Array(await request.arrayBuffer())), isBase64: true, release }
}
