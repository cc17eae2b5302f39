/** From a body to the path's own request, or to the first thing that is wrong with it. */
import { expect, it } from 'vitest'
import { decode } from '../../src/edge/decode.ts'
import type { Skin } from '../../src/edge/skin.ts'
import { SKINS } from '../../src/edge/skins.ts'

const IDENTITY = { requestId: 'r', startedAtMs: 5 }
const OPTIONS = {
  timeoutMs: 7,
  firstTokenMs: undefined,
  maxWaitMs: 9,
  user: 'u',
  cacheMode: 'auto',
  cacheTtlSeconds: 60,
  debug: true,
  traceparent: 't',
} as const
const MESSAGES = [{ role: 'user', content: 'hi' }]
const CHAT = { model: 'm', messages: MESSAGES }

const PATHS = { chat: '/v1/chat/completions', completions: '/v1/completions', embeddings: '/v1/embeddings' }

const read = (operation: keyof typeof PATHS, body: unknown) => {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return decode(SKINS[PATHS[operation]] as Skin, { text, sizeBytes: 123 }, OPTIONS, IDENTITY, new Headers())
}

it('decodes a chat, unknown fields and all', () => {
  const body = { ...CHAT, vendor_field: { a: [1] } }
  expect(read('chat', body)).toEqual({
    kind: 'request',
    requestId: 'r',
    startedAtMs: 5,
    operation: 'chat',
    alias: 'm',
    body,
    bodyBytes: 123,
    bodyChars: JSON.stringify(body).length,
    stream: false,
    wantsUsage: false,
    timeoutMs: 7,
    firstTokenMs: undefined,
    maxWaitMs: 9,
    user: 'u',
    cacheMode: 'auto',
    cacheTtlSeconds: 60,
    debug: true,
    traceparent: 't',
  })
})

it('keeps integers that a double cannot hold', () => {
  const text = '{"model":"m","messages":[{"role":"user","content":"hi"}],"seed":12345678901234567890}'
  const decoded = read('chat', text)
  expect(decoded.kind === 'request' && JSON.stringify(decoded.body)).toBe(text)
})

it.each([
  ['chat', CHAT],
  ['completions', { model: 'm', prompt: 'hi' }],
] as const)('streams a %s where it was asked to', (operation, body) => {
  const decoded = (more: object) => read(operation, { ...body, ...more })
  expect(decoded({})).toMatchObject({ stream: false, wantsUsage: false, operation })
  expect(decoded({ stream: false })).toMatchObject({ stream: false })
  expect(decoded({ stream: null })).toMatchObject({ stream: false })
  expect(decoded({ stream: true })).toMatchObject({ stream: true, wantsUsage: false })
  expect(decoded({ stream: true, stream_options: {} })).toMatchObject({ wantsUsage: false })
  expect(decoded({ stream: true, stream_options: { include_usage: false } })).toMatchObject({ wantsUsage: false })
  expect(decoded({ stream: true, stream_options: null })).toMatchObject({ wantsUsage: false })
  expect(decoded({ stream: true, stream_options: { include_usage: true } })).toMatchObject({ wantsUsage: true })
})

it('never streams embeddings', () => {
  expect(read('embeddings', { model: 'm', input: 'x', stream: true })).toMatchObject({ kind: 'request', stream: false })
})

it.each([
  ['chat', { model: 'm' }, 'messages'],
  ['chat', { model: 'm', messages: [] }, 'messages'],
  ['chat', { model: 'm', messages: [{ content: 'x' }] }, 'messages[0].role'],
  ['chat', { ...CHAT, stream: 'yes' }, 'stream'],
  ['chat', { ...CHAT, stream_options: { include_usage: 1 } }, 'stream_options.include_usage'],
  ['chat', { messages: MESSAGES }, 'model'],
  ['chat', { ...CHAT, model: '' }, 'model'],
  ['chat', { ...CHAT, model: 7 }, 'model'],
  ['completions', { model: 'm' }, 'prompt'],
  ['embeddings', { model: 'm' }, 'input'],
] as const)('%s: names the field at fault in %j', (operation, body, param) => {
  const decoded = read(operation, body)
  expect(decoded).toMatchObject({ kind: 'refused', refusal: { code: 'invalid_request', status: 400, param } })
  expect(decoded.kind === 'refused' && decoded.refusal.message).toMatch(/^Invalid '[^']+': .+\.$/)
  expect(decoded.kind === 'refused' && decoded.refusal.message).toContain(`'${param}'`)
})

it('says what model a bad request was for, where that much was understood', () => {
  const alias = (body: unknown) => {
    const decoded = read('chat', body)
    return decoded.kind === 'refused' ? decoded.alias : undefined
  }
  expect(alias({ model: 'm' })).toBe('m')
  expect(alias({ model: 'm'.repeat(500) })).toBe('m'.repeat(128))
  for (const body of [{ messages: MESSAGES }, { model: 7 }, [], null, 'none', '{']) expect(alias(body)).toBeNull()
})

it.each([['null'], ['[]'], ['"x"'], ['7'], ['true']])('wants an object, not %s', (text) => {
  expect(read('chat', text)).toMatchObject({
    kind: 'refused',
    refusal: { code: 'invalid_request', param: null, message: 'The body must be a JSON object.' },
  })
})

it.each([[''], ['{'], ['{"model":"m",}'], ['{} {}'], ['\u0000']])('wants JSON, not %j', (text) => {
  const decoded = read('chat', text)
  expect(decoded).toMatchObject({ kind: 'refused', refusal: { code: 'invalid_request', param: null } })
  expect(decoded.kind === 'refused' && decoded.refusal.message).toContain('not valid JSON')
})

it('takes 64 levels and no more', () => {
  // The object itself is the first level.
  const nested = (levels: number) =>
    `{"model":"m","messages":[{"role":"user","content":"hi"}],"x":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`
  expect(read('chat', nested(64))).toMatchObject({ kind: 'request' })
  for (const levels of [65, 10_000])
    expect(read('chat', nested(levels))).toMatchObject({
      kind: 'refused',
      refusal: { code: 'invalid_request', message: 'The body is nested deeper than 64 levels.' },
    })
})

it('takes the headers of a protocol from each request, also where its body is known', () => {
  const messages = SKINS['/v1/messages'] as Skin
  const body = { model: 'm', max_tokens: 5, messages: MESSAGES }
  const text = JSON.stringify(body)
  const asked = (headers: Record<string, string>, known?: Parameters<typeof decode>[5]) => {
    const decoded = decode(messages, { text, sizeBytes: 9 }, OPTIONS, IDENTITY, new Headers(headers), known)
    if (decoded.kind === 'refused') throw new Error(decoded.refusal.message)
    return decoded
  }
  const first = asked({ 'anthropic-beta': 'a,b', 'anthropic-version': '2023-06-01', cookie: 'secret' })
  expect(first.native).toMatchObject({
    body,
    headers: { 'anthropic-beta': 'a,b', 'anthropic-version': '2023-06-01' },
  })
  expect(JSON.stringify(first)).not.toContain('secret')
  const { native } = first
  if (native === undefined) throw new Error('no native form')
  const again = asked({ 'anthropic-beta': 'c' }, { body: first.body, native })
  expect(again.body).toBe(first.body)
  expect(again.native?.headers).toEqual({ 'anthropic-beta': 'c' })
})
