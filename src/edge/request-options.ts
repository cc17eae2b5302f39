/** The `x-sluice-*` headers of a request: a malformed value names its header. */
import { type Refusal, refusal } from '../core/errors.ts'
import type { CacheMode, InferenceRequest } from '../core/inference.ts'
import { TIMEOUT_MAX_MS } from '../core/limits.ts'
import { CACHE_TTL_SECONDS_MAX } from '../core/recall/limits.ts'

/** What the path takes from the headers. */
export type RequestOptions = Pick<
  InferenceRequest,
  'timeoutMs' | 'firstTokenMs' | 'maxWaitMs' | 'user' | 'cacheMode' | 'cacheTtlSeconds' | 'debug' | 'traceparent'
>

const milliseconds = (value: string): boolean => /^\d{1,7}$/.test(value) && Number(value) <= TIMEOUT_MAX_MS
const oneOf =
  (...values: string[]) =>
  (value: string): boolean =>
    values.includes(value)
const ttl = (value: string): boolean =>
  /^\d{1,7}$/.test(value) && Number(value) >= 1 && Number(value) <= CACHE_TTL_SECONDS_MAX
const id = (value: string): boolean => /^[\x21-\x7e]{1,128}$/.test(value)

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
    user: values.get('x-sluice-user'),
    cacheMode: values.get('x-sluice-cache') as CacheMode | undefined,
    cacheTtlSeconds: Number(values.get('x-sluice-cache-ttl')) || undefined,
    debug: values.get('x-sluice-debug') === '1',
    // Not one of ours: a malformed trace context is dropped, as W3C has it, never refused.
    traceparent: traceparent !== null && TRACEPARENT.test(traceparent) ? traceparent : undefined,
  }
}
