/** Bodies: counted, typed, parsed before any schema, and never quoted back. */
import { Hono } from 'hono'
import { expect, it } from 'vitest'
import { boundedJson } from '../../src/admin/body.ts'
import { onError } from '../../src/admin/errors.ts'
import type { AdminEnv } from '../../src/admin/routing.ts'

const MEGABYTE = 1024 * 1024
const app = new Hono<AdminEnv>()
app.onError(onError)
app.use(boundedJson)
app.all('/', async (c) =>
  c.json({ again: c.req.method === 'GET' ? null : await c.req.json(), kept: c.get('json') ?? 'none' }),
)

const send = (body: BodyInit | null, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
  app.request('/', { method: 'POST', headers, body })
const codeOf = async (reply: Response) => ((await reply.json()) as { error: { code: string } }).error.code

it('hands JSON on, to be read again', async () => {
  const reply = await send('{"a":[1]}', { 'content-type': 'application/json; charset=utf-8' })
  expect(await reply.json()).toEqual({ again: { a: [1] }, kept: { a: [1] } })
})

it('reads no body as an empty object, with or without a content type, and tells the two apart', async () => {
  expect(await (await send(null, {})).json()).toEqual({ again: {}, kept: 'none' })
  expect(await (await send('')).json()).toEqual({ again: {}, kept: 'none' })
  expect(await (await send('{}')).json()).toEqual({ again: {}, kept: {} })
})

it('refuses other content types', async () => {
  for (const type of ['text/plain', 'application/jsonx', 'multipart/form-data; boundary=a', '']) {
    const reply = await send('{}', { 'content-type': type })
    expect(reply.status, type).toBe(415)
    expect(await codeOf(reply)).toBe('unsupported_media_type')
  }
})

it('names malformed JSON without quoting it', async () => {
  for (const body of [
    '{"value":"canary-secret"',
    '{"value": canary-secret}',
    '[1,]',
    new Uint8Array([0x22, 0xff, 0x22]),
  ]) {
    const reply = await send(body)
    const text = await reply.text()
    expect(reply.status).toBe(400)
    expect(text).toContain('"faults":[{"path":"","message":"is not valid')
    expect(text).not.toContain('canary')
  }
})

it('reads a character that is cut between chunks', async () => {
  const bytes = new TextEncoder().encode('"é"')
  const body = new ReadableStream({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
      controller.close()
    },
  })
  expect(await (await send(body)).json()).toMatchObject({ kept: 'é' })
})

it('takes a megabyte and not a byte more, declared or counted', async () => {
  const of = (bytes: number) => `"${'a'.repeat(bytes - 2)}"`
  expect((await send(of(MEGABYTE))).status).toBe(200)
  const declared = await send(of(MEGABYTE + 1))
  expect(declared.status).toBe(413)
  expect(await codeOf(declared)).toBe('request_too_large')
  let pulled = 0
  const endless = new ReadableStream({
    pull(controller) {
      pulled++
      controller.enqueue(new Uint8Array(64 * 1024).fill(0x20))
    },
  })
  expect((await send(endless)).status).toBe(413)
  expect(pulled).toBeLessThan(25)
})

it('refuses what is nested deeper than 64', async () => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
  expect((await send(nested(64))).status).toBe(200)
  expect((await send(nested(65))).status).toBe(400)
  expect((await send(nested(100_000))).status).toBe(400)
})

it('leaves calls without a body alone', async () => {
  expect((await app.request('/')).status).toBe(200)
})
