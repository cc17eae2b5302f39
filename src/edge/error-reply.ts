/** Refusals on the OpenAI skins: as a reply, and as the one error frame of a stream that has begun. */
import { openaiError, type Refusal } from '../core/errors.ts'
import type { ReplyHeaders } from './headers.ts'

/** Longest wait that a client's own retry could bridge; beyond it clients are told not to try by themselves. */
const HELPFUL_RETRY_MS = 60_000

/** A refusal as a reply of its own. */
export function errorReply(refused: Refusal, headers: ReplyHeaders): Response {
  headers['content-type'] = 'application/json'
  if (refused.retryAfterMs !== undefined) {
    headers['retry-after'] = String(Math.ceil(refused.retryAfterMs / 1000))
    headers['retry-after-ms'] = String(Math.ceil(refused.retryAfterMs))
    if (refused.retryAfterMs >= HELPFUL_RETRY_MS) headers['x-should-retry'] = 'false'
  }
  if (refused.allow !== undefined) headers.allow = refused.allow
  return new Response(JSON.stringify(openaiError(refused)), { status: refused.status, headers })
}

/** The same as the last event of a stream: SDKs raise on `error`, and there the status did not say it. */
export function errorFrame(refused: Refusal): Uint8Array {
  const { error } = openaiError(refused)
  const frame = { error: { ...error, status: refused.status, retry_after_ms: refused.retryAfterMs ?? null } }
  return new TextEncoder().encode(`data: ${JSON.stringify(frame)}\n\n`)
}
