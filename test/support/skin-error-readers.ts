/** Reads errors of every skin, from bodies and from the ends of streams, into one normal form. */
import { pick, type Reply } from './http-client.ts'
import { eventsOf as messageEvents } from './messages-events.ts'
import { dataOf, isStream, type Json, must, responseEvents, type SkinName, sameNames } from './skin-readers.ts'

/** An error, from a body or from the last event of a stream. */
export interface ReadError {
  readonly type: unknown
  /** Messages has none. */
  readonly code: unknown
  readonly message: unknown
  /** What a stream had said before it broke; empty of a body. */
  readonly said: string
}

/** The error that a reply is, or that its stream ends with; throws where it is not as the skin has it. */
export function errorOf(skin: SkinName, reply: Reply): ReadError {
  if (isStream(reply)) return FAILED_STREAMS[skin](reply.body)
  const body = reply.json as Json
  const error = pick(body, 'error') as Json
  if (skin === 'messages') {
    must(sameNames(body, ['type', 'error', 'request_id']) && body.type === 'error', reply.body)
    must(sameNames(error, ['type', 'message']), reply.body)
    must(body.request_id === reply.headers['x-request-id'] && body.request_id === reply.headers['request-id'], 'id')
  } else must(sameNames(body, ['error']) && sameNames(error, ['message', 'type', 'param', 'code']), reply.body)
  return { type: error.type, code: error.code, message: error.message, said: '' }
}

function failedChat(body: string): ReadError {
  const data = dataOf(body)
  must(!body.includes('[DONE]'), '[DONE] after an error')
  const values = data.map((text) => JSON.parse(text) as Json)
  const error = values.pop()?.error as Json
  must(sameNames(error, ['message', 'type', 'param', 'code', 'status', 'retry_after_ms']), 'the error frame')
  must(
    values.every((value) => value.error === undefined),
    'more than one error',
  )
  const said = values.map((value) => pick(value, 'choices', 0, 'delta', 'content') ?? '').join('')
  return { type: error.type, code: error.code, message: error.message, said }
}

function failedMessage(body: string): ReadError {
  const events = messageEvents(body)
  const last = events.pop() as Json
  const error = last.error as Json
  must(last.type === 'error' && sameNames(last, ['type', 'error']) && sameNames(error, ['type', 'message']), 'its end')
  must(!events.some(({ type }) => type === 'error' || type === 'message_stop'), 'an end before its end')
  const said = events.map((event) => pick(event, 'delta', 'text') ?? '').join('')
  return { type: error.type, code: undefined, message: error.message, said }
}

function failedResponse(body: string): ReadError {
  const events = responseEvents(body)
  const last = events.pop() as Json
  must(last.type === 'response.failed' && pick(last, 'response', 'status') === 'failed', 'its end')
  must(!events.some(({ type }) => /failed|completed|incomplete|^error$/.test(String(type)) && !isPart(type)), 'its end')
  const error = pick(last, 'response', 'error') as Json
  const said = events.map(({ type, delta }) => (type === 'response.output_text.delta' ? delta : '')).join('')
  return { type: undefined, code: error.code, message: error.message, said }
}

const isPart = (type: unknown): boolean => String(type).split('.').length > 2

const FAILED_STREAMS = { chat: failedChat, messages: failedMessage, responses: failedResponse }
