/** What a tenant used: roll-ups, and single requests. */
import { createRoute, z } from '@hono/zod-openapi'
import { pageQuerySchema, usageQuerySchema } from '../core/admin-schemas.ts'
import { pageOf, usageRecordViewSchema, usageViewSchema } from '../core/admin-views.ts'
import { type AdminHono, admin, json, page, refusals, tenantOf } from './routing.ts'

const ofTenant = z.object({ id: z.string() })

const rollups = createRoute({
  ...admin,
  method: 'get',
  path: '/admin/tenants/{id}/usage',
  summary: 'Usage of a tenant, summed by model, key and day',
  request: { params: ofTenant, query: usageQuerySchema },
  responses: { 200: json(usageViewSchema, 'One entry a group'), ...refusals },
})

const requests = createRoute({
  ...admin,
  method: 'get',
  path: '/admin/tenants/{id}/usage/requests',
  summary: "A tenant's requests one by one, newest first, refused ones too",
  request: { params: ofTenant, query: pageQuerySchema },
  responses: { 200: json(pageOf(usageRecordViewSchema), 'A page of requests'), ...refusals },
})

export function usageRoutes(app: AdminHono): void {
  app.openapi(rollups, async (c) => {
    const { object } = await tenantOf(c.var.services, c.req.valid('param').id)
    return c.json({ data: await object.usage(c.req.valid('query')) }, 200)
  })
  app.openapi(requests, async (c) => {
    const { after, limit } = c.req.valid('query')
    const { object } = await tenantOf(c.var.services, c.req.valid('param').id)
    const { data, hasMore, last } = await object.requests(after, limit)
    return c.json(page(data, hasMore, last), 200)
  })
}
