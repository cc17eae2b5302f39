/** Refusals on the OpenAI skins: as a reply, and as the one error frame of a stream that has begun. */
import { openaiError, type Refusal } from '../core/errors.ts'
import type { ReplyHeaders } from './headers.ts'

/** Longest wait that a client's own retry could bridge; beyond it clients are told not to try by themselves. */
const HELPFUL_RETRY_MS = 60_000

/** A refusal as a reply of its own. */
export function errorReply(refused: Refusal, headers: ReplyHeaders): Response {
  headers['content-type'] = 'application/json'
  const waitMs = retryAfterMs(refused)
  if (waitMs !== null) {
    headers['retry-after'] = String(Math.ceil(waitMs / 1000))
    headers['retry-after-ms'] = String(waitMs)
  }
  if (refused.isFutile === true || (waitMs !== null && waitMs >= HELPFUL_RETRY_MS)) headers['x-should-retry'] = 'false'
  if (refused.limitedBy !== undefined) headers['x-sluice-limited-by'] = refused.limitedBy
  if (refused.allow !== undefined) headers.allow = refused.allow
  return new Response(JSON.stringify(openaiError(refused)), { status: refused.status, headers })
}

/** The same as the last event of a stream: SDKs raise on `error`, and there the status did not say it. */
export function errorFrame(refused: Refusal): Uint8Array {
  const { error } = openaiError(refused)
  const frame = { error: { ...error, status: refused.status, retry_after_ms: retryAfterMs(refused) } }
  return new TextEncoder().encode(`data: ${JSON.stringify(frame)}\n\n`)
}

/** In whole milliseconds, never too early; null where it is not known, or never. */
function retryAfterMs({ retryAfterMs: waitMs }: Refusal): number | null {
  return waitMs === undefined || !Number.isFinite(waitMs) ? null : Math.ceil(waitMs)
}
