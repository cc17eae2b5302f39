/** A tenant's cache over HTTP: how it stands, what is purged of it, and what is said where a store is out of reach. */
import { env } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { adminApp } from '../../src/admin/app.ts'
import type { PurgeFilter } from '../../src/core/recall/types.ts'
import type { RouteView } from '../../src/core/semantic/types.ts'
import type { TenantPlace } from '../../src/core/tenant.ts'
import type { Services } from '../../src/services.ts'
import { createTenantAdmin } from '../../src/stores/embedded/tenants.ts'
import { manualClock } from '../support/manual-clock.ts'
import { auditOf, directory, freshPlace, tools } from '../support/tenant-object.ts'

const TOKEN = 'token-of-these-tests'
const stats = {
  entries: 2,
  bytes: 900,
  hits: { hit: 5, semantic: 1, coalesced: 3 },
  corrupt: 1,
  savedTokens: 400,
  savedMicroUsd: 70,
}
const route: RouteView = {
  route: 'chat',
  encoder: 'embed/mini/384',
  observations: 412,
  threshold: 0.9,
  maxErrorRate: 0.02,
  errorRate: 0.004,
  errorBound: 0.019,
  vectors: 300,
  groups: 41,
}

/** The admin API over stores that answer as told and remember what they were asked. */
function apiOver(broken: readonly string[] = []) {
  const asked: [store: string, id: string, filter?: PurgeFilter][] = []
  const lines: Readonly<Record<string, unknown>>[] = []
  const background: Promise<unknown>[] = []
  const store =
    (name: string) =>
    async <T>(answer: T, { id }: TenantPlace, filter?: PurgeFilter): Promise<T> => {
      asked.push(filter === undefined ? [name, id] : [name, id, JSON.parse(JSON.stringify(filter))])
      if (broken.includes(name)) throw new TypeError('canary: the words of a store')
      return answer
    }
  const [replies, vectors, routes] = [store('replies'), store('vectors'), store('routes')]
  const services = {
    clock: manualClock(),
    log: (line: Readonly<Record<string, unknown>>) => void lines.push(line),
    background: (work: Promise<unknown>) => void background.push(work),
    adminTokens: [TOKEN],
    directoryAdmin: directory,
    tenantAdmin: (place: TenantPlace) => createTenantAdmin(env.TENANT, place, tools),
    replyCache: {
      stats: (place: TenantPlace) => replies(stats, place),
      purge: (place: TenantPlace, filter: PurgeFilter) => replies(7, place, filter),
      erase: (place: TenantPlace) => replies(undefined, place),
    },
    vectorIndex: {
      purge: (place: TenantPlace, filter: PurgeFilter) => vectors(30, place, filter),
      erase: (place: TenantPlace) => vectors(undefined, place),
    },
    semanticRoutes: { views: (place: TenantPlace) => routes([route], place) },
    outbox: { dropped: 4 },
  } as unknown as Services
  const app = adminApp(() => services)
  const call = async (method: string, path: string) => {
    const reply = await app.request(`/admin${path}`, { method, headers: { authorization: `Bearer ${TOKEN}` } })
    const text = await reply.text()
    return { status: reply.status, headers: reply.headers, body: text === '' ? undefined : JSON.parse(text) }
  }
  return { call, asked, lines, background }
}

const purgesOf = async (id: string) =>
  (await auditOf(id)).filter(({ action }) => action === 'cache.purge').map(({ subject, after }) => ({ subject, after }))

it('shows what a cache holds, what it saved, and how its routes stand', async () => {
  const { id } = await freshPlace()
  const { status, body } = await apiOver().call('GET', `/tenants/${id}/cache`)
  expect(status).toBe(200)
  const { route: model, ...measured } = route
  expect(body).toEqual({
    ...stats,
    hits: { exact: 5, semantic: 1, coalesced: 3 },
    dropped: 4,
    routes: [{ model, ...measured }],
  })
})

it('purges all that fits what is named, in both stores, and keeps an account of it', async () => {
  const { id } = await freshPlace()
  const { call, asked } = apiOver()
  const query = 'model=chat%2Fbig&before=2026-01-01T02:00:00%2B01:00&knowledgeVersion=v2'
  expect(await call('DELETE', `/tenants/${id}/cache?${query}`)).toMatchObject({ status: 200, body: { removed: 7 } })
  const filter = { model: 'chat/big', knowledgeVersion: 'v2', beforeMs: Date.UTC(2026, 0, 1, 1) }
  expect(asked).toEqual([
    ['vectors', id, filter],
    ['replies', id, filter],
  ])
  expect((await call('DELETE', `/tenants/${id}/cache`)).body).toEqual({ removed: 7 })
  expect(asked.slice(2)).toEqual([
    ['vectors', id, {}],
    ['replies', id, {}],
  ])
  const subject = `tenants/${id}/cache`
  expect(await purgesOf(id)).toEqual([
    { subject, after: { model: 'chat/big', before: '2026-01-01T01:00:00.000Z', knowledgeVersion: 'v2', removed: 7 } },
    { subject, after: { removed: 7 } },
  ])
})

it.each([
  ['model=', '/model'],
  ['model=a%20b', '/model'],
  [`model=${'a'.repeat(129)}`, '/model'],
  ['before=yesterday', '/before'],
  ['before=2026-01-01', '/before'],
  ['knowledgeVersion=', '/knowledgeVersion'],
  ['models=chat', '/models'],
])('refuses ?%s, purges nothing and says where', async (query, path) => {
  const { id } = await freshPlace()
  const { call, asked } = apiOver()
  const { status, body } = await call('DELETE', `/tenants/${id}/cache?${query}`)
  expect(status).toBe(400)
  expect(body.error.faults).toMatchObject([{ path }])
  expect(asked).toEqual([])
  expect(await purgesOf(id)).toEqual([])
})

it('knows no cache of a tenant that is not there', async () => {
  const { call, asked } = apiOver()
  for (const method of ['GET', 'DELETE']) expect((await call(method, '/tenants/nobody/cache')).status).toBe(404)
  expect(asked).toEqual([])
})

it.each([
  ['replies', 'GET'],
  ['routes', 'GET'],
  ['replies', 'DELETE'],
  ['vectors', 'DELETE'],
])('says that the store of %s is out of reach to %s, and nothing of what it said', async (store, method) => {
  const { id } = await freshPlace()
  const { call, lines } = apiOver([store])
  const { status, headers, body } = await call(method, `/tenants/${id}/cache`)
  expect(status).toBe(503)
  expect(headers.get('retry-after')).toBe('1')
  expect(body).toMatchObject({ error: { code: 'overloaded', message: expect.stringContaining(store), faults: [] } })
  expect(lines).toEqual([{ level: 'error', event: 'cache-store-failed', store, error: 'TypeError' }])
  expect(JSON.stringify(body)).not.toContain('canary')
  // Some of what fits may be gone.
  expect(await purgesOf(id)).toMatchObject(method === 'GET' ? [] : [{ after: { removed: null } }])
})

it('erases both stores of a tenant that is deleted, and logs what it could not', async () => {
  const { id } = await freshPlace()
  const { call, asked, lines, background } = apiOver(['replies'])
  expect((await call('DELETE', `/tenants/${id}`)).status).toBe(202)
  await Promise.all(background)
  expect(asked).toEqual([
    ['replies', id],
    ['vectors', id],
  ])
  expect(lines).toEqual([
    { level: 'error', event: 'cache-not-erased', tenant: id, store: 'replies', error: 'TypeError' },
  ])
  expect((await call('DELETE', `/tenants/${id}`)).status).toBe(404)
  expect(asked).toHaveLength(2)
})
