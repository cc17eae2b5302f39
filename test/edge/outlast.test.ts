/** What is asked of a stream's object, and how it is read along. */
import { describe, expect, it } from 'vitest'
import { enter } from '../../src/authenticate/enter.ts'
import type { StreamJob, StreamOpened } from '../../src/core/streams/types.ts'
import { jobOf, outlast } from '../../src/edge/outlast.ts'
import { openaiErrors } from '../../src/edge/skin-errors.ts'
import type { StreamStore } from '../../src/stores/types.ts'
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

describe('handed over', () => {
  const job = { id: 'strm_1' } as StreamJob
  const start = (opened: Promise<StreamOpened>) => ({ streams: { start: () => opened } as unknown as StreamStore })

  it('is read along', async () => {
    const open = { kind: 'open', status: 200, headers: {}, body: new Blob(['hi']).stream(), isJoined: false } as const
    const reply = await outlast(start(Promise.resolve(open)), job, { 'x-request-id': 'r' }, openaiErrors)
    expect([reply.headers.get('x-sluice-stream'), await reply.text()]).toEqual(['strm_1', 'hi'])
  })

  it('to nobody that can be reached, is to be tried again', async () => {
    const reply = await outlast(start(Promise.reject(new Error('down'))), job, { 'x-request-id': 'r' }, openaiErrors)
    expect([reply.status, reply.headers.get('retry-after')]).toEqual([503, '1'])
  })
})
