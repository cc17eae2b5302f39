/** The app as a whole: what every call has in common, wrong paths and methods, the OpenAPI document. */
import { exports } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import { admin } from '../support/admin.ts'

it('answers nobody without the token, whatever the path', async () => {
  for (const path of ['/admin/config', '/admin/nothing', '/admin/']) {
    const reply = await exports.default.fetch(`http://sluice.test${path}`, {
      headers: { 'cf-connecting-ip': '192.0.2.9' },
    })
    expect(reply.status, path).toBe(401)
    expect(await reply.json()).toMatchObject({ error: { code: 'invalid_api_key', faults: [] } })
  }
})

it('knows its paths, and the methods they take', async () => {
  for (const path of ['/nothing', '/', '/tenants/a/cache', '/tenants/a/limits', '/pools/gpu', '/configXschema.json']) {
    expect(await admin(`GET ${path as `/${string}`}`), path).toMatchObject({
      status: 404,
      body: { error: { code: 'not_found', faults: [] } },
    })
  }
  for (const [call, allow] of [
    ['DELETE /config', 'PUT, GET'],
    ['POST /tenants/a', 'GET, PATCH, DELETE'],
    ['GET /config/rollback', 'POST'],
    ['OPTIONS /tenants', 'POST, GET'],
    ['GET /providers/a/check', 'POST'],
  ] as const) {
    const reply = await admin(call)
    expect(reply.status, call).toBe(405)
    expect(reply.body.error.code).toBe('method_not_allowed')
    expect(reply.headers.get('allow')?.split(', ').sort()).toEqual(allow.split(', ').sort())
  }
})

it('is never to be kept by a cache, nor asked by another page', async () => {
  for (const call of ['GET /config', 'GET /nothing', 'OPTIONS /config'] as const) {
    const { headers } = await admin(call)
    expect(headers.get('cache-control')).toBe('no-store')
    expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([])
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  }
})

it('brings its paths into the OpenAPI document, the schemas with them', async () => {
  const reply = await exports.default.fetch('http://sluice.test/openapi.json')
  // biome-ignore lint/suspicious/noExplicitAny: a document.
  const document = (await reply.json()) as any
  const calls = Object.entries(document.paths)
    .filter(([path]) => path.startsWith('/admin/'))
    .flatMap(([path, methods]) => Object.keys(methods as object).map((method) => `${method} ${path}`))
  expect(calls.sort()).toEqual([
    'delete /admin/credentials/{name}',
    'delete /admin/pools/{id}/workers/{workerId}',
    'delete /admin/tenants/{id}',
    'delete /admin/tenants/{id}/cache',
    'delete /admin/tenants/{id}/credentials/{name}',
    'delete /admin/tenants/{id}/keys/{keyId}',
    'delete /admin/tenants/{id}/prompts/{name}',
    'delete /admin/tenants/{id}/webhook',
    'get /admin/audit',
    'get /admin/config',
    'get /admin/config.schema.json',
    'get /admin/config/versions',
    'get /admin/credentials',
    'get /admin/pools/{id}',
    'get /admin/pools/{id}/workers',
    'get /admin/status',
    'get /admin/tenants',
    'get /admin/tenants/{id}',
    'get /admin/tenants/{id}/cache',
    'get /admin/tenants/{id}/credentials',
    'get /admin/tenants/{id}/credentials/{name}',
    'get /admin/tenants/{id}/keys',
    'get /admin/tenants/{id}/limits',
    'get /admin/tenants/{id}/prompts',
    'get /admin/tenants/{id}/prompts/{name}',
    'get /admin/tenants/{id}/prompts/{name}/versions',
    'get /admin/tenants/{id}/usage',
    'get /admin/tenants/{id}/usage/requests',
    'get /admin/tenants/{id}/webhook',
    'patch /admin/tenants/{id}',
    'patch /admin/tenants/{id}/keys/{keyId}',
    'post /admin/config/rollback',
    'post /admin/credentials/reseal',
    'post /admin/pools/{id}/workers',
    'post /admin/providers/{name}/check',
    'post /admin/tenants',
    'post /admin/tenants/{id}/keys',
    'post /admin/tenants/{id}/keys/{keyId}/rotate',
    'post /admin/tenants/{id}/prompts/{name}/rollback',
    'post /admin/tenants/{id}/webhook/rotate',
    'put /admin/config',
    'put /admin/credentials/{name}',
    'put /admin/tenants/{id}/credentials/{name}',
    'put /admin/tenants/{id}/prompts/{name}',
    'put /admin/tenants/{id}/webhook',
  ])
  const config = document.paths['/admin/config'].put.requestBody.content['application/json'].schema
  expect(Object.keys(config.properties)).toContain('models')
  expect(document.components.securitySchemes.adminToken).toEqual({ type: 'http', scheme: 'bearer' })
})
