/** The endpoints that are passed on, from request to reply: what is asked of whom, and what is kept of each end. */
import { describe, expect, it } from 'vitest'
import { BODIES_IN_FLIGHT_BYTES_MAX, REQUEST_BODY_BYTES_MAX } from '../../src/core/limits.ts'
import { RELAYED } from '../../src/edge/relay.ts'
import { providerError } from '../support/wire.ts'
import { feed, isolate, reading, silence, upstream } from '../support/worker.ts'

const SPEECH = '/v1/audio/speech'
const FORM = { 'content-type': 'multipart/form-data; boundary=b' }
const field = (name: string, value: string): string =>
  `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
const form = (model: string): string => `${field('model', model)}${field('file', 'x')}--b--\r\n`

describe('JSON', () => {
  it.each(RELAYED)('%s is asked for', async (path) => {
    const at = await isolate({ scripts: [upstream('{"id":1}')] })
    const reply = await at.post(`/v1${path}`, { model: 'priced', odd: [1] })
    expect(await reply.text()).toBe('{"id":1}')
    expect(reply.headers.get('content-type')).toBe('application/json')
    expect(reply.headers.get('x-sluice-cache')).toBe('bypass')
    expect(at.calls).toMatchObject([{ operation: 'relay', relay: { path }, body: { model: 'priced', odd: [1] } }])
    expect(await at.rows()).toMatchObject([
      { outcome: 'finished', status: 200, model: 'priced', usage: null, costMicroUsd: null, attempts: 1 },
    ])
  })

  it('streams what comes, and is recorded at its end', async () => {
    const fed = feed({ 'content-type': 'audio/mpeg' })
    const at = await isolate({ scripts: [fed.script] })
    const pending = at.post(SPEECH, { model: 'priced' })
    fed.push('ab')
    const body = reading(await pending)
    expect(await body.next()).toBe('ab')
    fed.push('cd')
    fed.close()
    expect(await body.rest()).toBe('cd')
    expect(await at.rows()).toMatchObject([{ outcome: 'finished', usage: null }])
  })

  it('is asked of the next target where one fails', async () => {
    const at = await isolate({ scripts: [upstream('{}', { status: 429 }), upstream('{}')] })
    const reply = await at.post(SPEECH, { model: 'both' })
    expect([reply.status, reply.headers.get('x-sluice-attempts')]).toEqual([200, '2'])
  })
})

describe('a form', () => {
  it('is handed to its target, and given up when that has answered', async () => {
    const at = await isolate({ scripts: [upstream('{"text":"hi"}')] })
    const reply = await at.post('/v1/audio/transcriptions', form('priced'), FORM)
    expect(await reply.json()).toEqual({ text: 'hi' })
    expect(at.calls).toMatchObject([{ body: { model: 'priced' }, relay: { upload: { model: 'priced' } } }])
    expect(await at.rows()).toMatchObject([{ outcome: 'finished', model: 'priced' }])
  })

  it('goes to one target only, once it has been sent', async () => {
    const at = await isolate()
    at.script(({ relay }) => {
      relay?.upload?.take('m')
      return Promise.reject(new Error('connection lost'))
    }, upstream('{}'))
    const reply = await at.post('/v1/images/edits', form('both'), FORM)
    expect([reply.status, reply.headers.get('x-sluice-attempts')]).toEqual([502, '1'])
    expect(await at.rows()).toMatchObject([{ outcome: 'failed', status: 502, target: 'up/m' }])
  })

  it('holds its memory no longer than it must, however it ends', async () => {
    const at = await isolate({ scripts: [upstream('{}')] })
    const file = field('file', 'x'.repeat(REQUEST_BODY_BYTES_MAX - 1000))
    const send = (model: string) => at.post('/v1/images/edits', `${file}${field('model', model)}--b--\r\n`, FORM)
    const rounds = Math.ceil(BODIES_IN_FLIGHT_BYTES_MAX / REQUEST_BODY_BYTES_MAX) + 1
    for (let round = 0; round < rounds; round += 1) {
      expect(await (await send('priced')).text()).toBe('{}')
      expect((await send('none')).status).toBe(404)
    }
  })
})

describe('what is refused', () => {
  it.each([
    ['text', '{"model":"priced"}', { 'content-type': 'text/plain' }, 415, 'content-type', null],
    ['a form without a boundary', form('priced'), { 'content-type': 'multipart/form-data' }, 415, 'content-type', null],
    ['a header of ours', '{"model":"priced"}', { 'x-sluice-timeout-ms': 'x' }, 400, 'x-sluice-timeout-ms', null],
    ['JSON without a model', '{}', {}, 400, 'model', null],
    ['no JSON', '{', {}, 400, null, null],
    ['a form without a model', field('file', 'x'), FORM, 400, 'model', null],
    ['a form with an empty one', form(''), FORM, 400, 'model', ''],
    ['a form with one that nobody knows', form('none'), FORM, 404, 'model', 'none'],
    ['one that is too long', form('x'.repeat(200)), FORM, 400, 'model', 'x'.repeat(128)],
  ])('%s', async (_what, body, headers, status, param, model) => {
    const at = await isolate()
    const reply = await at.post(SPEECH, body, headers as Record<string, string>)
    expect(reply.status).toBe(status)
    expect(await reply.json()).toMatchObject({ error: { param } })
    expect(at.calls).toEqual([])
    expect(await at.rows()).toMatchObject([{ outcome: 'refused', status, model, attempts: 0 }])
  })

  it('by the upstream is relayed', async () => {
    const at = await isolate({ scripts: [upstream(providerError('No.', { param: 'voice' }), { status: 400 })] })
    const reply = await at.post(SPEECH, { model: 'priced' })
    expect(reply.status).toBe(400)
    expect(await reply.json()).toMatchObject({ error: { code: 'upstream_rejected', param: 'voice' } })
  })
})

it('cancels the upstream of a client that left, before and while it is answered', async () => {
  const at = await isolate({ scripts: [silence] })
  const client = new AbortController()
  const pending = at.post(SPEECH, { model: 'priced' }, {}, client.signal)
  while (at.calls.length === 0) await at.clock.advance(0)
  client.abort()
  expect((await pending).status).toBe(204)
  expect(at.calls[0]?.signal.aborted).toBe(true)
  const fed = feed()
  at.script(fed.script)
  const reply = at.post(SPEECH, { model: 'priced' })
  fed.push('ab')
  await (await reply).body?.cancel()
  fed.push('cd')
  expect(await at.rows()).toMatchObject([
    { outcome: 'cancelled', status: 499, usage: null },
    { outcome: 'cancelled', status: 200, usage: null },
  ])
})

it('takes a client that leaves while sending for one that left', async () => {
  const at = await isolate()
  const body = new ReadableStream({ pull: (controller) => controller.error(new Error('gone')) })
  const headers = { authorization: `Bearer ${at.key}`, ...FORM }
  expect((await at.fetch(SPEECH, { method: 'POST', headers, body })).status).toBe(204)
  expect(await at.rows()).toMatchObject([{ outcome: 'cancelled', status: 499, attempts: 0, model: null }])
})
