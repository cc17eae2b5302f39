/** The event that ends a Responses stream in failure. No I/O. */
import type { Refusal } from '../../core/errors.ts'
import type { Heading } from '../skin.ts'
import { responseOf } from './response-object.ts'

type Json = Readonly<Record<string, unknown>>

/** One event of a Responses stream, as text. */
export const eventText = (type: string, sequenceNumber: number, fields: Json): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequenceNumber, ...fields })}\n\n`

/** How far a stream had come when it failed. */
export interface Reached {
  /** Was the client told of the response? Not every upstream numbers its events. */
  readonly hasBegun: boolean
  /** Number of the next event. */
  readonly sequenceNumber: number
  /** What an upstream calls the response, whole: clients refuse another. */
  readonly id?: string | undefined
}

/**
 * `response.failed`, and nothing may follow it. Where nothing came before `response.created` does: clients take no
 * stream that begins otherwise, nor one that begins twice.
 */
export function failedEvent(heading: Heading, request: Json, refused: Refusal, reached: Reached): string {
  const { hasBegun, sequenceNumber, id } = reached
  const error = {
    code: refused.code,
    message: refused.message,
    ...(refused.retryAfterMs === undefined ? {} : { retry_after_ms: refused.retryAfterMs }),
  }
  const of = (status: 'in_progress' | 'failed', more: { error?: Json } = {}) => ({
    response: {
      ...responseOf(request, heading, { status, output: [], usage: null, ...more }),
      ...(id === undefined ? {} : { id }),
    },
  })
  const begin = hasBegun ? '' : eventText('response.created', sequenceNumber, of('in_progress'))
  return begin + eventText('response.failed', sequenceNumber + (hasBegun ? 0 : 1), of('failed', { error }))
}
