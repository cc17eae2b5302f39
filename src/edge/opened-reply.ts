/** What a stream's object answers, as a reply to whoever reads it. */
import { type Refusal, refusal } from '../core/errors.ts'
import type { StreamOpened } from '../core/streams/types.ts'
import { errorReply } from './error-reply.ts'
import type { ReplyHeaders } from './headers.ts'
import type { SkinErrors } from './skin.ts'

/** Said where nobody can tell. */
export const UNREACHABLE = refusal('overloaded', 'The object that keeps this stream is out of reach. Try again.', {
  retryAfterMs: 1000,
})
/** Said of what had no head. */
const HEADLESS = {
  cancelled: refusal('conflict', 'This was cancelled before it had an answer.'),
  failed: refusal('upstream_failed', 'The answer broke off before it could be kept. Ask again.'),
  dead: refusal('internal', 'The process that was answering this died before it had an answer. Ask again.'),
}
const CROWDED = refusal('overloaded', 'This stream has as many readers as it takes. Try again when some have left.', {
  retryAfterMs: 1000,
})
/** Said of an idempotency key. */
export const TAKEN = refusal(
  'idempotency_conflict',
  'This Idempotency-Key was used with another request. Use a new key for a new request.',
  { param: 'idempotency-key' },
)

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
  if (opened.kind !== 'open') return errorReply(HEADLESS[opened.kind], headers, errors)
  const kept = opened.isJoined ? lastingOf(opened.headers) : opened.headers
  const own = errors.headers(headers['x-request-id'] ?? '')
  const told = { ...kept, ...headers, ...own, 'x-sluice-stream': id }
  return new Response(opened.body, { status: opened.status, headers: told })
}
