/** CORS: nothing unless the config names the origin. */
import { expect, it } from 'vitest'
import { whole } from '../support/wire.ts'
import { CONFIG, type IsolateOptions, isolate, upstream } from '../support/worker.ts'

const ORIGIN = 'https://app.example.com'
const at = (origins: string[], more: IsolateOptions = {}) =>
  isolate({ ...more, config: { ...CONFIG, cors: { origins } } })
const corsHeaders = (reply: Response) => [...reply.headers.keys()].filter((name) => name.startsWith('access-control-'))
const PREFLIGHT = {
  'access-control-request-method': 'POST',
  'access-control-request-headers': 'authorization,content-type,x-stainless-os',
}
const preflight = (isolated: Awaited<ReturnType<typeof at>>, origin: string, path = '/v1/chat/completions') =>
  isolated.fetch(path, { method: 'OPTIONS', headers: { origin, ...PREFLIGHT } })

it('answers a preflight of a named origin, without a key', async () => {
  const isolated = await at(['https://other.example.com', ORIGIN])
  for (const path of ['/v1/chat/completions', '/v1/models', '/v1/models/a']) {
    const reply = await preflight(isolated, ORIGIN, path)
    expect(reply.status, path).toBe(204)
    expect(reply.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    expect(reply.headers.get('access-control-allow-origin')).toBe(ORIGIN)
    expect(reply.headers.get('access-control-allow-headers')).toBe('authorization,content-type,x-stainless-os')
    expect(reply.headers.get('access-control-allow-methods')?.split(',')).toEqual(
      expect.arrayContaining(['GET', 'POST']),
    )
    expect(reply.headers.get('access-control-max-age')).toBe('600')
    expect(reply.headers.get('access-control-allow-credentials')).toBeNull()
    expect(reply.headers.get('vary')?.toLowerCase()).toContain('origin')
  }
})

it('answers a preflight of no other origin', async () => {
  for (const origins of [[], ['https://other.example.com'], ['https://app.example.co']]) {
    const reply = await preflight(await at(origins), ORIGIN)
    expect(reply.status).toBe(405)
    expect(corsHeaders(reply)).toEqual([])
    expect(await reply.json()).toMatchObject({ error: { code: 'method_not_allowed' } })
  }
  const unnamed = await (await at([ORIGIN])).fetch('/v1/chat/completions', { method: 'OPTIONS', headers: PREFLIGHT })
  expect(unnamed.status).toBe(405)
})

it('marks what a named origin is answered, and lets its page read our headers', async () => {
  const isolated = await at([ORIGIN], { scripts: [upstream(whole('hi'))] })
  const body = { model: 'priced', messages: [{ role: 'user', content: 'hi' }] }
  const reply = await isolated.post('/v1/chat/completions', body, { origin: ORIGIN })
  expect(reply.status).toBe(200)
  expect(await reply.text()).toBe(whole('hi'))
  expect(reply.headers.get('x-sluice-target')).toBe('up/m')
  expect(reply.headers.get('access-control-allow-origin')).toBe(ORIGIN)
  expect(reply.headers.get('vary')?.toLowerCase()).toContain('origin')
  const exposed = reply.headers.get('access-control-expose-headers')?.split(',') ?? []
  for (const [name] of reply.headers)
    if (name.startsWith('x-')) expect(exposed, 'what we send may be read').toContain(name)
  expect(exposed).toEqual(
    expect.arrayContaining(['retry-after', 'retry-after-ms', 'x-should-retry', 'x-sluice-deferred']),
  )
})

it('marks refusals too, so that a page can say what is wrong', async () => {
  const isolated = await at([ORIGIN])
  const refused = await isolated.fetch('/v1/models', { headers: { origin: ORIGIN } })
  expect(refused.status).toBe(401)
  expect(refused.headers.get('access-control-allow-origin')).toBe(ORIGIN)
  expect((await isolated.get('/v1/models/none', { origin: ORIGIN })).headers.has('access-control-allow-origin')).toBe(
    true,
  )
})

it('marks nothing for other origins, nor without one', async () => {
  const isolated = await at([ORIGIN])
  for (const headers of [
    {},
    { origin: 'https://evil.example.com' },
    { origin: 'null' },
    { origin: `${ORIGIN}.evil` },
  ]) {
    const reply = await isolated.get('/v1/models', headers)
    expect(reply.status).toBe(200)
    expect(corsHeaders(reply)).toEqual([])
  }
})

it('marks nothing while the configuration cannot be read', async () => {
  const deployment = { peek: () => undefined, get: () => Promise.reject(new Error('down')) }
  const isolated = await at([ORIGIN], { services: { deployment } })
  const reply = await isolated.get('/v1/models', { origin: ORIGIN })
  expect(reply.status).toBe(503)
  expect(corsHeaders(reply)).toEqual([])
})
