/** Failures in OpenAI's terms: status, code, what may be said, and when to come back. */
import { APICallError, UnsupportedFunctionalityError } from '@ai-sdk/provider'
import { describe, expect, it } from 'vitest'
import { failureOf, failureReply, streamError, transportError } from '../../../src/providers/ai-sdk/errors.ts'
import { UnsayableError } from '../../../src/providers/ai-sdk/refusal.ts'
import { UpstreamFailure } from '../../../src/providers/ai-sdk/transport.ts'
import { fixture, jsonOf } from '../support.ts'

const failed = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  failureOf(
    new UpstreamFailure(status, new Headers(headers), typeof body === 'string' ? body : JSON.stringify(body)),
    false,
  )
const anthropic = (type: string, message: string) => ({ type: 'error', error: { type, message }, request_id: 'req_1' })
const google = (code: number, status: string, message: string, details?: object[]) => ({
  error: { code, message, status, details },
})

describe('status and code', () => {
  it.each([
    ['Anthropic, bad key', 401, anthropic('authentication_error', 'invalid x-api-key'), 401, null],
    ['Anthropic, not allowed', 403, anthropic('permission_error', 'no access'), 403, null],
    ['Anthropic, no such model', 404, anthropic('not_found_error', 'model: claude-9'), 404, 'model_not_found'],
    ['Anthropic, too large', 413, anthropic('request_too_large', 'too large'), 413, null],
    ['Anthropic, overloaded', 529, anthropic('overloaded_error', 'Overloaded'), 503, null],
    ['Anthropic, broke', 500, anthropic('api_error', 'Internal server error'), 500, null],
    [
      'Anthropic, no credit',
      400,
      anthropic('invalid_request_error', 'Your credit balance is too low to access the Anthropic API.'),
      401,
      'invalid_api_key',
    ],
    ['Anthropic, billing', 402, anthropic('billing_error', 'Pay.'), 403, null],
    [
      'Anthropic, too long',
      400,
      anthropic('invalid_request_error', 'prompt is too long: 215000 tokens > 200000 maximum'),
      400,
      'context_length_exceeded',
    ],
    [
      'Anthropic, too long with output',
      400,
      anthropic('invalid_request_error', 'input length and `max_tokens` exceed context limit: 199000 + 8192 > 200000'),
      400,
      'context_length_exceeded',
    ],
    [
      'Google, bad key',
      400,
      google(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.', [
        { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID' },
      ]),
      401,
      'invalid_api_key',
    ],
    [
      'Google, bad key in other words',
      400,
      google(400, 'INVALID_ARGUMENT', 'Clé invalide', [{ reason: 'API_KEY_INVALID' }]),
      401,
      'invalid_api_key',
    ],
    [
      'Google, not here',
      400,
      google(400, 'FAILED_PRECONDITION', 'User location is not supported for the API use.'),
      401,
      'invalid_api_key',
    ],
    [
      'Google, no such model',
      404,
      google(
        404,
        'NOT_FOUND',
        'models/gemini-9 is not found for API version v1beta, or is not supported for generateContent.',
      ),
      404,
      'model_not_found',
    ],
    [
      'Google, too long',
      400,
      google(
        400,
        'INVALID_ARGUMENT',
        'The input token count (1300000) exceeds the maximum number of tokens allowed (1048576).',
      ),
      400,
      'context_length_exceeded',
    ],
    ['Google, overloaded', 503, google(503, 'UNAVAILABLE', 'The model is overloaded.'), 503, null],
    ['OpenAI shape keeps its code', 422, { error: { message: 'bad', type: 'x', param: 'p', code: 'odd' } }, 422, 'odd'],
    ['a proxy', 502, '<html>Bad gateway</html>', 502, null],
    ['a redirect', 307, '', 307, null],
  ])('%s', (_who, status, body, expectedStatus, code) => {
    expect(failed(status, body)).toMatchObject({ status: expectedStatus, code })
  })
})

