/** CONTRACT §4 at the endpoints that are passed on: what is refused, by whom, and what is kept of it. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { send } from '../support/http-client.ts'
import { eventually, type TestSluice } from '../support/sluice.ts'
import { expectError } from './edge-setup.ts'
import { formOf, type RelayOrigin } from './relay-origin.ts'
import { BOUNDARY, MEGABYTE, postForm, type Relaying, SPEECH, startRelaying, uploading } from './relay-setup.ts'

const file = randomBytes(MEGABYTE)

let relaying: Relaying
let origin: RelayOrigin
let sluice: TestSluice
let key: string

beforeAll(async () => {
  relaying = await startRelaying()
  ;({ origin, sluice, key } = relaying)
})

afterAll(() => relaying?.stop())

const rowOf = (headers: Readonly<Record<string, string>>) => sluice.row('relay', headers['x-request-id'])

describe('what is refused', () => {
  test('models', async () => {
    const none = await sluice.post(key, SPEECH, { model: 'none', input: 'hi' })
    expectError(none, 404, 'model_not_found', 'model')
    expect(await rowOf(none.headers)).toMatchObject({ outcome: 'refused', status: 404 })
    const narrow = sluice.keyOf('narrow').key
    expectError(await sluice.post(narrow, SPEECH, { model: 'good', input: 'hi' }), 403, 'model_not_allowed', 'model')
    expectError(await postForm(relaying, [['model', 'none']]), 404, 'model_not_found', 'model')
    expectError(await sluice.post(key, SPEECH, { model: 'other', input: 'hi' }), 400, 'invalid_request', 'model')
  })

  test('no model, and more than one', async () => {
    expectError(await sluice.post(key, SPEECH, { input: 'hi' }), 400, 'invalid_request', 'model')
    const reply = await postForm(relaying, [['file', file.subarray(0, 1000)]])
    expectError(reply, 400, 'invalid_request', 'model')
    expect(await rowOf(reply.headers)).toMatchObject({ outcome: 'refused', status: 400, attempts: 0, target: null })
    const models = ['good', 'up-secret'].map((model) => ['model', model] as const)
    expectError(await postForm(relaying, models), 400, 'invalid_request', 'model')
  })

  test('a second model that comes late', async () => {
    const index = origin.calls('good').length
    const { outgoing, status, body, write } = uploading(sluice, key)
    await write(formOf(BOUNDARY, [['model', 'good']]).subarray(0, -'--\r\n'.length))
    const call = await origin.call('good', index)
    outgoing.end(`\r\ncontent-disposition: form-data; name="model"\r\n\r\nsecret\r\n--${BOUNDARY}--\r\n`)
    expect([await status, await body]).toEqual([400, expect.stringContaining('more than one')])
    await expect(call.whole).rejects.toThrow()
  })

  test('methods, types, and headers of ours', async () => {
    const headers = { authorization: `Bearer ${key}` }
    for (const at of [SPEECH, '/v1/rerank', '/v1/images/variations']) {
      const reply = await send(`${sluice.url}${at}`, { method: 'GET', headers })
      expectError(reply, 405, 'method_not_allowed')
      expect(reply.headers.allow).toBe('POST')
    }
    const post = (more: Record<string, string>) => sluice.post(key, SPEECH, '{"model":"good"}', { headers: more })
    expectError(await post({ 'content-type': 'text/plain' }), 415, 'unsupported_media_type', 'content-type')
    expectError(await post({ 'x-sluice-timeout-ms': 'soon' }), 400, 'invalid_request', 'x-sluice-timeout-ms')
    expectError(await post({ authorization: 'Bearer slc_x' }), 401, 'invalid_api_key')
  })

  test('bodies over 10 MB: by their length unread', async () => {
    const { outgoing, status } = uploading(sluice, key, { 'content-length': 11 * MEGABYTE })
    outgoing.flushHeaders()
    expect(await status).toBe(413)
    outgoing.destroy()
  })

  // Who still sends when the connection is closed may lose the answer to the reset that follows; the row is kept.
  test('bodies over 10 MB of unknown length: when there is too much', async () => {
    const index = origin.calls('good').length
    const { outgoing, write } = uploading(sluice, sluice.keyOf('leaving').key)
    const large = formOf(BOUNDARY, [
      ['model', 'good'],
      ['file', Buffer.alloc(11 * MEGABYTE)],
    ])
    void write(large)
    const row = await eventually('its row', 10_000, async () => (await sluice.rows('leaving'))[0])
    expect(row).toMatchObject({ outcome: 'refused', status: 413, attempts: 1, usage: null })
    await expect((await origin.call('good', index)).whole).rejects.toThrow()
    outgoing.destroy()
  })

  test('by the upstream: relayed, or 502', async () => {
    const rejected = await postForm(relaying, [['model', 'rejecting']])
    expectError(rejected, 400, 'upstream_rejected', 'voice')
    expect(await rowOf(rejected.headers)).toMatchObject({ outcome: 'refused', status: 400, attempts: 1 })
    const failed = await sluice.post(key, SPEECH, { model: 'failing', input: 'hi' })
    expectError(failed, 502, 'upstream_failed')
    expect(await rowOf(failed.headers)).toMatchObject({ outcome: 'failed', status: 502, attempts: 1 })
    const early = await postForm(relaying, [
      ['model', 'early'],
      ['file', file],
    ])
    expectError(early, 422, 'upstream_rejected')
  })

  test('in time', async () => {
    const reply = await postForm(
      relaying,
      [
        ['model', 'silent'],
        ['file', file.subarray(0, 1000)],
      ],
      { 'x-sluice-timeout-ms': '300' },
    )
    expectError(reply, 504, 'upstream_timeout')
  })
})

describe('a target that fails', () => {
  test('is followed by the next where the request is JSON', async () => {
    const reply = await sluice.post(key, '/v1/moderations', { model: 'fallback', input: 'hi' })
    expect([reply.status, reply.headers['x-sluice-target']]).toEqual([200, 'good/up'])
  })

  test('is the only one where it is a form, which comes once', async () => {
    const reply = await postForm(relaying, [['model', 'fallback']])
    expectError(reply, 502, 'upstream_failed')
    expect(reply.headers['x-sluice-attempts']).toBe('1')
  })
})
