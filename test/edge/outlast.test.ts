/** What is asked of a stream's object, and how its answers are told. */
import { describe, expect, it } from 'vitest'
import { enter } from '../../src/authenticate/enter.ts'
import { refusal } from '../../src/core/errors.ts'
import { openedReply } from '../../src/edge/opened-reply.ts'
import { jobOf } from '../../src/edge/outlast.ts'
import { messagesErrors, openaiErrors } from '../../src/edge/skin-errors.ts'
import { isolate } from '../support/worker.ts'

async function begunIn(at: Awaited<ReturnType<typeof isolate>>, text = '{}', path = '/v1/responses') {
  const entry = await enter(at.services, at.guard, { authorization: `Bearer ${at.key}`, apiKey: null })
  if (entry.kind === 'refused') throw new Error(entry.refusal.message)
  const identity = { requestId: 'r', startedAtMs: 1 }
  return { entry, identity, path, alias: null, sent: new Headers(), text, isBase64: false }
}

describe('the job', () => {
  it('has an id of its own, which in the background is that of the response', async () => {
    const at = await isolate()
    const begun = await begunIn(at)
    const plain = await jobOf(at.services, begun, { idempotencyKey: undefined, isBackground: false })
    expect(plain).toMatchObject({
      id: expect.stringMatching(/^strm_[0-9a-f]{32}$/),
      digest: null,
      headingId: null,
      keptMs: null,
    })
    const background = await jobOf(at.services, begun, { idempotencyKey: undefined, isBackground: true })
    expect(background.id).toBe(`resp_${background.headingId}`)
  })

  it('under an idempotency key follows from that key, its tenant, and nothing else', async () => {
    const [at, elsewhere] = [await isolate(), await isolate()]
    const wish = { idempotencyKey: 'k', isBackground: false }
    const one = await jobOf(at.services, await begunIn(at), wish)
    const other = await jobOf(at.services, await begunIn(at, '{"a":1}'), wish)
    expect(other.id).toBe(one.id)
    expect(other.digest).not.toBe(one.digest)
    expect((await jobOf(at.services, await begunIn(at, '{}', '/v1/messages'), wish)).digest).not.toBe(one.digest)
    expect((await jobOf(at.services, await begunIn(at), { ...wish, idempotencyKey: 'l' })).id).not.toBe(one.id)
    expect((await jobOf(elsewhere.services, await begunIn(elsewhere), wish)).id).not.toBe(one.id)
  })
})

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
