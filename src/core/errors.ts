/** The closed list of what a caller may be told, and the refusal that every stage answers with. No I/O. */

interface Kind {
  readonly status: number
  readonly openai: string
  readonly anthropic: string
}

const kind = (status: number, openai: string, anthropic = openai): Kind => ({ status, openai, anthropic })

/** Every code a caller may see, with its HTTP status and its type on the OpenAI and Anthropic skins. */
export const ERRORS = {
  invalid_api_key: kind(401, 'authentication_error'),
  expired_api_key: kind(401, 'authentication_error'),
  revoked_api_key: kind(401, 'authentication_error'),
  model_not_allowed: kind(403, 'permission_error'),
  tenant_suspended: kind(403, 'permission_error'),
  model_not_found: kind(404, 'invalid_request_error', 'not_found_error'),
  not_found: kind(404, 'invalid_request_error', 'not_found_error'),
  method_not_allowed: kind(405, 'invalid_request_error'),
  unsupported_media_type: kind(415, 'invalid_request_error'),
  invalid_request: kind(400, 'invalid_request_error'),
  context_length_exceeded: kind(400, 'invalid_request_error'),
  request_too_large: kind(413, 'invalid_request_error', 'request_too_large'),
  session_busy: kind(409, 'invalid_request_error'),
  idempotency_conflict: kind(409, 'invalid_request_error'),
  conflict: kind(409, 'invalid_request_error'),
  rate_limit_exceeded: kind(429, 'rate_limit_error'),
  token_limit_exceeded: kind(429, 'rate_limit_error'),
  concurrency_limit_exceeded: kind(429, 'rate_limit_error'),
  queue_timeout: kind(429, 'rate_limit_error'),
  upstream_rate_limited: kind(429, 'rate_limit_error'),
  budget_exceeded: kind(429, 'insufficient_quota', 'billing_error'),
  upstream_rejected: kind(400, 'invalid_request_error'),
  upstream_failed: kind(502, 'api_error'),
  overloaded: kind(503, 'overloaded_error'),
  misconfigured: kind(503, 'overloaded_error'),
  upstream_timeout: kind(504, 'timeout_error'),
  internal: kind(500, 'api_error'),
} as const satisfies Record<string, Kind>

/** A code of the closed list. */
export type ErrorCode = keyof typeof ERRORS

/** Why a request is not answered: plain data, safe to show, never with a secret or another tenant's data. */
export interface Refusal {
  readonly code: ErrorCode
  /** Says what to do next. */
  readonly message: string
  /** The field or header at fault. */
  readonly param: string | null
  /** HTTP status, where it is not the code's own (`upstream_rejected`). */
  readonly status: number
  /** When to come back, in ms; absent where that is not known. */
  readonly retryAfterMs?: number
  /** No wait of a client's own helps, however short `retryAfterMs` is or whether it is known at all. */
  readonly isFutile?: boolean
  /** Name of the limit of ours that stands in the way. */
  readonly limitedBy?: string
  /** Methods that the path does take, for 405. */
  readonly allow?: string
}

/** Makes a refusal; `status` only where the code leaves it open. */
export function refusal(
  code: ErrorCode,
  message: string,
  more: Partial<Omit<Refusal, 'code' | 'message'>> = {},
): Refusal {
  return {
    code,
    message,
    param: more.param ?? null,
    status: more.status ?? ERRORS[code].status,
    ...(more.retryAfterMs === undefined ? {} : { retryAfterMs: more.retryAfterMs }),
    ...(more.isFutile === undefined ? {} : { isFutile: more.isFutile }),
    ...(more.limitedBy === undefined ? {} : { limitedBy: more.limitedBy }),
    ...(more.allow === undefined ? {} : { allow: more.allow }),
  }
}

/** The body of a refusal on the OpenAI skins: all four keys, always. */
export function openaiError(refused: Refusal): {
  error: { message: string; type: string; param: string | null; code: string }
} {
  return {
    error: { message: refused.message, type: ERRORS[refused.code].openai, param: refused.param, code: refused.code },
  }
}
