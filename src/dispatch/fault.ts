/** What went wrong with one attempt, whose doing it was, and what to do next. No I/O. */
import { errorIn, parseJson } from '../core/chat-wire.ts'
import type { Refusal } from '../core/errors.ts'
import { RETRY_CAP_MS } from '../core/limits.ts'
import type { RefusedTurn } from '../core/pool/types.ts'
import type { Expiry } from './deadline.ts'
import { redact } from './redact.ts'

/** A failed attempt. It knows at birth what follows from it. */
export type Fault =
  /** The caller's doing: relayed at once. */
  | { readonly kind: 'rejected'; readonly status: number; readonly message: string; readonly param: string | null }
  /** The prompt does not fit this target. */
  | { readonly kind: 'context'; readonly message: string }
  /** Ours: the credential is refused, or the target does not know the model. Next target, no retry. */
  | { readonly kind: 'credential' | 'model' | 'refused'; readonly status: number }
  /** The provider's doing. */
  | { readonly kind: 'rate-limited'; readonly status: number; readonly retryAfterMs: number | null }
  | { readonly kind: 'failed'; readonly status: number; readonly retryAfterMs: number | null; readonly why: string }
  | { readonly kind: 'timeout'; readonly expiry: Expiry }
  /** Nothing was there to call: a binding is missing, say. */
  | { readonly kind: 'uncallable'; readonly why: string }
  /** The pool has no replica for it: none at all, or not within the time that it may wait. Nobody was asked. */
  | { readonly kind: 'unplaced'; readonly why: RefusedTurn['why']; readonly retryAfterMs: number }
  /** The worker that it was bound to has gone before it answered. */
  | { readonly kind: 'lost' }
  /** The caller's own body, refused while it was passed on. */
  | { readonly kind: 'unsendable'; readonly refusal: Refusal }
  /** This isolate holds as much of replies as it may. */
  | { readonly kind: 'overloaded' }
  /** The client left. */
  | { readonly kind: 'cancelled' }

/** Statuses with which a provider blames the caller. */
const CALLERS = new Set([400, 413, 422])
/** How providers say that a prompt is too long, where they have no code for it. */
const TOO_LONG =
  /maximum context length|context[_ ]length|context window|prompt is too long|too many (?:input )?tokens|exceeds? the (?:maximum )?(?:number of tokens|token limit)/i

/**
 * Classifies an error reply. `text` is what was read of its body; only of the documented shape is anything shown, and
 * of that only `error.message` and `error.param`.
 */
export function faultOfReply(
  status: number,
  headers: { get(name: string): string | null },
  text: string,
  nowMs: number,
  secrets: readonly string[],
): Fault {
  const body = parseJson(text)
  const error = documented(body)
  if (status === 401 || status === 403) return { kind: 'credential', status }
  if (status === 429) return { kind: 'rate-limited', status, retryAfterMs: retryAfterMs(headers, nowMs) }
  if (status === 404 && isModelMissing(error)) return { kind: 'model', status }
  if (status === 404 || CALLERS.has(status)) {
    if (saysTooLong(status, errorIn(body))) return { kind: 'context', message: redact(error?.message ?? '', secrets) }
    return {
      kind: 'rejected',
      status,
      message: redact(error?.message || 'The provider rejected the request.', secrets),
      param: typeof error?.param === 'string' ? redact(error.param, secrets) : null,
    }
  }
  if (status === 408 || status === 409 || status >= 500 || status < 400)
    return { kind: 'failed', status, retryAfterMs: retryAfterMs(headers, nowMs), why: `answered ${status}` }
  return { kind: 'refused', status }
}

type ErrorBody = Readonly<Record<string, unknown>>

/** OpenAI's `{"error":{"message"}}`; a body of another shape may hold anything, so nothing of it is shown. */
function documented(body: unknown): (ErrorBody & { readonly message: string }) | null {
  const { error } = (body ?? {}) as { error?: unknown }
  if (typeof error !== 'object' || error === null || !('message' in error)) return null
  return typeof error.message === 'string' ? { ...error, message: error.message } : null
}

function saysTooLong(status: number, error: ErrorBody | null): boolean {
  if (error?.code === 'context_length_exceeded') return true
  return status !== 404 && typeof error?.message === 'string' && TOO_LONG.test(error.message)
}

/** A body without the documented shape is some proxy's 404; vLLM names the model's with its own type. */
function isModelMissing(error: ErrorBody | null): boolean {
  if (error === null || error.code === 'model_not_found') return true
  return error.type === 'NotFoundError' && error.param === 'model'
}

/** `retry-after-ms`, else `retry-after` in seconds or as a date; null when absent, malformed or negative. */
export function retryAfterMs(headers: { get(name: string): string | null }, nowMs: number): number | null {
  const ms = Number.parseFloat(headers.get('retry-after-ms') ?? '')
  if (Number.isFinite(ms) && ms >= 0) return ms
  const text = headers.get('retry-after')
  if (text === null) return null
  const seconds = Number(text)
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(text) - nowMs
  return Number.isFinite(wait) && wait >= 0 ? wait : null
}

/**
 * Did the target take the request in? Feeds the throttle: load and silence count against it, a plain 500 does not, nor
 * does a caller's impatience, or one tenant could take a target from all others.
 */
export function wasAccepted(fault: Fault): boolean {
  switch (fault.kind) {
    case 'rate-limited':
      return false
    case 'failed':
      return fault.status !== 503 && fault.status !== 529 && fault.status !== 0
    case 'timeout':
      return fault.expiry !== 'headers'
    default:
      return true
  }
}

/** Extra tries on a target while another is left, whatever the model's `retries` say of the last one. */
const RETRIES_BEFORE_NEXT = 1

/** What the loop does after a fault. */
export type Next = 'relay' | 'retry' | 'next-target'

/**
 * CONTRACT.md §7 "Attempts": a 429 and a second failure go to the next target at once; other provider failures are
 * tried once more on the same target while another is left, and up to `retries` more times on the last one.
 */
export function nextStep(fault: Fault, tried: number, isLast: boolean, retries: number): Next {
  const mostTries = isLast ? retries : RETRIES_BEFORE_NEXT
  switch (fault.kind) {
    case 'rejected':
    case 'unsendable':
    case 'overloaded':
    case 'cancelled':
      return 'relay'
    case 'context':
    case 'credential':
    case 'model':
    case 'refused':
    case 'uncallable':
    case 'unplaced':
    case 'lost':
      return 'next-target'
    case 'rate-limited':
      return isLast && tried <= retries && isShort(fault.retryAfterMs) ? 'retry' : 'next-target'
    case 'failed':
      return tried <= mostTries && isShort(fault.retryAfterMs) ? 'retry' : 'next-target'
    case 'timeout':
      if (fault.expiry === 'total') return 'relay'
      return tried <= mostTries ? 'retry' : 'next-target'
  }
}

/** A wait longer than our own longest backoff is the client's to wait. */
const isShort = (retryAfter: number | null): boolean => (retryAfter ?? 0) <= RETRY_CAP_MS
