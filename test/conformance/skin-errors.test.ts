/** CONTRACT.md §4 "Errors" in the words of each skin: whatever is refused, its clients understand why. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { begin, type Outgoing, type Reply } from '../support/http-client.ts'
import { ScriptedOrigin } from '../support/scripted-origin.ts'
import { errorOf } from '../support/skin-error-readers.ts'
import { type Json, PATHS, type SkinName } from '../support/skin-readers.ts'
import { setUp, type TestSluice } from '../support/sluice.ts'
import { answerChat } from './answering-origin.ts'

const TENANT = 'errors'
const BODY_BYTES_MAX = 10_000_000
const SKINS: readonly SkinName[] = ['chat', 'messages', 'responses']
const BODIES: Readonly<Record<SkinName, Json>> = {
  chat: { model: 'free', messages: [{ role: 'user', content: 'hi' }] },
  messages: { model: 'free', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] },
  responses: { model: 'free', input: 'hi' },
}
/** Cannot be read in each skin's form: of no type that it takes. */
const MISSHAPEN: Readonly<Record<SkinName, readonly [Json, string]>> = {
  chat: [{ messages: 'hi' }, 'messages'],
  messages: [{ max_tokens: 'many' }, 'max_tokens'],
  responses: [{ input: 7 }, 'input'],
}
/** What the only target cannot be asked. */
const UNSAYABLE: Readonly<Partial<Record<SkinName, readonly [Json, string]>>> = {
  messages: [{ tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, 'tools[0].type'],
  responses: [{ tools: [{ type: 'web_search' }] }, 'tools[0].type'],
}
/** Below a path that there is. */
const UNKNOWN: readonly (readonly [SkinName, string])[] = [
  ['chat', '/v1/chat/completions/nothing'],
  ['messages', '/v1/messages/nothing'],
  ['messages', '/v1/messages/count_tokens/nothing'],
  ['messages', '/v1/messages/'],
  ['responses', '/v1/responses/compact/nothing'],
  ['chat', '/v1/messagesnothing'],
  ['chat', '/v1/nothing'],
]

/** What each code is called in each skin. */
const ANTHROPIC_TYPES: Readonly<Record<string, string>> = {
  model_not_found: 'not_found_error',
  not_found: 'not_found_error',
  request_too_large: 'request_too_large',
}
const OPENAI_TYPES: Readonly<Record<string, string>> = {
  invalid_api_key: 'authentication_error',
  model_not_allowed: 'permission_error',
  rate_limit_exceeded: 'rate_limit_error',
}

let origin: ScriptedOrigin
let sluice: TestSluice

beforeAll(async () => {
  origin = await ScriptedOrigin.start()
  origin.on('chat', answerChat)
  const model = { targets: [{ provider: 'chat', model: 'm' }] }
  sluice = await setUp({
    config: {
      providers: { chat: { protocol: 'openai', baseUrl: origin.url('chat') } },
      models: { free: model, 'limited-chat': model, 'limited-messages': model, 'limited-responses': model },
      limits: SKINS.map((skin) => ({
        name: `one-${skin}`,
        of: 'requests' as const,
        amount: 1,
        perSeconds: 3600,
        scope: 'tenant' as const,
        model: `limited-${skin}`,
      })),
    },
    tenants: [{ id: TENANT }, { id: 'narrow', models: ['limited-*'] }],
  })
})

afterAll(async () => {
  await sluice?.stop()
  await origin?.close()
})

/** Checks a refusal in the words of its skin; its status and type are those of its code. */
function expectRefusal(skin: SkinName, reply: Reply, status: number, code: string): void {
  expect(reply.status, reply.body).toBe(status)
  expect(reply.complete).toBe(true)
  expect(reply.headers['content-type']).toMatch(/^application\/json/)
  const error = errorOf(skin, reply)
  const openai = OPENAI_TYPES[code] ?? 'invalid_request_error'
  expect(error.type).toBe(skin === 'messages' ? (ANTHROPIC_TYPES[code] ?? openai) : openai)
  expect(error.code).toBe(skin === 'messages' ? undefined : code)
  expect(error.message).not.toBe('')
  // Anthropic's clients look for this one; nobody else is sent it.
  expect(reply.headers['request-id']).toBe(skin === 'messages' ? reply.headers['x-request-id'] : undefined)
}

const post = (skin: SkinName, body: unknown, outgoing: Outgoing = {}): Promise<Reply> =>
  sluice.post(sluice.keyOf(TENANT).key, PATHS[skin], body, outgoing)
/** A stream that never began is refused as a whole reply is. */
const BOTH = SKINS.flatMap((skin) => [false, true].map((stream) => ({ skin, stream })))

describe('a path that there is not', () => {
  test.each(UNKNOWN)('is a 404 of %s: %s', async (skin, path) => {
    const { key } = sluice.keyOf(TENANT)
    expectRefusal(skin, await sluice.post(key, path, BODIES[skin]), 404, 'not_found')
    expectRefusal(skin, await sluice.post(key, path, undefined, { method: 'GET' }), 404, 'not_found')
  })
})

describe.each(SKINS)('%s', (skin) => {
  test('405, with the method that it takes', async () => {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const reply = await post(skin, undefined, { method })
      expectRefusal(skin, reply, 405, 'method_not_allowed')
      expect(reply.headers.allow).toBe('POST')
    }
  })

  test('413: a body whose length says so, unread', async () => {
    const declared = begin(`${sluice.url}${PATHS[skin]}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${sluice.keyOf(TENANT).key}`,
        'content-type': 'application/json',
        'content-length': String(BODY_BYTES_MAX * 2),
      },
    })
    expectRefusal(skin, await declared.reply, 413, 'request_too_large')
  })

  test('415: anything but JSON', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonlines'])
      expectRefusal(skin, await post(skin, '{}', { headers: { 'content-type': type } }), 415, 'unsupported_media_type')
  })

  test('401: no key, one that is none, and two', async () => {
    const url = `${sluice.url}${PATHS[skin]}`
    const { key } = sluice.keyOf(TENANT)
    const bearer = { authorization: `Bearer ${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}` }
    const two = { authorization: `Bearer ${key}`, 'x-api-key': sluice.keyOf('narrow').key }
    for (const headers of [{}, bearer, { 'x-api-key': 'sk-ant-1' }, two])
      expectRefusal(skin, await begin(url, { body: BODIES[skin], headers }).reply, 401, 'invalid_api_key')
  })

  test('400: no JSON, too deep, no object', async () => {
    const deep = `${'['.repeat(80)}${']'.repeat(80)}`
    for (const body of ['{"model":', '', deep, '[]', 'null', '"text"'])
      expectRefusal(
        skin,
        await post(skin, body, { headers: { 'content-type': 'application/json' } }),
        400,
        'invalid_request',
      )
  })

  test('400: a header of ours, by its name', async () => {
    const reply = await post(skin, BODIES[skin], { headers: { 'x-sluice-timeout-ms': 'soon' } })
    expectRefusal(skin, reply, 400, 'invalid_request')
    expect(errorOf(skin, reply).message).toContain('x-sluice-timeout-ms')
  })

  test('429: a limit, with the time to wait', async () => {
    const body = { ...BODIES[skin], model: `limited-${skin}` }
    expect((await post(skin, body)).status).toBe(200)
    for (const stream of [false, true]) {
      const reply = await post(skin, { ...body, stream })
      expectRefusal(skin, reply, 429, 'rate_limit_exceeded')
      expect(Number(reply.headers['retry-after'])).toBeGreaterThan(3000)
      expect(reply.headers).toMatchObject({ 'x-should-retry': 'false', 'x-sluice-limited-by': `one-${skin}` })
      const row = await sluice.row(TENANT, reply.headers['x-request-id'])
      expect(row).toMatchObject({ outcome: 'refused', status: 429, usage: null })
    }
  })
})

describe.each(BOTH)('$skin, stream: $stream', ({ skin, stream }) => {
  const body = { ...BODIES[skin], stream }

  test('403 and 404: a model that the key may not call, and one that is not there', async () => {
    const reply = await sluice.post(sluice.keyOf('narrow').key, PATHS[skin], body)
    expectRefusal(skin, reply, 403, 'model_not_allowed')
    expectRefusal(skin, await post(skin, { ...body, model: 'no-such-model' }), 404, 'model_not_found')
  })

  test('400: the field that is at fault', async () => {
    for (const [change, param] of [MISSHAPEN[skin], UNSAYABLE[skin] ?? MISSHAPEN[skin]]) {
      const reply = await post(skin, { ...body, ...change })
      expectRefusal(skin, reply, 400, 'invalid_request')
      if (skin !== 'messages') expect(reply.json).toMatchObject({ error: { param } })
      // Messages has no other place for it than the words.
      else expect(errorOf(skin, reply).message).toContain(param)
    }
  })
})
