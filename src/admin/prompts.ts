/** Prompt templates of a tenant: versions that are put, looked at, brought back and forgotten. */
import { createRoute, z } from '@hono/zod-openapi'
import { pageQuerySchema, rollbackInputSchema } from '../core/admin-schemas.ts'
import { pageOf } from '../core/admin-views.ts'
import { TEMPLATES_PER_TENANT_MAX } from '../core/prompts/limits.ts'
import { templateFaults, templateSchema } from '../core/prompts/schema.ts'
import {
  listedTemplateViewSchema,
  putTemplateViewSchema,
  type TemplateView,
  templateVersionViewSchema,
  templateViewSchema,
} from '../core/prompts/views.ts'
import type { Services } from '../services.ts'
import type { PromptAdmin } from '../stores/types.ts'
import { refuse } from './errors.ts'
import {
  type AdminHono,
  admin,
  alsoChecking,
  body,
  json,
  noTenant,
  page,
  pageWithin,
  refusals,
  tenantOf,
} from './routing.ts'

const ofTenant = z.object({ id: z.string() })
const ofName = z.object({ id: z.string(), name: z.string() })
const versionQuery = z.strictObject({
  version: z.coerce.number().int().min(1).optional().describe('Absent: the newest'),
})

const put = createRoute({
  ...admin,
  method: 'put',
  path: '/admin/tenants/{id}/prompts/{name}',
  summary: 'Put a prompt template: a new version, unless it is as the newest is',
  request: { params: ofName, body: body(templateSchema) },
  responses: {
    200: json(putTemplateViewSchema, 'The version in force, of a known name'),
    201: json(putTemplateViewSchema, 'A new name'),
    ...refusals,
  },
})

const list = createRoute({
  ...admin,
  method: 'get',
  path: '/admin/tenants/{id}/prompts',
  summary: 'Prompt templates of a tenant',
  request: { params: ofTenant, query: pageQuerySchema },
  responses: { 200: json(pageOf(listedTemplateViewSchema), 'A page, by name'), ...refusals },
})

const show = createRoute({
  ...admin,
  method: 'get',
  path: '/admin/tenants/{id}/prompts/{name}',
  summary: 'One version of a prompt template',
  request: { params: ofName, query: versionQuery },
  responses: { 200: json(templateViewSchema, 'The version asked for, else the newest'), ...refusals },
})

const versions = createRoute({
  ...admin,
  method: 'get',
  path: '/admin/tenants/{id}/prompts/{name}/versions',
  summary: 'The versions that are kept of a prompt template',
  request: { params: ofName, query: pageQuerySchema },
  responses: { 200: json(pageOf(templateVersionViewSchema), 'A page, newest first'), ...refusals },
})

const rollback = createRoute({
  ...admin,
  method: 'post',
  path: '/admin/tenants/{id}/prompts/{name}/rollback',
  summary: 'Make a new version of an old one',
  request: { params: ofName, body: body(rollbackInputSchema) },
  responses: { 200: json(putTemplateViewSchema, 'The new version'), ...refusals },
})

const remove = createRoute({
  ...admin,
  method: 'delete',
  path: '/admin/tenants/{id}/prompts/{name}',
  summary: 'Forget a prompt template with all its versions',
  request: { params: ofName },
  responses: { 204: { description: 'Forgotten' }, ...refusals },
})

export function promptRoutes(app: AdminHono): void {
  app.openapi(
    put,
    async (c) => {
      const { services, actor } = c.var
      const { id, name } = c.req.valid('param')
      const made = await (await promptsOf(services, id)).put(name, c.req.valid('json'), actor)
      if (made === null) return noTenant(id)
      if (made === 'full')
        return refuse('conflict', `"${id}" has ${TEMPLATES_PER_TENANT_MAX} prompt templates. Delete one before.`)
      return c.json({ id: name, version: made.version }, made.created ? 201 : 200)
    },
    alsoChecking((input, _, { name = '' }) => templateFaults(input, name)),
  )
  app.openapi(list, async (c) => {
    const { id } = c.req.valid('param')
    const all = (await (await promptsOf(c.var.services, id)).list()) ?? noTenant(id)
    const { data, has_more, last } = pageWithin(all, c.req.valid('query'), ({ name }) => name)
    return c.json(
      page(
        data.map(({ name, ...listed }) => ({ id: name, ...listed })),
        has_more,
        last,
      ),
      200,
    )
  })
  app.openapi(show, async (c) => {
    const { id, name } = c.req.valid('param')
    const { version = null } = c.req.valid('query')
    const stored = await (await promptsOf(c.var.services, id)).read(name, version)
    if (stored === null) return noPrompt(id, name, version)
    const { template, ...about } = stored
    return c.json({ id: name, ...about, ...template } as TemplateView, 200)
  })
  app.openapi(versions, async (c) => {
    const { id, name } = c.req.valid('param')
    const { after, limit } = c.req.valid('query')
    const all = (await (await promptsOf(c.var.services, id)).versions(name)) ?? []
    if (all.length === 0) return noPrompt(id, name, null)
    const rest = after === undefined ? all : all.filter(({ version }) => version < Number(after))
    const data = rest.slice(0, limit)
    return c.json(page(data, rest.length > data.length, data.at(-1)?.version.toString()), 200)
  })
  app.openapi(rollback, async (c) => {
    const { services, actor } = c.var
    const { id, name } = c.req.valid('param')
    const { version } = c.req.valid('json')
    const made = await (await promptsOf(services, id)).rollback(name, version, actor)
    return made === null ? noPrompt(id, name, version) : c.json({ id: name, ...made }, 200)
  })
  app.openapi(remove, async (c) => {
    const { services, actor } = c.var
    const { id, name } = c.req.valid('param')
    const deleted = await (await promptsOf(services, id)).delete(name, actor)
    if (deleted === 'in-use')
      return refuse('conflict', `"${name}" is the profileTemplate of "${id}". Take that away before.`)
    return deleted === null ? noPrompt(id, name, null) : c.body(null, 204)
  })
}

async function promptsOf(services: Services, id: string): Promise<PromptAdmin> {
  return services.promptAdmin((await tenantOf(services, id)).place)
}

function noPrompt(id: string, name: string, version: number | null): never {
  const which = version === null ? `prompt template "${name}"` : `version ${version} of a prompt template "${name}"`
  refuse('not_found', `The tenant "${id}" has no ${which}.`)
}
