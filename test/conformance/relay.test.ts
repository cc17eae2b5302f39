/** CONTRACT §4 at the endpoints that are passed on: JSON and forms in, whatever the upstream says out, as it comes. */
import { randomBytes } from 'node:crypto'
import OpenAI, { toFile } from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { begin } from '../support/http-client.ts'
import { eventually, type TestSluice } from '../support/sluice.ts'
import { formOf, type RelayOrigin } from './relay-origin.ts'
import { audio, BOUNDARY, FORM, MEGABYTE, type Relaying, SPEECH, startRelaying, uploading } from './relay-setup.ts'

const file = randomBytes(5 * MEGABYTE)

let relaying: Relaying
let origin: RelayOrigin
let sluice: TestSluice
let key: string
let openai: OpenAI

beforeAll(async () => {
  relaying = await startRelaying()
  ;({ origin, sluice, key } = relaying)
  openai = new OpenAI({ apiKey: key, baseURL: `${sluice.url}/v1`, maxRetries: 0 })
})

afterAll(() => relaying?.stop())

const rowOf = (headers: Readonly<Record<string, string>>) => sluice.row('relay', headers['x-request-id'])

describe('the OpenAI SDK', () => {
  test('moderations', async () => {
    const { data, response } = await openai.moderations.create({ model: 'good', input: 'hi' }).withResponse()
    expect(data).toMatchObject({ id: 'modr-1', results: [] })
    const [call] = origin.calls('good').slice(-1)
    expect(JSON.parse(String(call?.body()))).toEqual({ model: 'up', input: 'hi' })
    expect(call?.headers).toMatchObject({ authorization: 'Bearer sk-upstream', accept: '*/*' })
    expect(await rowOf(Object.fromEntries(response.headers))).toMatchObject({
      outcome: 'finished',
      target: 'good/up',
      model: 'good',
      cache: 'bypass',
      attempts: 1,
      usage: null,
      costMicroUsd: null,
    })
    expect(response.headers.get('x-sluice-target')).toBe('good/up')
    expect(response.headers.get('x-sluice-cache')).toBe('bypass')
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(response.headers.get('x-ratelimit-limit-requests')).toBe('10000')
  })

  test('speech', async () => {
    const reply = await openai.audio.speech.create({ model: 'good', voice: 'alloy', input: 'hi' })
    expect(Buffer.from(await reply.arrayBuffer()).equals(audio)).toBe(true)
    expect(reply.headers.get('content-type')).toBe('audio/mpeg')
    expect(reply.headers.get('content-length')).toBe(String(MEGABYTE))
    expect(reply.headers.get('content-disposition')).toBe('inline')
    expect(reply.headers.get('set-cookie')).toBeNull()
  })

  test.each(['model first', 'file first'])('transcriptions, %s', async (order) => {
    const upload = await toFile(file.subarray(0, 300_000), 'a.wav')
    const fields = order === 'model first' ? { model: 'good', file: upload } : { file: upload, model: 'good' }
    const { text } = await openai.audio.transcriptions.create({ ...fields, language: 'en' })
    const [call] = origin.calls('good').slice(-1)
    const body = (await call?.whole) ?? Buffer.alloc(0)
    expect(text).toBe(`heard ${body.length} bytes`)
    const sent = await new Response(new Uint8Array(body), {
      headers: { 'content-type': String(call?.headers['content-type']) },
    }).formData()
    expect([sent.get('model'), sent.get('language')]).toEqual(['up', 'en'])
    const arrived = Buffer.from(await (sent.get('file') as File).arrayBuffer())
    expect(arrived.equals(file.subarray(0, 300_000))).toBe(true)
  })

  test('images, and what they cost', async () => {
    const { data, response } = await openai.images.generate({ model: 'priced', prompt: 'a dog' }).withResponse()
    expect(data.data?.[0]?.b64_json).toBe(audio.toString('base64'))
    expect(await rowOf(Object.fromEntries(response.headers))).toMatchObject({
      usage: { inputTokens: 50, outputTokens: 1000, source: 'provider' },
      costMicroUsd: 50 * 5 + 1000 * 40,
    })
    const image = await toFile(file.subarray(0, 1000), 'a.png', { type: 'image/png' })
    const edited = await openai.images.edit({ image, prompt: 'a cat', model: 'priced' })
    expect(edited.data).toHaveLength(1)
    expect(origin.calls('good').at(-1)?.path).toBe('/v1/images/edits')
  })

  test('an error', async () => {
    const asked = openai.audio.speech.create({ model: 'rejecting', voice: 'none', input: 'hi' })
    await expect(asked).rejects.toMatchObject({ status: 400, code: 'upstream_rejected', param: 'voice' })
  })
})

