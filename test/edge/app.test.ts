/** The public face as a whole: what every reply has, wrong paths and methods, and faults of our own. */
import { expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { isolate } from '../support/worker.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const PATHS: [string, 'GET' | 'POST'][] = [
  ['/v1/chat/completions', 'POST'],
  ['/v1/completions', 'POST'],
  ['/v1/embeddings', 'POST'],
  ['/v1/rerank', 'POST'],
  ['/v1/audio/speech', 'POST'],
  ['/v1/models', 'GET'],
  ['/v1/models/org/name', 'GET'],
  ['/v1/limits', 'GET'],
  ['/v1/usage', 'GET'],
  ['/health', 'GET'],
  ['/ready', 'GET'],
  ['/openapi.json', 'GET'],
  ['/docs', 'GET'],
]

it('gives every reply an id of its own, and the caller’s back', async () => {
  const at = await isolate()
  const ids = new Set<string>()
  for (const [path, method] of [...PATHS, ['/nothing', 'GET'], ['/v1/nothing', 'POST'], ['/docs', 'PUT']] as const) {
    const reply = await at.fetch(path, { method, headers: { 'x-request-id': 'mine' } })
    expect(reply.headers.get('x-request-id'), path).toMatch(UUID)
    expect(reply.headers.get('x-client-request-id'), path).toBe('mine')
    ids.add(reply.headers.get('x-request-id') ?? '')
  }
  expect(ids.size).toBe(PATHS.length + 3)
})

it('leaves a reply the id that its handler gave it', async () => {
  const at = await isolate()
  at.app.get('/admin/own', () => new Response(null, { headers: { 'x-request-id': 'logged-under-this' } }))
  expect((await at.fetch('/admin/own')).headers.get('x-request-id')).toBe('logged-under-this')
})

it.each(PATHS)('%s takes %s alone', async (path, method) => {
  const at = await isolate()
  const allow = method === 'GET' ? 'GET, HEAD' : 'POST'
  for (const other of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].filter((name) => name !== method)) {
    const reply = await at.fetch(path, { method: other, headers: { authorization: `Bearer ${at.key}` } })
    expect(reply.status, other).toBe(405)
    expect(reply.headers.get('allow')).toBe(allow)
    expect(await reply.json()).toEqual({
      error: {
        message: `${path} does not take ${other}. It takes ${allow}.`,
        type: 'invalid_request_error',
        param: null,
        code: 'method_not_allowed',
      },
    })
  }
  const right = await at.fetch(path, { method })
  expect([200, 401]).toContain(right.status)
})

it('answers HEAD where it answers GET', async () => {
  const at = await isolate()
  expect((await at.fetch('/health', { method: 'HEAD' })).status).toBe(200)
})

it('knows no other path', async () => {
  const at = await isolate()
  for (const path of ['/', '/v1', '/v1/chat', '/v1/chat/completions/x', '/healthy', '/v1/nothing', '/v2/models']) {
    const reply = await at.get(path)
    expect(reply.status, path).toBe(404)
    expect(reply.headers.has('allow')).toBe(false)
    const { error } = (await reply.json()) as { error: { message: string } }
    expect(error).toMatchObject({ code: 'not_found', type: 'invalid_request_error', param: null })
    expect(error.message).toContain(path)
  }
})

it('tells nothing of a fault of its own, and logs where it was under the id that the caller has', async () => {
  const broken = {
    read: () => Promise.reject(new TypeError('canary-in-the-message')),
  } as unknown as Services['apiKeys']
  const at = await isolate({ services: { apiKeys: broken } })
  const reply = await at.get('/v1/models', { 'x-request-id': 'mine' })
  expect(reply.status).toBe(500)
  expect(reply.headers.get('x-client-request-id')).toBe('mine')
  const text = await reply.text()
  expect(JSON.parse(text)).toMatchObject({ error: { code: 'internal', type: 'api_error', param: null } })
  expect(at.lines).toHaveLength(1)
  expect(at.lines[0]).toMatchObject({
    level: 'error',
    event: 'internal',
    'x-request-id': reply.headers.get('x-request-id'),
    error: expect.stringMatching(/^TypeError at .+/),
  })
  expect(text + JSON.stringify(at.lines)).not.toContain('canary')
})

it('serves its document and the page of it', async () => {
  const at = await isolate()
  const document = (await (await at.fetch('/openapi.json')).json()) as { paths: object }
  expect(Object.keys(document.paths)).toContain('/v1/chat/completions')
  const page = await at.fetch('/docs')
  expect(page.headers.get('content-type')).toContain('text/html')
  expect(await page.text()).toContain('/v1/chat/completions')
})
