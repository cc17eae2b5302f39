/** Streams that outlive their connection: cut anywhere, read on from there, by anybody of the tenant and nobody else. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { begin, pick, send } from '../support/http-client.ts'
import { type Call, ScriptedOrigin } from '../support/scripted-origin.ts'
import { eventually, setUp, type TestSluice } from '../support/sluice.ts'
import { chat, DONE, finish, providerError, role, text, usage, whole } from '../support/wire.ts'

const EVENTS = 300
const CUTS = 100
const word = (index: number): string => `w${index} é世 `
const ALL = Array.from({ length: EVENTS }, (_, index) => word(index)).join('')

let origin: ScriptedOrigin
let sluice: TestSluice
let key: string
let other: string

/** 300 words, with a moment between some of them. */
const words =
  (pauseMs: number, every = 10) =>
  async (call: Call): Promise<void> => {
    await call.head(200)
    await call.write(role())
    for (let index = 0; index < EVENTS; index += 1) {
      await call.write(text(word(index)))
      if (index % every === 0) await sleep(pauseMs)
    }
    await call.end(finish() + usage() + DONE)
  }

beforeAll(async () => {
  origin = await ScriptedOrigin.start()
  origin.on('fast', words(1)).on('slow', words(20))
  origin.on('plain', (call) => call.reply(200, whole('hello')))
  origin.on('broken', async (call) => {
    await call.head(200)
    await call.write(role() + text('half '))
    call.reset()
  })
  origin.on('refusing', (call) => call.reply(400, providerError('No such thing.')))
  origin.on('held', async (call) => {
    await call.head(200)
    await call.write(role() + text('before '))
  })
  const names = ['fast', 'slow', 'plain', 'broken', 'refusing', 'held']
  sluice = await setUp({
    config: {
      providers: Object.fromEntries(names.map((name) => [name, { protocol: 'openai', baseUrl: origin.url(name) }])),
      models: Object.fromEntries(
        names.map((name) => [name, { targets: [{ provider: name, model: 'm' }], retries: 0 }]),
      ),
    },
    tenants: [{ id: 'app' }, { id: 'other' }],
  })
  key = sluice.keyOf('app').key
  other = sluice.keyOf('other').key
})

afterAll(async () => {
  await sluice?.stop()
  await origin?.close()
})

type Json = Record<string, unknown>
const detach = { headers: { 'x-sluice-on-disconnect': 'detach' } }

const skins: Readonly<
  Record<string, { path: string; body(model: string, stream?: boolean): Json; textOf(data: Json): string }>
> = {
  chat: {
    path: '/v1/chat/completions',
    body: (model, stream = true) => chat(model, stream),
    textOf: (data) => String(pick(data, 'choices', 0, 'delta', 'content') ?? ''),
  },
  messages: {
    path: '/v1/messages',
    body: (model, stream = true) => ({ ...chat(model, stream), max_tokens: 1000 }),
    textOf: (data) => (data.type === 'content_block_delta' ? String(pick(data, 'delta', 'text') ?? '') : ''),
  },
  responses: {
    path: '/v1/responses',
    body: (model, stream = true) => ({ model, input: 'Say hello.', store: false, ...(stream ? { stream } : {}) }),
    textOf: (data) => (data.type === 'response.output_text.delta' ? String(data.delta) : ''),
  },
}

