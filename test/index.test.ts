/** The Worker as it is deployed: both faces in one, and a deployment that cannot work says why. */
import { createExecutionContext, env } from 'cloudflare:test'
import { exports } from 'cloudflare:workers'
import { afterEach, expect, it, vi } from 'vitest'
import { admin } from './support/admin.ts'

/** The Worker of an isolate that has served nothing yet. The objects of the tests before are gone with it. */
const freshWorker = async () => {
  vi.resetModules()
  const { default: worker } = await import('../src/index.ts')
  return (path: string, variables: Record<string, unknown> = {}) =>
    worker.fetch(
      new Request(`https://sluice.test${path}`) as Parameters<typeof worker.fetch>[0],
      { ...env, ...variables } as unknown as Env,
      createExecutionContext(),
    )
}

afterEach(() => {
  vi.restoreAllMocks()
})

// First: this isolate has not read the config yet.
it('gives both faces the same services: what one stores, the other answers with', async () => {
  await admin('PUT /config', {
    providers: { up: { protocol: 'openai', baseUrl: 'https://up.test/v1' } },
    models: { 'seen/by-both': { targets: [{ provider: 'up', model: 'm' }] } },
  })
  await admin('POST /tenants', { id: 'both', name: 'Both' })
  const { key } = (await admin('POST /tenants/both/keys', { name: 'k' })).body
  const reply = await exports.default.fetch('http://sluice.test/v1/models', { headers: { 'x-api-key': key } })
  expect(await reply.json()).toMatchObject({ data: [{ id: 'seen/by-both' }] })
})

it('serves the public face, the pages beside it and the admin API', async () => {
  const status = async (path: string) => (await exports.default.fetch(`http://sluice.test${path}`)).status
  expect(await status('/health')).toBe(200)
  expect(await status('/ready')).toBe(200)
  expect(await status('/docs')).toBe(200)
  expect(await status('/v1/models')).toBe(401)
  expect(await status('/nothing')).toBe(404)
  expect((await admin('GET /config')).status).toBe(200)
})

it('exports the classes of its objects', async () => {
  const worker = await import('../src/index.ts')
  expect(worker.DirectoryObject.name).toBe('DirectoryObject')
  expect(worker.TenantObject.name).toBe('TenantObject')
})

it('gives both faces one document', async () => {
  const document = (await (await exports.default.fetch('http://sluice.test/openapi.json')).json()) as {
    paths: Record<string, unknown>
  }
  expect(Object.keys(document.paths)).toEqual(
    expect.arrayContaining(['/v1/chat/completions', '/v1/models/{id}', '/health', '/admin/config', '/admin/tenants']),
  )
})

it('without a variable it needs: alive, one line, and 503 with its name', async () => {
  const written = vi.spyOn(console, 'error').mockImplementation(() => {})
  const call = await freshWorker()
  const without = { SLUICE_ADMIN_TOKEN: 'short-canary' }
  expect((await call('/health', without)).status).toBe(200)
  const reply = await call('/v1/models', without)
  expect(reply.status).toBe(503)
  const { error } = (await reply.json()) as { error: { code: string; message: string } }
  expect(error.code).toBe('misconfigured')
  expect(error.message).toContain('SLUICE_ADMIN_TOKEN')
  await call('/admin/config', without)
  expect(written).toHaveBeenCalledTimes(1)
  expect(JSON.parse(String(written.mock.calls[0]?.[0]))).toEqual({
    level: 'error',
    event: 'misconfigured',
    variable: 'SLUICE_ADMIN_TOKEN',
    message: 'is shorter than 32 characters',
  })
})

it('is made once an isolate: the first request decides', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  const good = await freshWorker()
  expect((await good('/docs')).status).toBe(200)
  expect((await good('/docs', { SLUICE_MASTER_KEY: '' })).status).toBe(200)
  const bad = await freshWorker()
  expect((await bad('/docs', { SLUICE_MASTER_KEY: '' })).status).toBe(503)
  expect((await bad('/docs')).status).toBe(503)
})