it('believes the documented message only', () => {
  expect(failed(400, anthropic('invalid_request_error', 'Be nicer.'))?.message).toBe('Be nicer.')
  for (const body of [
    '<html>sk-secret</html>',
    '{"detail":"sk-secret"}',
    '{"error":{"message":{"a":"sk-secret"}}}',
    '',
  ])
    expect(failed(400, body)?.message).toBe('The provider answered 400.')
})

it('names the field that Anthropic complains about', () => {
  expect(failed(400, fixture('anthropic/error-tool-use-id.json'))).toMatchObject({
    status: 400,
    param: 'messages.2.content.0',
    message: expect.stringContaining('unexpected `tool_use_id`'),
  })
})

it('relays when to come back, and the id of the request, and no other header', () => {
  const headers = { 'retry-after': '7', 'request-id': 'req_1', 'set-cookie': 'a=b', 'x-ratelimit': '1' }
  expect(failed(429, anthropic('rate_limit_error', 'Slow down'), headers)?.headers).toEqual({
    'retry-after': '7',
    'request-id': 'req_1',
  })
})

it("reads Google's delay from the body, in ms", () => {
  expect(failed(429, fixture('google/error-rate-limit.json'))).toMatchObject({
    status: 429,
    headers: { 'retry-after-ms': '34400' },
  })
})

it('reads an error that Google wraps in an array', () => {
  expect(failed(400, [google(400, 'INVALID_ARGUMENT', 'Bad.')])).toMatchObject({ status: 400, message: 'Bad.' })
})

it('a request that cannot be said is the caller’s, and names its field', () => {
  expect(failureOf(new UnsayableError('n', 'Leave it out.'), false)).toMatchObject({ status: 400, param: 'n' })
  const unsupported = new UnsupportedFunctionalityError({ functionality: 'audio' })
  expect(failureOf(unsupported, false)).toMatchObject({ status: 400, code: 'invalid_request' })
})

it('an SDK error after an answer began is the provider’s, and quotes nothing', () => {
  const parse = new UnsupportedFunctionalityError({ functionality: 'canary' })
  expect(failureOf(parse, true)).toMatchObject({ status: 502, message: expect.not.stringContaining('canary') })
})

const apiCallError = (more: object) =>
  new APICallError({ message: 'm', url: 'https://x.test', requestBodyValues: { canary: 1 }, ...more })

it('a success that held an error, or nothing readable, is a 502 or what it says', () => {
  expect(failureOf(apiCallError({ statusCode: 200, responseBody: '<html>' }), true)).toMatchObject({ status: 502 })
  expect(failureOf(apiCallError({ statusCode: 529, responseBody: '{}' }), true)).toMatchObject({ status: 503 })
})

it('nothing came back: no failure of the provider, and the error that is thrown holds no request', () => {
  const cause = new TypeError('ECONNREFUSED')
  expect(failureOf(apiCallError({ cause }), false)).toBeNull()
  expect(transportError(apiCallError({ cause }))).toBe(cause)
  expect(JSON.stringify(transportError(apiCallError({})))).not.toContain('canary')
  expect(failureOf(new TypeError('x'), false)).toBeNull()
})

it('tells a failure in mid-stream with status and type', () => {
  expect(streamError({ message: 'Slow down', statusCode: 429 })).toEqual({
    message: 'Slow down',
    type: 'rate_limit_error',
    param: null,
    code: null,
    status: 429,
  })
  expect(streamError(new Error('canary'))).toMatchObject({
    status: 502,
    message: expect.not.stringContaining('canary'),
  })
  expect(streamError('what?')).toMatchObject({ status: 502 })
})

it('makes an OpenAI error body of a failure', async () => {
  const failure = failed(401, anthropic('authentication_error', 'invalid x-api-key'), { 'request-id': 'req_1' })
  if (failure === null) throw new Error('no failure')
  const reply = failureReply(failure)
  expect(reply.status).toBe(401)
  expect(reply.headers.get('content-type')).toBe('application/json')
  expect(reply.headers.get('request-id')).toBe('req_1')
  expect(await jsonOf(reply)).toEqual({
    error: { message: 'invalid x-api-key', type: 'authentication_error', param: null, code: null, status: 401 },
  })
})
