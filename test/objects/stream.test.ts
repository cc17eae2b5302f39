/** The object of a stream: stores nothing unasked, runs once, and what is over stays as it was. */
import { env, runInDurableObject } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { enter } from '../../src/authenticate/enter.ts'
import type { StreamJob } from '../../src/core/streams/types.ts'
import { jobOf } from '../../src/edge/outlast.ts'
import { schemaVersion } from '../../src/objects/sql.ts'
import { eventuallyTrue } from '../support/eventually.ts'
import { isolate } from '../support/worker.ts'

const stubOf = (id: string) => env.STREAM.get(env.STREAM.idFromName(id))

async function jobIn(more: Partial<StreamJob> = {}): Promise<StreamJob> {
  const at = await isolate()
  const entry = await enter(at.services, at.guard, { authorization: `Bearer ${at.key}`, apiKey: null })
  if (entry.kind === 'refused') throw new Error(entry.refusal.message)
  const identity = { requestId: crypto.randomUUID(), startedAtMs: Date.now() }
  const text = JSON.stringify({ model: 'nobody-knows-it', messages: [{ role: 'user', content: 'hi' }] })
  const sent = new Headers({ 'content-type': 'application/json' })
  const begun = { entry, identity, path: '/v1/chat/completions', alias: 'x', sent, text, isBase64: false }
  return { ...(await jobOf(at.services, begun, { idempotencyKey: undefined, isBackground: false })), ...more }
}

it('stores nothing, whatever it is asked', async () => {
  const stub = stubOf('unasked')
  expect(await stub.state()).toBeNull()
  expect(await stub.read(-1)).toBeNull()
  expect(await stub.cancel()).toBeNull()
  await runInDurableObject(stub, (_, { storage }) => expect(schemaVersion(storage.sql)).toBe(0))
})

it('answers with what its app answers, and again', async () => {
  const job = await jobIn()
  const stub = stubOf(job.id)
  const opened = await stub.start(JSON.stringify(job), 'r')
  if (opened.kind !== 'open') throw new Error(opened.kind)
  expect([opened.status, opened.isJoined]).toEqual([404, false])
  expect(await new Response(opened.body).text()).toContain('model_not_found')
  await eventuallyTrue(async () => (await stub.state())?.status === 'failed')
  const again = await stub.start(JSON.stringify(job), 'r')
  if (again.kind !== 'open') throw new Error(again.kind)
  expect(again.isJoined).toBe(true)
  expect(await new Response(again.body).text()).toContain('model_not_found')
  expect((await stub.cancel())?.status).toBe('failed')
})

it('another request under its key is a conflict; what failed may be asked again', async () => {
  const job = await jobIn({ digest: 'one', keptMs: 1000 })
  const stub = stubOf(job.id)
  expect(await stub.launch(JSON.stringify(job))).toBe(true)
  expect(await stub.launch(JSON.stringify({ ...job, digest: 'two' }))).toBe(false)
  expect(await stub.start(JSON.stringify({ ...job, digest: 'two' }), 'r')).toEqual({ kind: 'conflict' })
  await eventuallyTrue(async () => (await stub.state())?.status === 'failed')
  const again = await stub.start(JSON.stringify(job), 'r')
  expect(again.kind === 'open' && again.isJoined).toBe(false)
})

it('forgets everything', async () => {
  const job = await jobIn()
  const stub = stubOf(job.id)
  await stub.start(JSON.stringify(job), 'r')
  await stub.erase()
  expect(await stub.state()).toBeNull()
  await runInDurableObject(stub, (_, { storage }) => expect(schemaVersion(storage.sql)).toBe(0))
})
