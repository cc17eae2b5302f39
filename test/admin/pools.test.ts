/** Pools over HTTP: how one fares, and its workers' tokens. */
import { expect, it } from 'vitest'
import { onError } from '../../src/admin/errors.ts'
import { poolRoutes } from '../../src/admin/pools.ts'
import { adminHono } from '../../src/admin/routing.ts'
import type { WorkerToken } from '../../src/core/pool/worker-tokens.ts'
import type { PoolAdmin, PoolFacts } from '../../src/stores/types/pools.ts'
import { isolate } from '../support/worker.ts'

const CONFIG = {
  providers: {
    gpu: { protocol: 'openai', pool: { workers: true } },
    fixed: { protocol: 'openai', pool: { replicas: [{ id: 'a', url: 'https://a.test/v1' }] } },
    up: { protocol: 'openai', baseUrl: 'https://up.test/v1' },
  },
}

const NOTHING: Omit<PoolFacts, 'workers'> = {
  replicas: [],
  queued: { interactive: 0, batch: 0 },
  longestWaitMs: 0,
  bound: 0,
  refused: { full: 0, wait: 0, shed: 0, none: 0 },
  chosen: { warm: 0, saturated: 0, cold: 0, only: 0 },
  matchedShare: 0,
}

async function world(more: Partial<PoolAdmin> = {}) {
  const { services } = await isolate({ config: CONFIG })
  const tokens = new Map<string, WorkerToken>()
  const pool: PoolAdmin = {
    async createWorker(token) {
      tokens.set(token.id, token)
      return 'created'
    },
    workers: async () =>
      [...tokens.values()].map(({ digest: _, ...shown }) => shown).sort((a, b) => (a.id < b.id ? -1 : 1)),
    async revokeWorker(id, at) {
      const token = tokens.get(id)
      if (token === undefined || token.revokedAt !== null) return false
      tokens.set(id, { ...token, revokedAt: at })
      return true
    },
    view: async () => ({ ...NOTHING, workers: [] }),
    ...more,
  }
  const app = adminHono()
  app.onError(onError)
  app.use(async (c, next) => {
    c.set('services', { ...services, poolAdmin: () => pool })
    c.set('actor', 'admin/current')
    if (c.req.method === 'POST') c.set('json', await c.req.raw.clone().json())
    await next()
  })
  poolRoutes(app)
  const call = async (method: string, path: string, body?: unknown) => {
    const init =
      body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
    const reply = await app.request(`/admin/pools/${path}`, { method, ...init })
    const text = await reply.text()
    return { status: reply.status, body: text === '' ? undefined : JSON.parse(text) }
  }
  return { call, tokens, services }
}

it('makes a token, shows it once, lists and revokes it', async () => {
  const { call, tokens } = await world()
  const expiresAt = '2099-01-01T00:00:00.000Z'
  const made = await call('POST', 'gpu/workers', { name: 'rack 3', expiresAt })
  expect(made).toMatchObject({ status: 201, body: { token: expect.stringMatching(/^slw_gpu_\w{8}_\w{38}$/) } })
  const { id, token } = made.body
  expect(Object.keys(made.body)).toEqual(['id', 'token'])
  expect(JSON.stringify([...tokens])).not.toContain(token.slice(-38))
  const view = { id, name: 'rack 3', state: 'active', createdAt: expect.any(String), expiresAt, lastSeenAt: null }
  expect(await call('GET', 'gpu/workers')).toEqual({ status: 200, body: { data: [view], has_more: false, last: id } })
  expect((await call('DELETE', `gpu/workers/${id}`)).status).toBe(204)
  expect((await call('DELETE', `gpu/workers/${id}`)).status).toBe(404)
  expect((await call('GET', 'gpu/workers')).body.data).toMatchObject([{ id, state: 'revoked' }])
})

it('names every fault of a token', async () => {
  const { call, tokens } = await world()
  const refused = await call('POST', 'gpu/workers', { expiresAt: '2020-01-01T00:00:00Z', models: [] })
  expect(refused.status).toBe(400)
  const paths = refused.body.error.faults.map(({ path }: { path: string }) => path).sort()
  expect(paths).toEqual(['/expiresAt', '/models', '/name'])
  expect(tokens.size).toBe(0)
})

it('makes none for a pool that takes no workers, or has no room', async () => {
  const { call } = await world({ createWorker: async () => 'full' })
  expect(await call('POST', 'fixed/workers', { name: 'a' })).toMatchObject({ status: 409 })
  expect((await call('POST', 'gpu/workers', { name: 'a' })).body.error.message).toContain('1000 worker tokens')
})

it('knows no pool that the config does not name', async () => {
  const { call } = await world()
  for (const id of ['none', 'up', '__proto__', 'constructor']) {
    expect((await call('GET', id)).status, id).toBe(404)
    expect((await call('GET', `${id}/workers`)).status, id).toBe(404)
    expect((await call('POST', `${id}/workers`, { name: 'a' })).status, id).toBe(404)
    expect((await call('DELETE', `${id}/workers/a`)).status, id).toBe(404)
  }
})

it('shows how a pool fares, and who is connected', async () => {
  const fresh = await (await world()).call('GET', 'fixed')
  expect(fresh).toEqual({ status: 200, body: { id: 'fixed', ...NOTHING, workers: [] } })
  const workers = [
    {
      ...{ replica: 'worker-a', tokenId: 'a', name: 'rack 3', state: 'active' as const, models: ['m'] },
      ...{ maxConcurrent: 4, requests: 1, connectedAt: '2026-11-20T00:00:00.000Z' },
    },
  ]
  const facts = { ...NOTHING, bound: 7, matchedShare: 0.5, workers }
  const { call } = await world({ view: async () => facts })
  expect((await call('GET', 'gpu')).body).toEqual({ id: 'gpu', ...facts })
})
