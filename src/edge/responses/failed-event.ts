/** The event that ends a Responses stream in failure. No I/O. */
import type { Refusal } from '../../core/errors.ts'
import type { Heading } from '../skin.ts'
import { responseOf } from './response-object.ts'

type Json = Readonly<Record<string, unknown>>

/** One event of a Responses stream, as text. */
export const eventText = (type: string, sequenceNumber: number, fields: Json): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequenceNumber, ...fields })}\n\n`

/**
 * `response.failed`, and nothing may follow it. Where nothing came before (`sequenceNumber` 0) `response.created` does:
 * clients take no stream that begins otherwise.
 */
export function failedEvent(heading: Heading, request: Json, refused: Refusal, sequenceNumber: number): string {
  const error = {
    code: refused.code,
    message: refused.message,
    ...(refused.retryAfterMs === undefined ? {} : { retry_after_ms: refused.retryAfterMs }),
  }
  const of = (status: 'in_progress' | 'failed', more: { error?: Json } = {}) => ({
    response: responseOf(request, heading, { status, output: [], usage: null, ...more }),
  })
  const begin = sequenceNumber === 0 ? eventText('response.created', 0, of('in_progress')) : ''
  return begin + eventText('response.failed', sequenceNumber === 0 ? 1 : sequenceNumber, of('failed', { error }))
}
