/** The config document: apply, dry run, versions, rollback, and the schema it is validated with. */
import { createRoute, z } from '@hono/zod-openapi'
import { configQuerySchema, pageQuerySchema, rollbackInputSchema } from '../core/admin-schemas.ts'
import { appliedViewSchema, configVersionViewSchema, configViewSchema, pageOf } from '../core/admin-views.ts'
import { configSchema } from '../core/config.ts'
import { refuse, refuseInput } from './errors.ts'
import { type AdminHono, admin, body, json, page, refusals } from './routing.ts'

const apply = {
  ...admin,
  method: 'put',
  path: '/admin/config',
  summary: 'Validate and apply the whole config document',
  responses: { 200: json(appliedViewSchema, 'What changed, or would'), ...refusals },
} as const

/**
 * The Directory validates the document, against its own schema and the credentials that exist in one go, so that all
 * faults come at once: this route takes any JSON, and another stands for it in the OpenAPI document.
 */
const takeConfig = createRoute({
  ...apply,
  hide: true,
  request: { query: configQuerySchema, body: body(z.unknown()) },
})
const documented = createRoute({ ...apply, request: { query: configQuerySchema, body: body(configSchema) } })

const showConfig = createRoute({
  ...admin,
  method: 'get',
  path: '/admin/config',
  summary: 'The config document in force, as it was written',
  responses: { 200: json(configViewSchema, 'The document and its version'), ...refusals },
})

const listVersions = createRoute({
  ...admin,
  method: 'get',
  path: '/admin/config/versions',
  summary: 'Versions of the config document, newest first',
  request: { query: pageQuerySchema },
  responses: { 200: json(pageOf(configVersionViewSchema), 'A page of versions'), ...refusals },
})

const rollBack = createRoute({
  ...admin,
  method: 'post',
  path: '/admin/config/rollback',
  summary: 'Apply an earlier version again, as a new one',
  request: { body: body(rollbackInputSchema) },
  responses: { 200: json(appliedViewSchema, 'What changed'), ...refusals },
})

const showSchema = createRoute({
  ...admin,
  method: 'get',
  path: '/admin/config.schema.json',
  summary: 'JSON Schema of the config document',
  responses: { 200: json(z.record(z.string(), z.unknown()), 'The schema'), ...refusals },
})

export function configRoutes(app: AdminHono): void {
  app.openAPIRegistry.registerPath(documented)
  app.openapi(takeConfig, async (c) => {
    const { services, actor } = c.var
    // A forgotten file is not a document that takes everything away.
    if (c.var.json === undefined) refuseInput([{ path: '', message: 'is required: send the whole document' }])
    const { allowPrivate, providers } = services
    const { dryRun } = c.req.valid('query')
    const options = { dryRun, allowPrivate, protocols: [...providers.keys()], actor }
    const applied = await services.directoryAdmin.applyConfig(c.req.valid('json'), options)
    if (!applied.ok) return refuseInput(applied.faults)
    return c.json({ version: applied.version, changes: applied.changes }, 200)
  })
  app.openapi(showConfig, async (c) => {
    const { version, config } = await c.var.services.directoryAdmin.config()
    return c.json({ version, config }, 200)
  })
  app.openapi(listVersions, async (c) => {
    const { after, limit } = c.req.valid('query')
    const { data, hasMore } = await c.var.services.directoryAdmin.configVersions(after, limit)
    return c.json(page(data, hasMore, data.at(-1)?.version.toString()), 200)
  })
  app.openapi(rollBack, async (c) => {
    const { services, actor } = c.var
    const { version } = c.req.valid('json')
    const applied = await services.directoryAdmin.rollback(version, actor)
    if (applied.ok) return c.json({ version: applied.version, changes: applied.changes }, 200)
    if (applied.reason === 'unknown') return refuse('not_found', `There is no version ${version} of the config.`)
    const { faults } = applied
    const where = faults.map(({ path, message }) => `${path} ${message}`).join('; ')
    return refuse('conflict', `Version ${version} cannot be in force now: ${where}.`, { faults })
  })
  app.openapi(showSchema, (c) => c.json(z.toJSONSchema(configSchema, { io: 'input' }) as Record<string, unknown>, 200))
}
