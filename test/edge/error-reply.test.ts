/** Refusals on the wire: body, status, waits. */
import { expect, it } from 'vitest'
import { refusal } from '../../src/core/errors.ts'
import { errorReply } from '../../src/edge/error-reply.ts'

it('has the four keys of OpenAI, the status, and the headers it was given', async () => {
  const reply = errorReply(refusal('invalid_request', 'Say more.', { param: 'messages' }), { 'x-request-id': 'r' })
  expect(reply.status).toBe(400)
  expect(Object.fromEntries(reply.headers)).toEqual({ 'content-type': 'application/json', 'x-request-id': 'r' })
  expect(await reply.json()).toEqual({
    error: { message: 'Say more.', type: 'invalid_request_error', param: 'messages', code: 'invalid_request' },
  })
})

it('has a status of its own where the code leaves it open, and null for no field', async () => {
  const reply = errorReply(refusal('upstream_rejected', 'No.', { status: 422 }), {})
  expect(reply.status).toBe(422)
  expect(await reply.json()).toMatchObject({ error: { param: null } })
})

it.each([
  [1, '1', '1', null],
  [1000, '1', '1000', null],
  [1000.2, '2', '1001', null],
  [1001, '2', '1001', null],
  [59_999, '60', '59999', null],
  [60_000, '60', '60000', 'false'],
  [90_000, '90', '90000', 'false'],
  [0, '0', '0', null],
])('says to wait %s ms', (retryAfterMs, seconds, ms, should) => {
  const { headers } = errorReply(refusal('upstream_rate_limited', 'Wait.', { retryAfterMs }), {})
  expect(headers.get('retry-after')).toBe(seconds)
  expect(headers.get('retry-after-ms')).toBe(ms)
  expect(headers.get('x-should-retry')).toBe(should)
})

it('tells a client not to try by itself where no wait helps, known or not', () => {
  const futile = (retryAfterMs?: number) =>
    errorReply(
      refusal('token_limit_exceeded', 'Too much.', {
        isFutile: true,
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      }),
      {},
    ).headers
  expect(futile(1).get('x-should-retry')).toBe('false')
  expect(futile(1).get('retry-after-ms')).toBe('1')
  for (const headers of [futile(), futile(Number.POSITIVE_INFINITY)]) {
    expect(headers.get('x-should-retry')).toBe('false')
    expect(headers.has('retry-after')).toBe(false)
    expect(headers.has('retry-after-ms')).toBe(false)
  }
})

it('names the limit of ours that stands in the way', () => {
  const { headers } = errorReply(refusal('rate_limit_exceeded', 'Wait.', { limitedBy: 'rpm' }), {})
  expect(headers.get('x-sluice-limited-by')).toBe('rpm')
})

it('says nothing of waiting or methods where nothing is known', () => {
  const { headers } = errorReply(refusal('overloaded', 'Busy.'), {})
  for (const name of ['retry-after', 'retry-after-ms', 'x-should-retry', 'x-sluice-limited-by', 'allow'])
    expect(headers.has(name)).toBe(false)
})

it('names the methods a path takes', () => {
  const { headers } = errorReply(refusal('method_not_allowed', 'No.', { allow: 'GET, HEAD' }), {})
  expect(headers.get('allow')).toBe('GET, HEAD')
})
