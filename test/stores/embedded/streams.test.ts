/** Streams over their objects: every call reaches the one that its id names, of its tenant alone. */
import { env } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { enter } from '../../../src/authenticate/enter.ts'
import { jobOf } from '../../../src/edge/outlast.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { createStreams } from '../../../src/stores/embedded/streams.ts'
import { eventuallyTrue } from '../../support/eventually.ts'
import { isolate } from '../../support/worker.ts'

const streams = createStreams(env.STREAM as unknown as DurableObjectNamespace, { clock: systemClock, random: () => 0 })

it('starts, reads, tells and stops', async () => {
  const at = await isolate()
  const entry = await enter(at.services, at.guard, { authorization: `Bearer ${at.key}`, apiKey: null })
  if (entry.kind === 'refused') throw new Error(entry.refusal.message)
  const identity = { requestId: crypto.randomUUID(), startedAtMs: Date.now() }
  const sent = new Headers({ 'content-type': 'application/json' })
  const begun = { entry, identity, path: '/v1/chat/completions', alias: null, sent, text: '{}', isBase64: false }
  const job = await jobOf(at.services, begun, { idempotencyKey: undefined, isBackground: false })
  expect(await streams.state(at.place, job.id)).toBeNull()
  const opened = await streams.start(job, 'r')
  expect(opened.kind === 'open' && opened.status).toBe(400)
  await eventuallyTrue(async () => (await streams.state(at.place, job.id))?.status === 'failed')
  const again = await streams.read(at.place, job.id, -1)
  if (again?.kind !== 'open') throw new Error(String(again?.kind))
  expect(await new Response(again.body).text()).toContain('invalid_request')
  expect(await streams.launch(job)).toBe(true)
  expect(await streams.cancel(at.place, job.id)).toMatchObject({ status: 'failed' })
  expect(await streams.read({ ...at.place, generation: 'other' }, job.id, -1)).toBeNull()
})
