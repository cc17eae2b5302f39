/** The closed list of errors, as CONTRACT.md §4 has it, and the body a caller gets. */
import { describe, expect, it } from 'vitest'
import { ERRORS, openaiError, refusal } from '../../src/core/errors.ts'

/** CONTRACT.md's table: code, status, type on the OpenAI skins, type on the Messages skin. */
const TABLE = `
invalid_api_key 401 authentication_error authentication_error
expired_api_key 401 authentication_error authentication_error
revoked_api_key 401 authentication_error authentication_error
model_not_allowed 403 permission_error permission_error
tenant_suspended 403 permission_error permission_error
model_not_found 404 invalid_request_error not_found_error
not_found 404 invalid_request_error not_found_error
method_not_allowed 405 invalid_request_error invalid_request_error
unsupported_media_type 415 invalid_request_error invalid_request_error
invalid_request 400 invalid_request_error invalid_request_error
context_length_exceeded 400 invalid_request_error invalid_request_error
request_too_large 413 invalid_request_error request_too_large
session_busy 409 invalid_request_error invalid_request_error
idempotency_conflict 409 invalid_request_error invalid_request_error
conflict 409 invalid_request_error invalid_request_error
rate_limit_exceeded 429 rate_limit_error rate_limit_error
token_limit_exceeded 429 rate_limit_error rate_limit_error
concurrency_limit_exceeded 429 rate_limit_error rate_limit_error
queue_timeout 429 rate_limit_error rate_limit_error
upstream_rate_limited 429 rate_limit_error rate_limit_error
budget_exceeded 429 insufficient_quota billing_error
upstream_rejected 400 invalid_request_error invalid_request_error
upstream_failed 502 api_error api_error
overloaded 503 overloaded_error overloaded_error
misconfigured 503 overloaded_error overloaded_error
upstream_timeout 504 timeout_error timeout_error
internal 500 api_error api_error`

const rows = TABLE.trim()
  .split('\n')
  .map((line) => line.split(' '))

it.each(rows)('%s: %s %s / %s', (code = '', status, openai, anthropic) => {
  expect(ERRORS[code as keyof typeof ERRORS]).toEqual({ status: Number(status), openai, anthropic })
})

it('has no code beyond the list', () => {
  expect(Object.keys(ERRORS).sort()).toEqual(rows.map(([code]) => code).sort())
})

describe('refusal', () => {
  it('has the status of its code and no fields that were not given', () => {
    expect(refusal('upstream_failed', 'm')).toStrictEqual({
      code: 'upstream_failed',
      message: 'm',
      param: null,
      status: 502,
    })
  })

  it('carries what it is given', () => {
    const given = { param: 'n', status: 422, retryAfterMs: 0, isFutile: false, limitedBy: 'rpm', allow: 'GET' }
    expect(refusal('upstream_rejected', 'm', given)).toStrictEqual({
      code: 'upstream_rejected',
      message: 'm',
      ...given,
    })
    expect(refusal('invalid_request', 'm', { param: null }).param).toBeNull()
  })
})

it('openaiError shows all four keys and nothing else', () => {
  expect(openaiError(refusal('model_not_found', 'm', { retryAfterMs: 5 }))).toEqual({
    error: { message: 'm', type: 'invalid_request_error', param: null, code: 'model_not_found' },
  })
  expect(openaiError(refusal('overloaded', 'm', { param: 'p' }))).toEqual({
    error: { message: 'm', type: 'overloaded_error', param: 'p', code: 'overloaded' },
  })
})
