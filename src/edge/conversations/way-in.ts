/** The way in of everything about conversations: who asks, about which, with what. */
import type { Context } from 'hono'
import type { Entry } from '../../authenticate/enter.ts'
import { paramOf } from '../../core/chat.ts'
import { type Refusal, refusal } from '../../core/errors.ts'
import { JSON_DEPTH_MAX } from '../../core/limits.ts'
import { isSessionId, type SessionSchema, type Understood } from '../../core/session/schemas.ts'
import type { SessionPolicy } from '../../core/session/types.ts'
import { placeOf } from '../../core/tenant.ts'
import { isDeeperThan } from '../../lib/json.ts'
import { type Edge, isJson } from '../arrival.ts'
import { errorReply } from '../error-reply.ts'
import { commonHeaders, type ReplyHeaders } from '../headers.ts'
import { letIn } from '../let-in.ts'
import { policyOf } from '../memory/policy.ts'
import { unknownSession } from '../memory/remembered.ts'
import type { Keyring } from '../memory/sealed-rows.ts'

/** Somebody let in to a conversation. */
export interface Visit {
  readonly edge: Edge
  readonly entry: Entry
  readonly place: ReturnType<typeof placeOf>
  readonly keyring: Keyring
  readonly policy: SessionPolicy
  /** Of the conversation, as its caller names it; '' where the path names none. */
  readonly session: string
  readonly request: Request
  readonly headers: ReplyHeaders & { readonly 'x-request-id': string }
}

const OUT_OF_REACH = refusal('overloaded', 'The conversation cannot be reached at the moment. Try again in a second.', {
  retryAfterMs: 1000,
})

/** A handler that is given whoever was let in, and refuses where it answers with a refusal, or cannot. */
export function visiting(
  edge: Edge,
  handle: (visit: Visit, c: Context) => Promise<Response | Refusal>,
): (c: Context) => Promise<Response> {
  return async (c) => {
    const request = c.req.raw
    const headers = commonHeaders(request.headers)
    const { services } = edge
    const entry = await letIn(edge, request)
    if (entry.kind === 'refused') return errorReply(entry.refusal, headers)
    const session = c.req.param('id') ?? ''
    if (session !== '' && !isSessionId(session)) return errorReply(unknownSession(session), headers)
    const place = placeOf(entry.caller)
    const policy = policyOf(entry.deployment.config.sessions)
    try {
      const keyring = await services.cacheKeys.keysOf(entry.caller, place)
      const answered = await handle({ edge, entry, place, keyring, policy, session, request, headers }, c)
      return 'code' in answered ? errorReply(answered, headers) : answered
    } catch (error) {
      const name = error instanceof Error ? error.name : 'unknown'
      services.log({ level: 'error', event: 'conversation', 'x-request-id': headers['x-request-id'], error: name })
      return errorReply(OUT_OF_REACH, headers)
    }
  }
}

/** The body, as its schema has it. */
export async function bodyOf<S extends SessionSchema>(
  { edge, request }: Visit,
  schema: S,
  isOptional = false,
): Promise<{ readonly value: Understood<S> } | Refusal> {
  const type = request.headers.get('content-type')
  if (!isJson(type) && !(isOptional && request.body === null))
    return refusal('unsupported_media_type', "Send JSON, with 'content-type: application/json'.", {
      param: 'content-type',
    })
  const body = await edge.bodies.read(request)
  if ('code' in body) return body
  try {
    const value = isOptional && body.text === '' ? {} : JSON.parse(body.text)
    if (isDeeperThan(value, JSON_DEPTH_MAX))
      return refusal('invalid_request', `The body is nested deeper than ${JSON_DEPTH_MAX} levels.`)
    return checked(schema, value)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return refusal('invalid_request', 'The body is not valid JSON.')
  } finally {
    body.release()
  }
}

/** A value, as its schema has it. */
export function checked<S extends SessionSchema>(
  schema: S,
  value: unknown,
): { readonly value: Understood<S> } | Refusal {
  const parsed = schema.safeParse(value)
  if (parsed.success) return { value: parsed.data as Understood<S> }
  const [issue] = parsed.error.issues
  const param = paramOf(issue?.path ?? [])
  return param === ''
    ? refusal('invalid_request', `The body is not understood: ${issue?.message ?? 'look at GET /docs'}.`)
    : refusal('invalid_request', `Invalid '${param}': ${issue?.message ?? 'not understood'}.`, { param })
}

/** What became of a change that was not made. */
export function notAppended(kind: 'unknown' | 'busy' | 'gone' | 'too-large' | 'stale', session: string): Refusal {
  switch (kind) {
    case 'busy':
      return refusal('session_busy', 'A turn of this conversation is running. Try again when it has ended.', {
        retryAfterMs: 1000,
      })
    case 'too-large':
      return refusal(
        'request_too_large',
        'That is more than a conversation takes at once. Send fewer or smaller items.',
      )
    case 'stale':
      return refusal('conflict', 'The conversation was changed at the same moment. Look at it, and try again.')
    default:
      return unknownSession(session)
  }
}
