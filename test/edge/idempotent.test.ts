/** `Idempotency-Key` on what is no inference: let in first, read within bounds, and handed on whole. */
import { expect, it } from 'vitest'
import { REQUEST_BODY_BYTES_MAX } from '../../src/core/limits.ts'
import type { StreamJob } from '../../src/core/streams/types.ts'
import { isolate } from '../support/worker.ts'

const SPEECH = '/v1/audio/transcriptions'
const KEY = { 'idempotency-key': 'k' }

async function noting() {
  const jobs: StreamJob[] = []
  const made = await isolate()
  const streams = {
    ...made.services.streams,
    start: async (job: StreamJob) => {
      jobs.push(job)
      return { kind: 'conflict' } as const
    },
  }
  const at = await isolate({ services: { streams } })
  return { at, jobs }
}

it('hands JSON on as it is, and a form in base64', async () => {
  const { at, jobs } = await noting()
  const reply = await at.post('/v1/moderations', { model: 'plain', input: 'é' }, KEY)
  expect([reply.status, (await reply.json<{ error: { code: string } }>()).error.code]).toEqual([
    409,
    'idempotency_conflict',
  ])
  const bytes = Uint8Array.of(0, 255, 128, 10)
  const headers = {
    authorization: `Bearer ${at.key}`,
    'content-type': 'multipart/form-data; boundary=x',
    'content-length': '4',
  }
  await at.fetch(SPEECH, { method: 'POST', headers: { ...headers, ...KEY }, body: bytes })
  expect(jobs).toMatchObject([
    { path: '/v1/moderations', text: '{"model":"plain","input":"é"}', isBase64: false },
    { path: SPEECH, text: 'AP+ACg==', isBase64: true, headers: { 'content-type': headers['content-type'] } },
  ])
  expect(jobs[0]?.id).toBe(jobs[1]?.id)
  expect(jobs[0]?.digest).not.toBe(jobs[1]?.digest)
})

it.each([
  ['no key of ours', { authorization: 'Bearer nobody' }, 401, 'invalid_api_key'],
  ['a malformed header', { 'idempotency-key': 'é' }, 400, 'invalid_request'],
  ['a form without a length', { 'content-type': 'multipart/form-data; boundary=x' }, 400, 'invalid_request'],
  [
    'one that is too long',
    { 'content-type': 'multipart/form-data; boundary=x', 'content-length': String(REQUEST_BODY_BYTES_MAX + 1) },
    413,
    'request_too_large',
  ],
])('refuses %s', async (_, headers, status, code) => {
  const { at, jobs } = await noting()
  const own = { authorization: `Bearer ${at.key}`, 'content-type': 'application/json', ...KEY, ...headers }
  const body = new ReadableStream({ start: (controller) => controller.close() })
  const reply = await at.fetch(SPEECH, { method: 'POST', headers: own, body })
  expect([reply.status, (await reply.json<{ error: { code: string } }>()).error.code]).toEqual([status, code])
  expect(jobs).toEqual([])
})
