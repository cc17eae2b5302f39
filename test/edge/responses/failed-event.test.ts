/** The end of a stream in failure, for streams that others began too. */
import { describe, expect, it } from 'vitest'
import { refusal } from '../../../src/core/errors.ts'
import { eventText, failedEvent } from '../../../src/edge/responses/failed-event.ts'
import { readEvents } from '../../support/responses-answers.ts'

const heading = { id: 'abc', model: 'alias', createdS: 7 }
const refused = refusal('upstream_timeout', 'It took too long.', { retryAfterMs: 2000 })

describe('failedEvent', () => {
  it('is one event, with the number it is given', () =>
    expect(
      readEvents(failedEvent(heading, { instructions: 'Be brief.' }, refused, { hasBegun: true, sequenceNumber: 12 })),
    ).toEqual([
      {
        type: 'response.failed',
        sequence_number: 12,
        response: expect.objectContaining({
          id: 'resp_abc',
          object: 'response',
          created_at: 7,
          status: 'failed',
          model: 'alias',
          error: { code: 'upstream_timeout', message: 'It took too long.', retry_after_ms: 2000 },
          instructions: 'Be brief.',
          output: [],
          usage: null,
        }),
      },
    ]))

  it('begins the stream where nothing has', () =>
    expect(readEvents(failedEvent(heading, {}, refused, { hasBegun: false, sequenceNumber: 0 }))).toMatchObject([
      { type: 'response.created', sequence_number: 0, response: { status: 'in_progress', error: null } },
      { type: 'response.failed', sequence_number: 1, response: { status: 'failed' } },
    ]))

  it('begins no stream twice, and calls the response what it was called', () =>
    expect(
      readEvents(failedEvent(heading, {}, refused, { hasBegun: true, sequenceNumber: 0, id: 'gen-1' })),
    ).toMatchObject([{ type: 'response.failed', sequence_number: 0, response: { id: 'gen-1', status: 'failed' } }]))

  it('says no time where none is known', () =>
    expect(
      readEvents(failedEvent(heading, {}, refusal('internal', 'Sorry.'), { hasBegun: true, sequenceNumber: 3 })),
    ).toMatchObject([{ response: { error: { code: 'internal', message: 'Sorry.' } } }]))
})

describe('eventText', () => {
  it('is one line of data under its name', () =>
    expect(eventText('response.x', 3, { delta: 'a\nb' })).toBe(
      'event: response.x\ndata: {"type":"response.x","sequence_number":3,"delta":"a\\nb"}\n\n',
    ))
})
