/** `Idempotency-Key` from outside: asked again, the same answer; nobody is asked twice for it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ScriptedOrigin } from '../support/scripted-origin.ts'
import { setUp, type TestSluice } from '../support/sluice.ts'
import { chat, DONE, finish, providerError, role, said, text, usage, whole } from '../support/wire.ts'

type Json = Record<string, unknown>

let origin: ScriptedOrigin
let sluice: TestSluice
let key: string
let other: string
/** Lets go of the rest when the test says so. */
let proceed = (): void => {}

beforeAll(async () => {
  origin = await ScriptedOrigin.start()
  origin.on('plain', (call) => call.reply(200, whole('hello')))
  origin.on('refusing', (call) => call.reply(400, providerError('No such thing.')))
  origin.on('held', async (call) => {
    const held = new Promise<void>((resolve) => {
      proceed = resolve
    })
    await call.head(200)
    await call.write(role() + text('before '))
    await Promise.race([held, call.ended])
    await call.end(text('after') + finish() + usage() + DONE)
  })
  const names = ['plain', 'refusing', 'held']
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

describe('Idempotency-Key', () => {
  const ask = (body: Json, idempotencyKey: string, as = key) =>
    sluice.post(as, '/v1/chat/completions', body, { headers: { 'idempotency-key': idempotencyKey } })

  test('the same request again has the same answer, and the upstream was asked once', async () => {
    const calls = origin.calls('plain').length
    const replies = await Promise.all(Array.from({ length: 8 }, () => ask(chat('plain', false), 'whole')))
    replies.push(await ask(chat('plain', false), 'whole'))
    for (const reply of replies) expect([reply.status, reply.body]).toEqual([200, replies[0]?.body])
    expect(origin.calls('plain').length - calls).toBe(1)
    expect(new Set(replies.map(({ headers }) => headers['x-request-id'])).size).toBe(replies.length)
  })

  test('a stream whose client left is found again under its key', async () => {
    const calls = origin.calls('held').length
    const leaving = sluice.begin(key, '/v1/chat/completions', chat('held', true), {
      headers: { 'idempotency-key': 'stream' },
    })
    await leaving.until('before ')
    await leaving.reset()
    const back = sluice.begin(key, '/v1/chat/completions', chat('held', true), {
      headers: { 'idempotency-key': 'stream' },
    })
    await back.until('before ')
    proceed()
    expect(said((await back.reply).body.replace(/^id: .*\n/gm, ''))).toBe('before after')
    expect(origin.calls('held').length - calls).toBe(1)
  })

  test('another body, and another path, are a conflict; another tenant’s key is its own', async () => {
    await ask(chat('plain', false), 'taken')
    const conflict = await ask(chat('plain', false, { temperature: 1 }), 'taken')
    expect(conflict.status).toBe(409)
    expect(conflict.json).toMatchObject({ error: { code: 'idempotency_conflict', param: 'idempotency-key' } })
    const elsewhere = await sluice.post(
      key,
      '/v1/messages',
      { ...chat('plain', false), max_tokens: 9 },
      {
        headers: { 'idempotency-key': 'taken' },
      },
    )
    expect(elsewhere.status).toBe(409)
    expect((await ask(chat('plain', false, { temperature: 1 }), 'taken', other)).status).toBe(200)
  })

  test('a form sent again has another boundary, and is the same', async () => {
    const form = (boundary: string): string =>
      [`--${boundary}`, 'content-disposition: form-data; name="model"', '', 'plain', `--${boundary}--`, ''].join('\r\n')
    const send = (boundary: string) =>
      sluice.post(key, '/v1/audio/transcriptions', form(boundary), {
        headers: { 'content-type': `multipart/form-data; boundary=${boundary}`, 'idempotency-key': 'form' },
      })
    const calls = origin.calls('plain').length
    const [first, again] = [await send('aaaa'), await send('bbbbbb')]
    expect([first.status, again.status, again.body]).toEqual([200, 200, first.body])
    expect(origin.calls('plain').length - calls).toBe(1)
  })

  test('a large reply in one piece is kept byte for byte', async () => {
    const large = whole('x'.repeat(3_000_000))
    origin.on('plain', (call) => call.reply(200, large))
    const replies = [await ask(chat('plain', false), 'large'), await ask(chat('plain', false), 'large')]
    for (const reply of replies) expect([reply.status, reply.body === large]).toEqual([200, true])
    origin.on('plain', (call) => call.reply(200, whole('hello')))
  })

  test('on other endpoints, too: one conversation, one moderation', async () => {
    const twice = (path: string, body: Json) =>
      Promise.all([1, 2].map(() => sluice.post(key, path, body, { headers: { 'idempotency-key': path } })))
    const [one, two] = await twice('/v1/conversations', {})
    expect([one?.status, two?.body]).toEqual([200, one?.body])
    const calls = origin.calls('plain').length
    const [first, second] = await twice('/v1/moderations', { model: 'plain', input: 'x' })
    expect([first?.status, second?.body]).toEqual([200, first?.body])
    expect(origin.calls('plain').length - calls).toBe(1)
  })

  test('what failed may be asked again', async () => {
    const calls = origin.calls('refusing').length
    for (let time = 1; time <= 2; time += 1) {
      expect((await ask(chat('refusing', false), 'failing')).status).toBe(400)
      expect(origin.calls('refusing').length - calls).toBe(time)
    }
  })
})
