/** Refusals as replies of their own, in the words of a skin. */
import type { Refusal } from '../core/errors.ts'
import type { ReplyHeaders } from './headers.ts'
import type { SkinErrors } from './skin.ts'
import { openaiErrors } from './skin-errors.ts'

/** Longest wait that a client's own retry could bridge; beyond it clients are told not to try by themselves. */
const HELPFUL_RETRY_MS = 60_000

/** A refusal as a reply of its own. */
export function errorReply(refused: Refusal, headers: ReplyHeaders, errors: SkinErrors = openaiErrors): Response {
  const requestId = headers['x-request-id'] ?? ''
  headers['content-type'] = 'application/json'
  Object.assign(headers, errors.headers(requestId))
  const waitMs = retryAfterMs(refused)
  if (waitMs !== null) {
    headers['retry-after'] = String(Math.ceil(waitMs / 1000))
    headers['retry-after-ms'] = String(waitMs)
  }
  if (refused.isFutile === true || (waitMs !== null && waitMs >= HELPFUL_RETRY_MS)) headers['x-should-retry'] = 'false'
  if (refused.limitedBy !== undefined) headers['x-sluice-limited-by'] = refused.limitedBy
  if (refused.allow !== undefined) headers.allow = refused.allow
  return new Response(JSON.stringify(errors.body(refused, requestId)), { status: refused.status, headers })
}

/** In whole milliseconds, never too early; null where it is not known, or never. */
export function retryAfterMs({ retryAfterMs: waitMs }: Refusal): number | null {
  return waitMs === undefined || !Number.isFinite(waitMs) ? null : Math.ceil(waitMs)
}
