/** Requests that an object answers: known by identity, let in as they were, and by nothing that a caller could send. */
import { expect, it } from 'vitest'
import { enter } from '../../src/authenticate/enter.ts'
import type { StreamJob } from '../../src/core/streams/types.ts'
import { jobOf } from '../../src/edge/outlast.ts'
import { requestOf } from '../../src/edge/owned.ts'
import { chat, whole } from '../support/wire.ts'
import { isolate, upstream } from '../support/worker.ts'

async function jobIn(at: Awaited<ReturnType<typeof isolate>>): Promise<StreamJob> {
  const entry = await enter(at.services, at.guard, { authorization: `Bearer ${at.key}`, apiKey: null })
  if (entry.kind === 'refused') throw new Error(entry.refusal.message)
  const identity = { requestId: crypto.randomUUID(), startedAtMs: at.clock.now() }
  const text = JSON.stringify(chat('plain', false))
  const sent = new Headers({
    'content-type': 'application/json',
    authorization: 'Bearer secret',
    cookie: 'a=b',
    'x-sluice-user': 'u',
  })
  const begun = { entry, identity, path: '/v1/chat/completions', alias: 'plain', sent, text, isBase64: false }
  return jobOf(at.services, begun, { idempotencyKey: undefined, isBackground: false })
}

it('is answered by the app without a key, under the id that it came with', async () => {
  const at = await isolate({ scripts: [upstream(whole('hi'))] })
  const job = await jobIn(at)
  expect(job.headers).toEqual({ 'content-type': 'application/json', 'x-sluice-user': 'u' })
  expect(JSON.stringify(job)).not.toContain(at.key)
  const request = await requestOf(at.services, at.owned, JSON.parse(JSON.stringify(job)), new AbortController().signal)
  const reply = await at.app.fetch(request)
  expect([reply.status, reply.headers.get('x-request-id')]).toEqual([200, job.requestId])
  expect(await at.rows()).toMatchObject([{ requestId: job.requestId, outcome: 'finished', key: at.keyId }])
})

it('a request that only looks like it is not let in', async () => {
  const at = await isolate()
  const job = await jobIn(at)
  const request = await requestOf(at.services, at.owned, job, new AbortController().signal)
  const copy = new Request(request.url, request.clone())
  expect((await at.app.fetch(copy)).status).toBe(401)
})

it('what may be called is the tenant’s and the key’s to say, here too', async () => {
  const at = await isolate({ tenant: { models: ['priced'] } })
  const request = await requestOf(at.services, at.owned, await jobIn(at), new AbortController().signal)
  expect((await at.app.fetch(request)).status).toBe(403)
})