describe('bytes', () => {
  const fields = [
    ['model', 'good'],
    ['file', file],
  ] as const
  const whole = formOf(BOUNDARY, fields)
  const expected = formOf(BOUNDARY, [['model', 'up'], fields[1]])

  test.each([
    ['of a known length', { 'content-length': whole.length }, { 'content-length': String(expected.length) }],
    ['of an unknown one', {}, { 'transfer-encoding': 'chunked' }],
  ])('of 5 MB up, %s: the first are there before the last are sent', async (_what, sent, seen) => {
    const index = origin.calls('good').length
    const { outgoing, status, write } = uploading(sluice, key, sent)
    await write(whole.subarray(0, 2 * MEGABYTE))
    const call = await origin.call('good', index)
    await call.came(MEGABYTE)
    expect(call.headers).toMatchObject({ 'content-type': FORM, ...seen })
    outgoing.end(whole.subarray(2 * MEGABYTE))
    expect((await call.whole).equals(expected)).toBe(true)
    expect(await status).toBe(200)
  })

  test('of 1 MB down: the first are there before the last are sent', async () => {
    const exchange = begin(`${sluice.url}${SPEECH}`, {
      headers: { authorization: `Bearer ${key}` },
      body: { model: 'slow', input: 'hi' },
    })
    const call = await origin.call('slow', 0)
    await exchange.head
    await eventually('the first bytes', 5000, async () => (exchange.soFar() === '' ? undefined : true))
    call.response.end(audio.subarray(1000))
    const reply = await exchange.reply
    expect(reply.bytes.equals(audio)).toBe(true)
    expect(reply.complete).toBe(true)
    expect(await rowOf(reply.headers)).toMatchObject({ outcome: 'finished', status: 200, usage: null })
  })

  test('that break off on their way down are cut, where nothing can be said', async () => {
    const reply = await sluice.post(key, SPEECH, { model: 'cut', input: 'hi' })
    expect([reply.status, reply.body, reply.complete]).toEqual([200, 'begun', false])
    expect(await rowOf(reply.headers)).toMatchObject({ outcome: 'broken', target: 'cut/up' })
  })

  test('of events that break off end in an error event', async () => {
    const reply = await sluice.post(key, SPEECH, { model: 'events', input: 'hi' })
    const [first, frame] = reply.body.split('\n\n')
    expect([reply.complete, first]).toEqual([true, 'begun'])
    expect(JSON.parse(String(frame?.replace('data: ', '')))).toMatchObject({ error: { code: 'upstream_failed' } })
  })
})

describe('a client that resets', () => {
  test('while it is answered', async () => {
    const index = origin.calls('slow').length
    const exchange = begin(`${sluice.url}${SPEECH}`, {
      headers: { authorization: `Bearer ${key}` },
      body: { model: 'slow', input: 'hi' },
    })
    const { headers } = await exchange.head
    const call = await origin.call('slow', index)
    await exchange.reset()
    expect(await call.ended).toBe(false)
    expect(await rowOf(headers)).toMatchObject({ outcome: 'cancelled', attempts: 1, usage: null, costMicroUsd: null })
  })

  test.each([
    ['resets', { 'content-length': 5 * MEGABYTE }],
    ['closes', {}],
  ])('or %s while it uploads', async (how, headers) => {
    const tenant = sluice.keyOf(how === 'resets' ? 'leaving' : 'narrow')
    const index = origin.calls('good').length
    const { outgoing, write } = uploading(sluice, tenant.key, headers)
    await write(formOf(BOUNDARY, [['model', 'priced']]).subarray(0, -'--\r\n'.length))
    const call = await origin.call('good', index)
    if (how === 'resets') outgoing.socket?.resetAndDestroy()
    else outgoing.destroy()
    await expect(call.whole).rejects.toThrow()
    const rows = () => sluice.rows(how === 'resets' ? 'leaving' : 'narrow')
    const row = await eventually('its row', 2000, async () => (await rows())[0])
    expect(row).toMatchObject({ outcome: 'cancelled', status: 499, target: 'good/up', attempts: 1 })
  })
})
