/** Whose doing a failed attempt was and what follows: CONTRACT.md §4 under the error table, and §7 "Attempts". */
import { describe, expect, it } from 'vitest'
import { refusal } from '../../src/core/errors.ts'
import { RETRY_CAP_MS } from '../../src/core/limits.ts'
import { type Fault, faultOfReply, type Next, nextStep, retryAfterMs, wasAccepted } from '../../src/dispatch/fault.ts'

const NOW = Date.UTC(2026, 0, 1)
const SECRET = 'super-secret'
const errorBody = (error: object): string => JSON.stringify({ error })

function faultOf(status: number, body = '', headers: Record<string, string> = {}): Fault {
  return faultOfReply(status, new Headers(headers), body, NOW, [SECRET])
}

describe('faultOfReply', () => {
  it.each([400, 413, 422])("%i is the caller's, in the provider's words", (status) => {
    const body = errorBody({ message: `bad value, key ${SECRET}`, type: 'x', param: `p-${SECRET}`, code: 'c' })
    expect(faultOf(status, body)).toEqual({
      kind: 'rejected',
      status,
      message: 'bad value, key [redacted]',
      param: 'p-[redacted]',
    })
  })

  it.each([
    '<html>canary</html>',
    '',
    '{"detail":"canary"}',
    '{"error":"canary"}',
    '{"object":"error","message":"canary"}',
    '{"message":"canary"}',
    '{"error":{"message":{"text":"canary"},"code":"canary"}}',
    '{"error":["canary"]}',
    'null',
    '"canary"',
  ])('nothing is shown of a body that has not the documented shape: %s', (body) => {
    const fault = faultOf(400, body)
    expect(fault).toMatchObject({ kind: 'rejected', status: 400, param: null })
    expect(JSON.stringify(fault)).not.toContain('canary')
    expect(fault).toHaveProperty('message', 'The provider rejected the request.')
  })

  it('shows words of its own where the message is empty, and no param that is no text', () => {
    expect(faultOf(422, errorBody({ message: '', param: 7 }))).toEqual({
      kind: 'rejected',
      status: 422,
      message: 'The provider rejected the request.',
      param: null,
    })
  })

  it.each([401, 403])('%i is a refused credential', (status) => {
    expect(faultOf(status, errorBody({ message: 'm' }))).toEqual({ kind: 'credential', status })
  })

  it.each([
    ['', 'model'],
    ['<html>', 'model'],
    ['{"detail":"Not Found"}', 'model'],
    ['{"error":"model not found"}', 'model'],
    [errorBody({ message: 'm', code: 'model_not_found' }), 'model'],
    [errorBody({ message: 'm', type: 'NotFoundError', param: 'model', code: 404 }), 'model'],
    [errorBody({ message: 'm', type: 'NotFoundError', param: 'file' }), 'rejected'],
    [errorBody({ message: 'm', type: 'invalid_request_error', param: 'model' }), 'rejected'],
    [errorBody({ message: 'No such file; context window', code: 'not_found' }), 'rejected'],
  ])('404 with %s is of kind %s', (body, kind) => {
    expect(faultOf(404, body)).toMatchObject({ kind, status: 404 })
  })

  it.each([
    [400, errorBody({ message: 'anything', code: 'context_length_exceeded' })],
    [400, errorBody({ code: 'context_length_exceeded' })],
    [404, errorBody({ message: 'm', code: 'context_length_exceeded' })],
    [400, errorBody({ message: "This model's maximum context length is 8192 tokens." })],
    [422, errorBody({ message: 'prompt is too long: 9000 tokens > 8192 maximum' })],
    [413, errorBody({ message: 'too many input tokens' })],
    [400, errorBody({ message: 'The input exceeds the token limit.' })],
    [400, '{"object":"error","message":"maximum context length is 8192 tokens"}'],
  ])('%i with %s says that the prompt is too long', (status, body) => {
    expect(faultOf(status, body).kind).toBe('context')
  })

  it("keeps the provider's words on the length, blanked, and none that are not documented", () => {
    const said = errorBody({ message: `maximum context length, ${SECRET}` })
    expect(faultOf(400, said)).toEqual({ kind: 'context', message: 'maximum context length, [redacted]' })
    expect(faultOf(400, '{"object":"error","message":"context length"}')).toEqual({ kind: 'context', message: '' })
  })

  it('429 is a rate limit, with its wait', () => {
    expect(faultOf(429)).toEqual({ kind: 'rate-limited', status: 429, retryAfterMs: null })
    expect(faultOf(429, '', { 'retry-after': '7' })).toMatchObject({ retryAfterMs: 7000 })
  })

  it.each([301, 302, 307, 308, 408, 409, 500, 502, 503, 504, 529, 599])("%i is the provider's failure", (status) => {
    const fault = faultOf(status, errorBody({ message: 'canary' }), { 'retry-after': '2' })
    expect(fault).toEqual({ kind: 'failed', status, retryAfterMs: 2000, why: `answered ${status}` })
  })

  it.each([402, 405, 410, 418, 451])('%i is ours to bear: the next target', (status) => {
    expect(faultOf(status, errorBody({ message: 'm' }))).toEqual({ kind: 'refused', status })
  })
})

