/** Tenants: made and listed in the Directory, changed in their own object. */
import { createRoute, z } from '@hono/zod-openapi'
import { pageQuerySchema, tenantInputSchema, tenantPatchSchema } from '../core/admin-schemas.ts'
import { pageOf, type TenantView, tenantViewSchema } from '../core/admin-views.ts'
import { limitFaults } from '../core/limit-faults.ts'
import { field } from '../core/loose.ts'
import type { Tenant } from '../core/tenant.ts'
import { eraseCache } from './cache.ts'
import { refuse } from './errors.ts'
import { type AdminHono, admin, alsoChecking, body, json, noTenant, page, refusals, tenantOf } from './routing.ts'

const byId = z.object({ id: z.string() })

const create = createRoute({
  ...admin,
  method: 'post',
  path: '/admin/tenants',
  summary: 'Make a tenant',
  request: { body: body(tenantInputSchema) },
  responses: { 201: json(tenantViewSchema, 'The tenant'), ...refusals },
})

const list = createRoute({
  ...admin,
  method: 'get',
  path: '/admin/tenants',
  summary: 'All tenants',
  request: { query: pageQuerySchema },
  responses: { 200: json(pageOf(tenantViewSchema), 'A page, by id'), ...refusals },
})

const show = createRoute({
  ...admin,
  method: 'get',
  path: '/admin/tenants/{id}',
  summary: 'One tenant',
  request: { params: byId },
  responses: { 200: json(tenantViewSchema, 'The tenant'), ...refusals },
})

const change = createRoute({
  ...admin,
  method: 'patch',
  path: '/admin/tenants/{id}',
  summary: 'Replace the fields named, lists whole; null takes an optional field away',
  request: { params: byId, body: body(tenantPatchSchema) },
  responses: { 200: json(tenantViewSchema, 'The tenant as it is now'), ...refusals },
})

const remove = createRoute({
  ...admin,
  method: 'delete',
  path: '/admin/tenants/{id}',
  summary: 'Delete a tenant: gone at once, erased within 10 minutes',
  request: { params: byId },
  responses: { 202: { description: 'Gone; being erased' }, ...refusals },
})

const checkingLimits = alsoChecking((input) => limitFaults(field(input, 'limits'), ['limits']))

export function tenantRoutes(app: AdminHono): void {
  app.openapi(
    create,
    async (c) => {
      const { services, actor } = c.var
      const createdAt = new Date(services.clock.now()).toISOString()
      const tenant: Tenant = { ...c.req.valid('json'), state: 'active', createdAt }
      const place = await services.directoryAdmin.createTenant(tenant, actor)
      if (place === 'exists') return refuse('conflict', `There is a tenant "${tenant.id}" already.`)
      return c.json(tenantView(tenant), 201)
    },
    checkingLimits,
  )
  app.openapi(list, async (c) => {
    const { after, limit } = c.req.valid('query')
    const { data, hasMore } = await c.var.services.directoryAdmin.tenants(after, limit)
    return c.json(page(data.map(tenantView), hasMore, data.at(-1)?.id), 200)
  })
  app.openapi(show, async (c) => {
    const { id } = c.req.valid('param')
    const { object } = await tenantOf(c.var.services, id)
    return c.json(tenantView((await object.tenant()) ?? noTenant(id)), 200)
  })
  app.openapi(
    change,
    async (c) => {
      const { services, actor } = c.var
      const { id } = c.req.valid('param')
      const { object } = await tenantOf(services, id)
      const named = Object.entries(c.req.valid('json')).map(([field, value]) => [field, value ?? undefined])
      const changed = await object.patch(Object.fromEntries(named), actor)
      return c.json(tenantView(changed ?? noTenant(id)), 200)
    },
    checkingLimits,
  )
  app.openapi(remove, async (c) => {
    const { services, actor } = c.var
    const { id } = c.req.valid('param')
    // The Directory sees to the erasing of the tenant's objects, by its alarm if need be.
    const place = await services.directoryAdmin.deleteTenant(id, actor)
    if (place === null) return noTenant(id)
    services.background(eraseCache(services, place))
    return c.body(null, 202)
  })
}

/** A tenant as it is shown: a field that was never set, or was taken away, is absent. */
function tenantView(tenant: Tenant): TenantView {
  return JSON.parse(JSON.stringify(tenant)) as TenantView
}
