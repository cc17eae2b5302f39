/** A tenant's own provider credentials, used instead of the operator's of the same name. */
import { createRoute, z } from '@hono/zod-openapi'
import { credentialNameSchema, pageQuerySchema, tenantCredentialInputSchema } from '../core/admin-schemas.ts'
import { pageOf, type TenantCredentialView, tenantCredentialViewSchema } from '../core/admin-views.ts'
import { usesOfCredential } from '../core/config-faults.ts'
import type { TenantCredential } from '../core/tenant.ts'
import type { Services } from '../services.ts'
import { credentialView, storeSealed } from './credentials.ts'
import { refuse } from './errors.ts'
import { type AdminHono, admin, body, json, pageWithin, refusals, tenantOf } from './routing.ts'

const put = createRoute({
  ...admin,
  method: 'put',
  path: '/admin/tenants/{id}/credentials/{name}',
  summary: "Seal a tenant's own provider credential",
  request: {
    params: z.object({ id: z.string(), name: credentialNameSchema }),
    body: body(tenantCredentialInputSchema),
  },
  responses: {
    200: json(tenantCredentialViewSchema, 'A new value of a known name'),
    201: json(tenantCredentialViewSchema, 'A new name'),
    ...refusals,
  },
})

const list = createRoute({
  ...admin,
  method: 'get',
  path: '/admin/tenants/{id}/credentials',
  summary: "A tenant's own credentials, without their values",
  request: { params: z.object({ id: z.string() }), query: pageQuerySchema },
  responses: { 200: json(pageOf(tenantCredentialViewSchema), 'A page, by name'), ...refusals },
})

const ofName = z.object({ id: z.string(), name: z.string() })

const show = createRoute({
  ...admin,
  method: 'get',
  path: '/admin/tenants/{id}/credentials/{name}',
  summary: "One of a tenant's own credentials, without its value",
  request: { params: ofName },
  responses: { 200: json(tenantCredentialViewSchema, 'The credential'), ...refusals },
})

const remove = createRoute({
  ...admin,
  method: 'delete',
  path: '/admin/tenants/{id}/credentials/{name}',
  summary: "Forget a tenant's own credential; the operator's serves again",
  request: { params: ofName },
  responses: { 204: { description: 'Forgotten' }, ...refusals },
})

export function tenantCredentialRoutes(app: AdminHono): void {
  app.openapi(put, async (c) => {
    const { services, actor } = c.var
    const { id, name } = c.req.valid('param')
    const { value, fallbackToOperator } = c.req.valid('json')
    const { object } = await tenantOf(services, id)
    const { record, created } = await storeSealed(
      () => object.nextCredentialVersion(name),
      (version) => services.vault.seal(id, name, version, value),
      (record) => object.putCredential(name, { record, fallbackToOperator }, actor),
    )
    const [view] = await views(services, [{ name, credential: { record, fallbackToOperator } }])
    return c.json(view as TenantCredentialView, created ? 201 : 200)
  })
  app.openapi(list, async (c) => {
    const { services } = c.var
    const { object } = await tenantOf(services, c.req.valid('param').id)
    const all = await views(services, await object.credentials())
    return c.json(
      pageWithin(all, c.req.valid('query'), ({ name }) => name),
      200,
    )
  })
  app.openapi(show, async (c) => {
    const { services } = c.var
    const { id, name } = c.req.valid('param')
    const { object } = await tenantOf(services, id)
    const [view] = await views(
      services,
      (await object.credentials()).filter((entry) => entry.name === name),
    )
    return c.json(view ?? noCredential(id, name), 200)
  })
  app.openapi(remove, async (c) => {
    const { services, actor } = c.var
    const { id, name } = c.req.valid('param')
    const { object } = await tenantOf(services, id)
    return (await object.deleteCredential(name, actor)) ? c.body(null, 204) : noCredential(id, name)
  })
}

function noCredential(id: string, name: string): never {
  refuse('not_found', `The tenant "${id}" has no credential "${name}" of its own.`)
}

async function views(
  { directoryAdmin }: Services,
  entries: readonly { name: string; credential: TenantCredential }[],
): Promise<TenantCredentialView[]> {
  const { config } = await directoryAdmin.config()
  return entries.map(({ name, credential: { record, fallbackToOperator } }) => {
    const usedBy = new Set(usesOfCredential(config, name).map(({ provider }) => provider))
    return { ...credentialView(name, record, [...usedBy]), fallbackToOperator }
  })
}
