/** A tenant's cache: how it stands, and purging it. */
import { createRoute, z } from '@hono/zod-openapi'
import { purgeQuerySchema } from '../core/admin-schemas.ts'
import { type CacheView, cacheViewSchema, purgedViewSchema } from '../core/admin-views.ts'
import { auditEntry } from '../core/audit.ts'
import type { TenantPlace } from '../core/tenant.ts'
import type { Services } from '../services.ts'
import { refuse } from './errors.ts'
import { type AdminHono, admin, json, refusals, tenantOf } from './routing.ts'

const RETRY_AFTER_MS = 1000
const ofTenant = z.object({ id: z.string() })

const show = createRoute({
  ...admin,
  method: 'get',
  path: '/admin/tenants/{id}/cache',
  summary: "A tenant's cache: what it holds, what it saved, and how well it recalls by meaning",
  request: { params: ofTenant },
  responses: { 200: json(cacheViewSchema, 'Counted since the tenant began'), ...refusals },
})

const purge = createRoute({
  ...admin,
  method: 'delete',
  path: '/admin/tenants/{id}/cache',
  summary: "Purge a tenant's cache of all that fits every field named; in force everywhere within 10 s",
  request: { params: ofTenant, query: purgeQuerySchema },
  responses: { 200: json(purgedViewSchema, 'How many values were removed'), ...refusals },
})

export function cacheRoutes(app: AdminHono): void {
  app.openapi(show, async (c) => {
    const { services } = c.var
    const { place } = await tenantOf(services, c.req.valid('param').id)
    return c.json(await cacheView(services, place), 200)
  })
  app.openapi(purge, async (c) => {
    const { services, actor } = c.var
    const { id } = c.req.valid('param')
    const { model, before, knowledgeVersion } = c.req.valid('query')
    const { place } = await tenantOf(services, id)
    const filter = { model, knowledgeVersion, beforeMs: before === undefined ? undefined : Date.parse(before) }
    let removed: number | null = null
    try {
      await reached(services, 'vectors', services.vectorIndex.purge(place, filter))
      removed = await reached(services, 'replies', services.replyCache.purge(place, filter))
      return c.json({ removed }, 200)
    } finally {
      // Over many objects there is no one transaction: the entry comes after, and says what came of it. Null: a store
      // was lost on the way, and some of what fits may be gone.
      const head = { id: crypto.randomUUID(), at: new Date(services.clock.now()).toISOString(), actor }
      const after = { model, before, knowledgeVersion, removed }
      await services.directoryAdmin.appendAudit([
        auditEntry({ ...head, action: 'cache.purge', subject: `tenants/${id}/cache` }, { after }),
      ])
    }
  })
}

/**
 * Erases what stores of others than the tenant's own objects hold of a tenant who is gone. A store that is out of reach
 * keeps values that nobody can open any more, since their secret went with the tenant's object, until they expire.
 */
export async function eraseCache(services: Services, place: TenantPlace): Promise<void> {
  const { log, replyCache, vectorIndex } = services
  const told = (store: string) => (error: unknown) =>
    log({ level: 'error', event: 'cache-not-erased', tenant: place.id, store, error: nameOf(error) })
  await Promise.all([replyCache.erase(place).catch(told('replies')), vectorIndex.erase(place).catch(told('vectors'))])
}

async function cacheView(services: Services, place: TenantPlace): Promise<CacheView> {
  const [{ hits, ...stats }, routes] = await Promise.all([
    reached(services, 'replies', services.replyCache.stats(place)),
    reached(services, 'routes', services.semanticRoutes.views(place)),
  ])
  return {
    ...stats,
    hits: { exact: hits.hit, semantic: hits.semantic, coalesced: hits.coalesced },
    dropped: services.outbox.dropped,
    routes: routes.map(({ route, ...view }) => ({ model: route, ...view })),
  }
}

/** What a store of the cache answers. One that does not ends the call with 503; its own words stay here. */
async function reached<T>(services: Services, store: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    services.log({ level: 'error', event: 'cache-store-failed', store, error: nameOf(error) })
    const told = `The cache's store of ${store} is out of reach for the moment. Repeat the call.`
    return refuse('overloaded', told, { retryAfterMs: RETRY_AFTER_MS })
  }
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error)
