/** How a tenant's limits stand: levels, reservations alive, next free slot. */
import { createRoute, z } from '@hono/zod-openapi'
import { tenantLimitsViewSchema } from '../core/admin-views.ts'
import { configSchema } from '../core/config.ts'
import { ADMIN_PAGE_MAX, LIMITS_VIEW_KEYS_MAX } from '../core/limits.ts'
import { limitsInForce } from '../core/limits-in-force.ts'
import { limitRows, type Watched, watched } from '../core/limits-view.ts'
import { type ApiKey, keyState } from '../core/tenant.ts'
import type { TenantAdmin } from '../stores/types.ts'
import { type AdminHono, admin, json, noTenant, refusals, tenantOf } from './routing.ts'

const show = createRoute({
  ...admin,
  method: 'get',
  path: '/admin/tenants/{id}/limits',
  summary: "A tenant's limits in force, and how they stand",
  request: { params: z.object({ id: z.string() }) },
  responses: {
    200: json(tenantLimitsViewSchema, 'A row for each counter in use, and for each unused limit'),
    ...refusals,
  },
})

export function limitRoutes(app: AdminHono): void {
  app.openapi(show, async (c) => {
    const { services } = c.var
    const { id } = c.req.valid('param')
    const { object } = await tenantOf(services, id)
    const nowMs = services.clock.now()
    // Asked of the Directory itself: a snapshot may not know yet what was applied a moment ago.
    const [{ config: document }, tenant, keys] = await Promise.all([
      services.directoryAdmin.config(),
      object.tenant(),
      liveKeys(object, nowMs),
    ])
    const limits = watchedOf(configSchema.parse(document), tenant ?? noTenant(id), keys)
    const view = await object.ledger(limits.flatMap(({ counters }) => counters))
    const { reservations, slices, waiting } = view
    return c.json({ data: limitRows(limits, view), reservations, slices, waiting }, 200)
  })
}

type Key = Pick<ApiKey, 'id' | 'limits'>

/** What counts for all keys, then what single keys have of their own. */
function watchedOf(
  config: z.output<typeof configSchema>,
  tenant: NonNullable<Awaited<ReturnType<TenantAdmin['tenant']>>>,
  keys: readonly Key[],
): Watched[] {
  const aliases = Object.keys(config.models)
  const ofTenant = limitsInForce(config, tenant, null).flatMap((limit) => {
    const counted = keys.filter(({ limits = [] }) => limits.every(({ name }) => name !== limit.name))
    return watched([limit], { keys: counted.map(({ id }) => id), aliases, users: 'all' })
  })
  const ofKeys = keys.flatMap((key) => {
    const named = new Set(key.limits?.map(({ name }) => name))
    const own = limitsInForce(config, tenant, key).filter(({ name }) => named.has(name))
    return watched(own, { keys: [key.id], aliases, users: 'all' })
  })
  return [...ofTenant, ...ofKeys]
}

async function liveKeys(object: TenantAdmin, nowMs: number): Promise<Key[]> {
  const live: Key[] = []
  let after: string | undefined
  do {
    const { data, hasMore } = await object.keys(after, ADMIN_PAGE_MAX)
    live.push(...data.filter((key) => ['active', 'expiring'].includes(keyState(key, nowMs))))
    after = hasMore ? data.at(-1)?.id : undefined
  } while (after !== undefined && live.length < LIMITS_VIEW_KEYS_MAX)
  return live.slice(0, LIMITS_VIEW_KEYS_MAX)
}