describe('retryAfterMs', () => {
  it.each([
    [{}, null],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after': '1.5' }, 1500],
    [{ 'retry-after': '-1' }, null],
    [{ 'retry-after': 'soon' }, null],
    [{ 'retry-after': new Date(NOW + 30_000).toUTCString() }, 30_000],
    [{ 'retry-after': new Date(NOW - 30_000).toUTCString() }, null],
    [{ 'retry-after-ms': '250' }, 250],
    [{ 'retry-after-ms': '0', 'retry-after': '9' }, 0],
    [{ 'retry-after-ms': '-5', 'retry-after': '9' }, 9000],
    [{ 'retry-after-ms': 'x', 'retry-after': '9' }, 9000],
    [{ 'retry-after-ms': 'Infinity', 'retry-after': '9' }, 9000],
    [{ 'retry-after': '1e307' }, null],
  ] as [Record<string, string>, number | null][])('%j is %j', (headers, expected) => {
    expect(retryAfterMs(new Headers(headers), NOW)).toBe(expected)
  })
})

const failed = (status = 500, wait: number | null = null): Fault => ({
  kind: 'failed',
  status,
  retryAfterMs: wait,
  why: '',
})
const limited = (wait: number | null = null): Fault => ({ kind: 'rate-limited', status: 429, retryAfterMs: wait })
const timeout = (expiry: 'headers' | 'caller' | 'idle' | 'total'): Fault => ({ kind: 'timeout', expiry })
const rejected: Fault = { kind: 'rejected', status: 400, message: '', param: null }
const context: Fault = { kind: 'context', message: '' }

it.each([
  [failed(500), true],
  [failed(200), true],
  [failed(503), false],
  [failed(529), false],
  [failed(0), false],
  [limited(), false],
  [timeout('headers'), false],
  [timeout('caller'), true],
  [timeout('idle'), true],
  [timeout('total'), true],
  [rejected, true],
  [context, true],
  [{ kind: 'credential', status: 401 } as Fault, true],
  [{ kind: 'cancelled' } as Fault, true],
])('for the throttle, %j was taken in: %j', (fault, expected) => {
  expect(wasAccepted(fault)).toBe(expected)
})

describe('nextStep, with two retries', () => {
  /** [fault, after the 1st to 4th try with a target left, and on the last target]. */
  const table: [Fault, Next[], Next[]][] = [
    [failed(), ['retry', 'next-target', 'next-target'], ['retry', 'retry', 'next-target', 'next-target']],
    [failed(503, RETRY_CAP_MS), ['retry', 'next-target'], ['retry', 'retry', 'next-target']],
    [failed(503, RETRY_CAP_MS + 1), ['next-target'], ['next-target']],
    [limited(), ['next-target', 'next-target'], ['retry', 'retry', 'next-target']],
    [limited(RETRY_CAP_MS), ['next-target'], ['retry', 'retry', 'next-target']],
    [limited(RETRY_CAP_MS + 1), ['next-target'], ['next-target']],
    [timeout('headers'), ['retry', 'next-target'], ['retry', 'retry', 'next-target']],
    [timeout('idle'), ['retry', 'next-target'], ['retry', 'retry', 'next-target']],
    [timeout('total'), ['relay'], ['relay']],
    [rejected, ['relay'], ['relay']],
    [{ kind: 'cancelled' }, ['relay'], ['relay']],
    [{ kind: 'unsendable', refusal: refusal('request_too_large', '') }, ['relay'], ['relay']],
    [context, ['next-target'], ['next-target']],
    [{ kind: 'credential', status: 401 }, ['next-target'], ['next-target']],
    [{ kind: 'model', status: 404 }, ['next-target'], ['next-target']],
    [{ kind: 'refused', status: 402 }, ['next-target'], ['next-target']],
  ]

  it.each(table)('%j: %j while a target is left, %j on the last', (fault, before, last) => {
    expect(before.map((_, index) => nextStep(fault, index + 1, false, 2))).toEqual(before)
    expect(last.map((_, index) => nextStep(fault, index + 1, true, 2))).toEqual(last)
  })

  it("the model's retries count on the last target alone", () => {
    expect(nextStep(failed(), 1, true, 0)).toBe('next-target')
    expect(nextStep(timeout('idle'), 1, true, 0)).toBe('next-target')
    expect(nextStep(limited(), 1, true, 0)).toBe('next-target')
    expect(nextStep(failed(), 1, false, 0)).toBe('retry')
    expect(nextStep(failed(), 5, true, 5)).toBe('retry')
  })
})
