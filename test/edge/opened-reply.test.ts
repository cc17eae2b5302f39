/** How the answers of a stream's object are told to whoever reads it. */
import { describe, expect, it } from 'vitest'
import { refusal } from '../../src/core/errors.ts'
import { openedReply } from '../../src/edge/opened-reply.ts'
import { messagesErrors, openaiErrors } from '../../src/edge/skin-errors.ts'

describe('the answer', () => {
  const body = (): ReadableStream<Uint8Array> => new Blob(['hi']).stream()
  const head = {
    status: 200,
    headers: { 'content-type': 'text/plain', 'x-sluice-target': 'a/b', 'x-ratelimit-limit-requests': '5' },
  }
  const missing = refusal('not_found', 'None.')

  it('is told as it is, with the id of its stream', async () => {
    const opened = { ...head, kind: 'open', body: body(), isJoined: false } as const
    const reply = openedReply(opened, 'strm_1', { 'x-request-id': 'r' }, messagesErrors, missing)
    expect(Object.fromEntries(reply.headers)).toEqual({
      ...head.headers,
      'x-request-id': 'r',
      'request-id': 'r',
      'x-sluice-stream': 'strm_1',
    })
    expect(await reply.text()).toBe('hi')
  })

  it('how limits stood is told to whoever asked, and to nobody later', () => {
    const opened = { ...head, kind: 'open', body: body(), isJoined: true } as const
    const reply = openedReply(opened, 'strm_1', { 'x-request-id': 'r' }, openaiErrors, missing)
    expect(reply.headers.get('x-ratelimit-limit-requests')).toBeNull()
    expect(reply.headers.get('x-sluice-target')).toBe('a/b')
  })

  it.each([
    [null, 404, 'not_found'],
    [{ kind: 'conflict' }, 409, 'idempotency_conflict'],
    [{ kind: 'crowded' }, 503, 'overloaded'],
    [{ kind: 'dead' }, 500, 'internal'],
  ] as const)('%j is %i %s', async (opened, status, code) => {
    const reply = openedReply(opened, 'strm_1', { 'x-request-id': 'r' }, openaiErrors, missing)
    expect([reply.status, (await reply.json<{ error: { code: string } }>()).error.code]).toEqual([status, code])
  })
})