/** The text of whole events, and the id of the last of them. */
function read(skin: string, body: string): { text: string; last: string | undefined; count: number } {
  const blocks = body.split('\n\n').slice(0, -1)
  let [said, last, count] = ['', undefined as string | undefined, 0]
  for (const block of blocks) {
    const id = /^id: (.*)$/m.exec(block)?.[1]
    const data = /^data: (\{.*)$/m.exec(block)?.[1]
    if (id !== undefined) last = id
    if (id !== undefined) count += 1
    if (data !== undefined) said += skins[skin]?.textOf(JSON.parse(data) as Json) ?? ''
  }
  return { text: said, last, count }
}

const get = (path: string, headers: Record<string, string> = {}, as = key) =>
  send(`${sluice.url}${path}`, { headers: { authorization: `Bearer ${as}`, ...headers } })
const resume = (id: string, last: string | undefined) =>
  get(`/v1/streams/${id}`, last === undefined ? {} : { 'last-event-id': last })
const stateOf = async (id: string) => (await get(`/v1/streams/${id}`, { accept: 'application/json' })).json

describe.each(Object.keys(skins))('%s', (name) => {
  const skin = skins[name] as (typeof skins)[string]

  test('cut at every event, and at 100 other bytes: what was read and what is read on make the whole', async () => {
    const first = await sluice.post(key, skin.path, skin.body('fast'), detach)
    expect(first.status).toBe(200)
    const id = first.headers['x-sluice-stream'] ?? ''
    expect(id).toMatch(/^strm_[0-9a-f]{32}$/)
    const full = read(name, first.body)
    expect(full.text).toBe(ALL)
    const ids = [...first.body.matchAll(/^id: (.*)$/gm)].map((match) => match[1])
    expect(ids).toEqual(ids.map((_, index) => `${id}:${index}`))

    const bytes = first.bytes
    const boundaries = [...first.body.matchAll(/\n\n/g)].map(({ index }) =>
      Buffer.byteLength(first.body.slice(0, index + 2)),
    )
    const others = Array.from({ length: CUTS }, (_, index) => Math.floor(((index + 0.37) * bytes.length) / CUTS))
    for (const cut of [0, ...boundaries, ...others]) {
      // A character may be cut in two: what is whole is what a client has read.
      const before = bytes.subarray(0, cut)
      const end = before.lastIndexOf('\n\n')
      const had = read(name, end === -1 ? '' : before.subarray(0, end + 2).toString())
      const rest = await resume(id, had.last)
      const more = read(name, rest.body)
      expect(had.text + more.text).toBe(ALL)
      expect(had.count + more.count).toBe(full.count)
    }
  })

  test('cut while it is made: the upstream goes on, and the rest is read live', async () => {
    for (const cut of [1, 40, 150, 299]) {
      const calls = origin.calls('slow').length
      const leaving = sluice.begin(key, skin.path, skin.body('slow'), detach)
      const { headers } = await leaving.head
      const had = read(name, cutAtEvent(await leaving.until(word(cut).trimEnd())))
      await leaving.reset()
      const rest = await resume(headers['x-sluice-stream'] ?? '', had.last)
      expect(had.text + read(name, rest.body).text).toBe(ALL)
      expect((await origin.calls('slow')[calls]?.ended)?.answered).toBe(true)
    }
  })

  test('an answer in one piece is kept as it is, and so is a refusal', async () => {
    const reply = await sluice.post(key, skin.path, skin.body('plain', false), detach)
    expect(reply.status).toBe(200)
    const again = await resume(reply.headers['x-sluice-stream'] ?? '', undefined)
    expect(again.body).toBe(reply.body)
    expect(again.headers['content-type']).toBe(reply.headers['content-type'])
    const refused = await sluice.post(key, skin.path, skin.body('refusing'), detach)
    expect(refused.status).toBe(400)
    expect(refused.body).toContain('No such thing.')
    expect(await stateOf(refused.headers['x-sluice-stream'] ?? '')).toMatchObject({ status: 'failed' })
  })

  test('an upstream that breaks: everybody gets the error frame, last and once', async () => {
    const reply = await sluice.post(key, skin.path, skin.body('broken'), detach)
    expect(read(name, reply.body).text).toBe('half ')
    const again = await resume(reply.headers['x-sluice-stream'] ?? '', undefined)
    expect(again.body).toBe(reply.body)
    expect(again.body.match(/failed in the middle of its answer/g)).toHaveLength(1)
    expect(again.body).not.toContain('[DONE]')
    expect(await stateOf(reply.headers['x-sluice-stream'] ?? '')).toMatchObject({ status: 'failed' })
  })

  test('cancelled: the upstream is left at once, and readers are told', async () => {
    const calls = origin.calls('held').length
    const reading = sluice.begin(key, skin.path, skin.body('held'), detach)
    const id = (await reading.head).headers['x-sluice-stream'] ?? ''
    await reading.until('before ')
    const cancelled = await sluice.post(key, `/v1/streams/${id}/cancel`, {})
    expect(cancelled.json).toMatchObject({ id, object: 'stream', status: 'cancelled' })
    expect((await origin.calls('held')[calls]?.ended)?.answered).toBe(false)
    const reply = await reading.reply
    expect(reply.complete).toBe(true)
    expect(reply.body).toContain('This stream was cancelled')
    expect((await resume(id, undefined)).body).toBe(reply.body)
    expect((await sluice.post(key, `/v1/streams/${id}/cancel`, {})).json).toMatchObject({ status: 'cancelled' })
    const row = await eventually('the row', 5000, async () =>
      (await sluice.rows('app')).find(({ model, outcome }) => model === 'held' && outcome === 'cancelled'),
    )
    expect(row.usage?.outputTokens).toBeGreaterThan(0)
  })
})

/** Only what is whole counts as read. */
const cutAtEvent = (body: string): string => body.slice(0, body.lastIndexOf('\n\n') + 2)

test('twenty readers, each at their own pace, all get all; the upstream waits for none', async () => {
  const calls = origin.calls('slow').length
  const first = sluice.begin(key, '/v1/chat/completions', chat('slow', true), detach)
  const id = (await first.head).headers['x-sluice-stream'] ?? ''
  const readers = Array.from({ length: 20 }, async (_, index) => {
    const reading = begin(`${sluice.url}/v1/streams/${id}`, { headers: { authorization: `Bearer ${key}` } })
    await reading.head
    if (index % 3 === 0) {
      const socket = await reading.socket
      socket.pause()
      await origin.calls('slow')[calls]?.ended
      socket.resume()
    }
    return (await reading.reply).body
  })
  const whole = (await first.reply).body
  for (const body of await Promise.all(readers)) expect(body).toBe(whole)
  expect(read('chat', whole).text).toBe(ALL)
})

test('nobody else reads it, or stops it; and what is asked wrongly is told', async () => {
  const reply = await sluice.post(key, '/v1/chat/completions', chat('plain', false), detach)
  const id = reply.headers['x-sluice-stream'] ?? ''
  for (const path of [`/v1/streams/${id}`, `/v1/streams/strm_${'0'.repeat(32)}`]) {
    const foreign = await get(path, {}, other)
    expect(foreign.status).toBe(404)
    expect(foreign.json).toMatchObject({ error: { code: 'not_found' } })
  }
  expect((await sluice.post(other, `/v1/streams/${id}/cancel`, {})).status).toBe(404)
  expect((await get(`/v1/streams/${id}`, {}, 'slc_app_nonsense')).status).toBe(401)
  for (const [query, headers, param] of [
    ['?starting_after=x', {}, 'starting_after'],
    ['', { 'last-event-id': 'strm_other:3' }, 'last-event-id'],
    ['?starting_after=-1', {}, 'starting_after'],
  ] as const) {
    const bad = await get(`/v1/streams/${id}${query}`, headers)
    expect(bad.status).toBe(400)
    expect(pick(bad.json, 'error', 'param')).toBe(param)
  }
  const wrongMethod = await sluice.post(key, `/v1/streams/${id}`, {})
  expect([wrongMethod.status, wrongMethod.headers.allow]).toEqual([405, 'GET, HEAD'])
})
