/** Refusals in the words of each skin: as bodies, and as the last event of a stream. No I/O. */
import { ERRORS, openaiError, type Refusal } from '../core/errors.ts'
import { failedEvent } from './responses/failed-event.ts'
import type { SkinErrors } from './skin.ts'

/** Chat, completions, embeddings: SDKs raise on `error`, and in a stream the status did not say it. */
export const openaiErrors: SkinErrors = {
  body: openaiError,
  headers: () => NONE,
  frame(refused, retryAfterMs) {
    const { error } = openaiError(refused)
    return `data: ${JSON.stringify({ error: { ...error, status: refused.status, retry_after_ms: retryAfterMs } })}\n\n`
  },
}

/** Responses: the same bodies, and a stream ends as a run does that has failed. */
export const responsesErrors: SkinErrors = {
  ...openaiErrors,
  // The run that fails is the one that the upstream has named: clients refuse another.
  frame: (refused, _, heading, asked, { first, last }) =>
    failedEvent(heading, asked, refused, {
      hasBegun: DATA.test(first) || DATA.test(last),
      sequenceNumber: sequenceAfter(`${first}\n${last}`),
      id: responseIdIn(first),
    }),
}

/** Messages. Its SDK tells of a request by the header `request-id`. */
export const messagesErrors: SkinErrors = {
  body: (refused, requestId) => ({ ...anthropicError(refused), request_id: requestId }),
  headers: (requestId) => ({ 'request-id': requestId }),
  frame: (refused) => `event: error\ndata: ${JSON.stringify(anthropicError(refused))}\n\n`,
}

/** The errors of whatever skin a path belongs to: those of OpenAI where it is none. */
export function errorsAt(path: string): SkinErrors {
  if (/^\/v1\/messages(?:\/|$)/.test(path)) return messagesErrors
  return openaiErrors
}

const NONE = {}
/** A comment begins no stream. */
const DATA = /^data:/m
/** Ahead of all that is inside of it, as servers write it; else OpenAI's can be told by how it begins. */
const RESPONSE_IDS = [/"response":\s*\{[^{}]*?"id":\s*"([^"\\]+)"/, /"id":\s*"(resp_[^"\\]+)"/]

/** The id of the response that a text tells of. */
const responseIdIn = (text: string): string | undefined =>
  RESPONSE_IDS.map((pattern) => pattern.exec(text)?.[1]).find((id) => id !== undefined)

const anthropicError = ({ code, message, param }: Refusal) => ({
  type: 'error',
  error: {
    type: ERRORS[code].anthropic,
    // There is no other place for the field or header at fault.
    message: param === null || message.includes(param) ? message : `${param}: ${message}`,
    ...(code === 'invalid_request' && param === 'thread' ? { details: WITHOUT_THREAD } : {}),
  },
})

/** How Anthropic says that a request cannot be one of a thread: its SDK's tool runner then sends the whole conversation. */
const WITHOUT_THREAD = { error_code: 'thread_unsupported_request', unsupported: ['thread'] }

/** Events of Responses are numbered without a gap, whoever wrote those before. */
function sequenceAfter(text: string): number {
  const numbers = [...text.matchAll(/"sequence_number":\s*(\d+)/g)]
  return Number(numbers.at(-1)?.[1] ?? -1) + 1
}
