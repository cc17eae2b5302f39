/** The `x-sluice-*` headers of a request: a malformed value names its header. */
import { type Refusal, refusal } from '../core/errors.ts'
import type { CacheMode, InferenceRequest } from '../core/inference.ts'
import { HEADER_JSON_CHARS_MAX, TIMEOUT_MAX_MS } from '../core/limits.ts'
import type { Priority } from '../core/pool/types.ts'
import { CACHE_TTL_SECONDS_MAX } from '../core/recall/limits.ts'

/** What the path takes from the headers. */
export type RequestOptions = Pick<
  InferenceRequest,
  | 'timeoutMs'
  | 'firstTokenMs'
  | 'maxWaitMs'
  | 'priority'
  | 'user'
  | 'cacheMode'
  | 'cacheTtlSeconds'
  | 'debug'
  | 'traceparent'
>

const milliseconds = (value: string): boolean => /^\d{1,7}$/.test(value) && Number(value) <= TIMEOUT_MAX_MS
const oneOf =
  (...values: string[]) =>
  (value: string): boolean =>
    values.includes(value)
const ttl = (value: string): boolean =>
  /^\d{1,7}$/.test(value) && Number(value) >= 1 && Number(value) <= CACHE_TTL_SECONDS_MAX
const chars =
  (most: number) =>
  (value: string): boolean =>
    value !== '' && value.length <= most
const id = (value: string): boolean => /^[\x21-\x7e]{1,128}$/.test(value)

/** What the headers ask for that outlives the request. */
export interface LastingHeaders {
  readonly session: string | undefined
  readonly onDisconnect: 'cancel' | 'detach' | undefined
  /** A template, as `x-sluice-prompt` names it: not read yet. */
  readonly prompt: string | undefined
  /** Where its end is told; not checked yet. */
  readonly webhook: string | undefined
  readonly idempotencyKey: string | undefined
}

/** Header → is the value well formed, and what it should have been. Headers of ours that are not listed are ignored. */
const HEADERS: readonly (readonly [string, (value: string) => boolean, string])[] = [
  ['x-sluice-timeout-ms', milliseconds, `0 to ${TIMEOUT_MAX_MS}`],
  ['x-sluice-first-token-ms', milliseconds, `0 to ${TIMEOUT_MAX_MS}`],
  ['x-sluice-max-wait-ms', milliseconds, `0 to ${TIMEOUT_MAX_MS}`],
  ['x-sluice-cache', oneOf('auto', 'refresh', 'no-store', 'off'), 'auto, refresh, no-store or off'],
  ['x-sluice-cache-ttl', ttl, `1 to ${CACHE_TTL_SECONDS_MAX}`],
  ['x-sluice-session', id, '1 to 128 printable ASCII characters without spaces'],
  ['x-sluice-user', id, '1 to 128 printable ASCII characters without spaces'],
  ['x-sluice-priority', oneOf('interactive', 'batch'), 'interactive or batch'],
  ['x-sluice-on-disconnect', oneOf('cancel', 'detach'), 'cancel or detach'],
  ['x-sluice-debug', oneOf('1'), '1'],
]
const LASTING: readonly (readonly [string, (value: string) => boolean, string])[] = [
  ['x-sluice-prompt', chars(HEADER_JSON_CHARS_MAX), `at most ${HEADER_JSON_CHARS_MAX} characters`],
  ['x-sluice-webhook', chars(2048), 'a URL of at most 2048 characters'],
  ['idempotency-key', (value) => /^[\x20-\x7e]{1,255}$/.test(value), '1 to 255 printable ASCII characters'],
]
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/

/** Reads the headers, each once; a refusal for the first malformed one. Timeouts of 0 mean none of the caller's own. */
export function requestOptions(headers: Headers): RequestOptions | Refusal {
  const values = new Map<string, string>()
  for (const [name, isWellFormed, expected] of HEADERS) {
    const value = headers.get(name)
    if (value === null) continue
    if (!isWellFormed(value))
      return refusal('invalid_request', `The header '${name}' must be ${expected}.`, { param: name })
    values.set(name, value)
  }
  const maxWaitMs = values.get('x-sluice-max-wait-ms')
  const traceparent = headers.get('traceparent')
  return {
    timeoutMs: Number(values.get('x-sluice-timeout-ms')) || undefined,
    firstTokenMs: Number(values.get('x-sluice-first-token-ms')) || undefined,
    // Here 0 is a value: refuse at once.
    maxWaitMs: maxWaitMs === undefined ? undefined : Number(maxWaitMs),
    priority: values.get('x-sluice-priority') as Priority | undefined,
    user: values.get('x-sluice-user'),
    cacheMode: values.get('x-sluice-cache') as CacheMode | undefined,
    cacheTtlSeconds: Number(values.get('x-sluice-cache-ttl')) || undefined,
    debug: values.get('x-sluice-debug') === '1',
    // Not one of ours: a malformed trace context is dropped, as W3C has it, never refused.
    traceparent: traceparent !== null && TRACEPARENT.test(traceparent) ? traceparent : undefined,
  }
}

/** Reads what outlives the request; null where nothing is asked for that does. Well-formed as `requestOptions` checks it. */
export function lastingHeaders(headers: Headers): LastingHeaders | Refusal | null {
  const values = LASTING.map(([name]) => headers.get(name))
  const [session, onDisconnect] = [headers.get('x-sluice-session'), headers.get('x-sluice-on-disconnect')]
  if (session === null && onDisconnect !== 'detach' && values.every((value) => value === null)) return null
  for (const [index, [name, isWellFormed, expected]] of LASTING.entries()) {
    const value = values[index] ?? null
    if (value !== null && !isWellFormed(value))
      return refusal('invalid_request', `The header '${name}' must be ${expected}.`, { param: name })
  }
  const [prompt, webhook, idempotencyKey] = values.map((value) => value ?? undefined)
  return {
    session: session ?? undefined,
    onDisconnect: onDisconnect === 'detach' ? 'detach' : onDisconnect === 'cancel' ? 'cancel' : undefined,
    prompt,
    webhook,
    idempotencyKey,
  }
}
