/** How the deployment stands: its status, a try of a provider's credential, and the audit log. */
import { createRoute, z } from '@hono/zod-openapi'
import { pageQuerySchema } from '../core/admin-schemas.ts'
import {
  type AuditEntryView,
  auditEntryViewSchema,
  pageOf,
  providerCheckViewSchema,
  statusViewSchema,
} from '../core/admin-views.ts'
import { configSchema } from '../core/config.ts'
import type { AuditEntry } from '../core/control.ts'
import { STATUS_RECORDS_MS } from '../core/limits.ts'
import { withDeadline } from '../lib/clock.ts'
import { VERSION } from '../lib/version.ts'
import { refuse } from './errors.ts'
import { checkProvider } from './provider-check.ts'
import { recordsUnderOldKey } from './reseal.ts'
import { type AdminHono, admin, json, page, refusals } from './routing.ts'

const check = createRoute({
  ...admin,
  method: 'post',
  path: '/admin/providers/{name}/check',
  summary: "Try a provider's credential",
  request: { params: z.object({ name: z.string() }) },
  responses: { 200: json(providerCheckViewSchema, 'How it went, in words that carry no secret'), ...refusals },
})

const status = createRoute({
  ...admin,
  method: 'get',
  path: '/admin/status',
  summary: 'How the deployment stands',
  responses: { 200: json(statusViewSchema, 'The status, as this isolate sees it'), ...refusals },
})

const audit = createRoute({
  ...admin,
  method: 'get',
  path: '/admin/audit',
  summary: 'Every change, oldest first',
  request: { query: pageQuerySchema },
  responses: { 200: json(pageOf(auditEntryViewSchema), 'A page; `last` is where to go on from later'), ...refusals },
})

export function statusRoutes(app: AdminHono): void {
  app.openapi(check, async (c) => {
    const { services } = c.var
    const { name } = c.req.valid('param')
    // Asked of the Directory itself: a snapshot may not know yet what was applied a moment ago.
    const [{ config: document }, credentials] = await Promise.all([
      services.directoryAdmin.config(),
      services.directoryAdmin.credentials(),
    ])
    const { providers } = configSchema.parse(document)
    const config = Object.hasOwn(providers, name) ? providers[name] : undefined
    if (config === undefined) return refuse('not_found', `The config has no provider "${name}".`)
    const records = new Map(credentials.map(({ name, record }) => [name, record]))
    return c.json(await checkProvider(services, config, records), 200)
  })
  app.openapi(status, async (c) => {
    const { services } = c.var
    const [{ version: configVersion }, recordsLeft] = await Promise.all([
      services.directoryAdmin.config(),
      // Asked of every tenant's object: one that does not answer must not hide how the rest stands.
      withDeadline(services.clock, STATUS_RECORDS_MS, recordsUnderOldKey(services), late).catch(() => null),
    ])
    const own = services.status?.() ?? { degradedSeconds: 0, rowsDropped: 0, ledgerCalls: 0 }
    return c.json({ version: VERSION, configVersion, ...own, recordsUnderOldKey: recordsLeft }, 200)
  })
  app.openapi(audit, async (c) => {
    const { after, limit } = c.req.valid('query')
    const { data, hasMore } = await c.var.services.directoryAdmin.audit(after, limit)
    return c.json(page(data.map(auditEntryView), hasMore, data.at(-1)?.id), 200)
  })
}

const late = (): Error => new Error('tenants did not answer in time')

function auditEntryView({ at, actor, action, subject, before, after }: AuditEntry): AuditEntryView {
  return {
    at,
    actor,
    action,
    subject,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  }
}
