/** Refusals in each skin's words: bodies, headers, and the frame that ends a stream. */
import { expect, it } from 'vitest'
import { ERRORS, type ErrorCode, refusal } from '../../src/core/errors.ts'
import { errorsAt, messagesErrors, openaiErrors, responsesErrors } from '../../src/edge/skin-errors.ts'

const NOTHING_SENT = { first: '', last: '' }
const HEADING = { id: 'abc', model: 'alias', createdS: 1 }
const WAIT = refusal('upstream_rate_limited', 'Wait.', { retryAfterMs: 1500 })

it('is one event of an OpenAI stream, with what the status could not say', () => {
  const frame = openaiErrors.frame(WAIT, 1500, HEADING, {}, NOTHING_SENT)
  expect(frame).toMatch(/^data: \{[^\n]*\}\n\n$/)
  expect(JSON.parse(frame.slice(6))).toEqual({
    error: {
      message: 'Wait.',
      type: 'rate_limit_error',
      param: null,
      code: 'upstream_rate_limited',
      status: 429,
      retry_after_ms: 1500,
    },
  })
  expect(JSON.parse(openaiErrors.frame(WAIT, null, HEADING, {}, NOTHING_SENT).slice(6)).error.retry_after_ms).toBeNull()
})

it('is an error event of a Messages stream', () => {
  const frame = messagesErrors.frame(WAIT, 1500, HEADING, {}, NOTHING_SENT)
  expect(frame).toMatch(/^event: error\ndata: \{[^\n]*\}\n\n$/)
  expect(JSON.parse(frame.split('data: ')[1] ?? '')).toEqual({
    type: 'error',
    error: { type: 'rate_limit_error', message: 'Wait.' },
  })
})

it('is a failed run of Responses, numbered after the last event that went out', () => {
  const first = 'event: response.created\ndata: {"type":"response.created","response":{"id":"resp_up1"}}\n\n'
  const last =
    'event: x\ndata: {"type":"x","sequence_number":6}\n\nevent: y\ndata: {"type":"y","sequence_number": 7}\n\n'
  const frame = responsesErrors.frame(WAIT, 1500, HEADING, { model: 'alias' }, { first, last })
  expect(frame.startsWith('event: response.failed\ndata: ')).toBe(true)
  expect(JSON.parse(frame.split('data: ')[1] ?? '')).toMatchObject({
    type: 'response.failed',
    sequence_number: 8,
    response: { id: 'resp_up1', status: 'failed', error: { message: 'Wait.' } },
  })
  expect(responsesErrors.frame(WAIT, 1500, HEADING, {}, NOTHING_SENT)).toContain('"sequence_number":0')
})

it.each<[string, string, string, string, string[]]>([
  ['numbered nothing', 'data: {"type":"response.created","response":{"id":"resp_up1"}}\n\n', '', 'resp_up1', []],
  ['named it its own way', 'data: {"response":{"object":"response","id": "gen-1"}}\n\n', '', 'gen-1', []],
  [
    'named other things before',
    'data: {"response":{"tools":[{"id":"t"}],"id":"resp_up1"}}\n\n',
    'data: {"type":"x"}\n\n',
    'resp_up1',
    [],
  ],
  ['named nothing', 'data: {"type":"x","item":{"id":"msg_1"}}\n\n', 'data: {"type":"y"}\n\n', 'resp_abc', []],
  ['said that it waits, then began', ': wait\n\n', 'data: {"type":"x"}\n\n', 'resp_abc', []],
  ['only said that it waits', ': wait\n\n', '', 'resp_abc', ['response.created']],
])('fails the run of Responses that was begun, by an upstream that %s', (_, first, last, id, before) => {
  const frame = responsesErrors.frame(WAIT, 1500, HEADING, {}, { first, last })
  const events = frame
    .split('\n\n')
    .filter((event) => event !== '')
    .map((event) => JSON.parse(event.split('data: ')[1] ?? ''))
  expect(events.map(({ type }) => type)).toEqual([...before, 'response.failed'])
  expect(events.map(({ sequence_number: number }) => number)).toEqual(events.map((__, index) => index))
  for (const event of events) expect(event.response.id).toBe(id)
})

it('is numbered after the events that came first where the last have no number', () => {
  const sent = { first: 'data: {"type":"x","sequence_number":4}\n\n', last: 'data: {"type":"y","item":{"a":' }
  expect(responsesErrors.frame(WAIT, 1500, HEADING, {}, sent)).toContain('"sequence_number":5')
})

it.each(Object.keys(ERRORS) as ErrorCode[])('%s has its type on the Messages skin, and the request’s id', (code) => {
  expect(messagesErrors.body(refusal(code, 'No.'), 'r1')).toEqual({
    type: 'error',
    error: { type: ERRORS[code].anthropic, message: 'No.' },
    request_id: 'r1',
  })
  expect(messagesErrors.headers('r1')).toEqual({ 'request-id': 'r1' })
})

it.each([
  ['Leave it out.', 'tools[0].type', 'tools[0].type: Leave it out.'],
  ["Invalid 'stream': no.", 'stream', "Invalid 'stream': no."],
])('names the field in the message of Messages: %s', (message, param, told) => {
  const refused = refusal('invalid_request', message, { param })
  expect(messagesErrors.body(refused, 'r1')).toMatchObject({ error: { message: told } })
  expect(openaiErrors.body(refused, 'r1')).toMatchObject({ error: { message, param } })
})

it('tells the tool runner of Anthropic’s SDK to go on without a thread', () => {
  const { body } = messagesErrors
  expect(body(refusal('invalid_request', 'No.', { param: 'thread' }), 'r1')).toMatchObject({
    error: { details: { error_code: 'thread_unsupported_request', unsupported: ['thread'] } },
  })
  expect(body(refusal('upstream_rejected', 'No.', { param: 'thread' }), 'r1')).not.toHaveProperty('error.details')
})

it.each([
  ['/v1/messages', messagesErrors],
  ['/v1/messages/count_tokens', messagesErrors],
  ['/v1/messages/batches', messagesErrors],
  ['/v1/messagesque', openaiErrors],
  ['/v1/responses', openaiErrors],
  ['/nowhere', openaiErrors],
])('the errors at %s', (path, errors) => {
  expect(errorsAt(path)).toBe(errors)
})
