/** A tenant's webhook: where its events go by default, and the secret that signs them, shown once. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { webhookInputSchema } from '../core/admin-schemas.ts'
import {
  newWebhookViewSchema,
  rotatedWebhookViewSchema,
  type WebhookView,
  webhookViewSchema,
} from '../core/admin-views.ts'
import { CREDENTIAL_PUT_TRIES_MAX } from '../core/limits.ts'
import { type SealedRecord, webhookSecretName } from '../core/sealed.ts'
import type { TenantWebhook, WebhookChange, WebhookChanged } from '../core/webhook.ts'
import { WEBHOOK_OVERLAP_MS, WEBHOOK_SECRET_BYTES } from '../core/webhook-limits.ts'
import { webhookUrlFault } from '../core/webhook-url.ts'
import { webhookSecret } from '../lib/standard-webhooks.ts'
import type { Services } from '../services.ts'
import type { TenantAdmin } from '../stores/types.ts'
import { refuse, refuseInput } from './errors.ts'
import { type AdminEnv, type AdminHono, admin, body, json, noTenant, refusals, tenantOf } from './routing.ts'

const ofTenant = z.object({ id: z.string() })
const path = '/admin/tenants/{id}/webhook'

const put = createRoute({
  ...admin,
  method: 'put',
  path,
  summary: 'Make a tenant’s webhook, or point it elsewhere',
  request: { params: ofTenant, body: body(webhookInputSchema) },
  responses: {
    200: json(webhookViewSchema, 'There was one: its secret stays'),
    201: json(newWebhookViewSchema, 'Made; the secret is shown this once'),
    ...refusals,
  },
})

const show = createRoute({
  ...admin,
  method: 'get',
  path,
  summary: 'A tenant’s webhook, without its secret',
  request: { params: ofTenant },
  responses: { 200: json(webhookViewSchema, 'The webhook'), ...refusals },
})

const rotate = createRoute({
  ...admin,
  method: 'post',
  path: `${path}/rotate`,
  summary: 'Make a new secret; the old one signs beside it for 24 h',
  request: { params: ofTenant },
  responses: { 201: json(rotatedWebhookViewSchema, 'The new secret, shown this once'), ...refusals },
})

const remove = createRoute({
  ...admin,
  method: 'delete',
  path,
  summary: 'Forget a tenant’s webhook; what is still to be delivered is given up',
  request: { params: ofTenant },
  responses: { 204: { description: 'Forgotten' }, ...refusals },
})

export function tenantWebhookRoutes(app: AdminHono): void {
  app.openapi(put, async (c) => {
    const { services, actor } = c.var
    const { id } = c.req.valid('param')
    const { url } = c.req.valid('json')
    if (typeof url === 'string') await checkUrl(c, url)
    const { object } = await tenantOf(services, id)
    const made = await sealedChange(services, id, object, actor, (secret, webhook) => {
      if (webhook === null) return { kind: 'create', url: url ?? null, secret }
      return { kind: 'point', url: url === undefined ? webhook.url : url }
    })
    const view = await viewOf(object, id)
    return made.change.kind === 'create' ? c.json({ ...view, secret: made.value }, 201) : c.json(view, 200)
  })
  app.openapi(show, async (c) => {
    const { id } = c.req.valid('param')
    const { object } = await tenantOf(c.var.services, id)
    return c.json(await viewOf(object, id), 200)
  })
  app.openapi(rotate, async (c) => {
    const { services, actor } = c.var
    const { id } = c.req.valid('param')
    const { object } = await tenantOf(services, id)
    const previousUntil = new Date(services.clock.now() + WEBHOOK_OVERLAP_MS).toISOString()
    const { value } = await sealedChange(services, id, object, actor, (secret, webhook) =>
      webhook === null ? noWebhook(id) : { kind: 'rotate', secret, previousUntil },
    )
    return c.json({ secret: value, previousUntil }, 201)
  })
  app.openapi(remove, async (c) => {
    const { services, actor } = c.var
    const { id } = c.req.valid('param')
    const { object } = await tenantOf(services, id)
    return (await object.changeWebhook({ kind: 'delete' }, actor)) === 'changed' ? c.body(null, 204) : noWebhook(id)
  })
}

/** Makes a change that may need a secret of the next version; anew when another call was faster. */
async function sealedChange(
  { vault }: Services,
  id: string,
  object: TenantAdmin,
  actor: string,
  changeOf: (secret: SealedRecord, webhook: TenantWebhook | null) => WebhookChange,
): Promise<{ value: string; change: WebhookChange }> {
  const value = webhookSecret(crypto.getRandomValues(new Uint8Array(WEBHOOK_SECRET_BYTES)))
  let changed: WebhookChanged = 'stale'
  for (let tries = 0; tries < CREDENTIAL_PUT_TRIES_MAX; tries++) {
    const settings = (await object.webhook()) ?? noTenant(id)
    const { nextVersion } = settings
    const secret = await vault.seal(id, webhookSecretName(nextVersion), nextVersion, value)
    const change = changeOf(secret, settings.webhook)
    changed = await object.changeWebhook(change, actor)
    if (changed === 'changed') return { value, change }
  }
  return refuse('conflict', 'Others are changing this webhook at the same moment. Repeat the call.')
}

/** The same policy as for a request that names one. */
async function checkUrl(c: Context<AdminEnv>, url: string): Promise<void> {
  const { directoryAdmin, webhooksPrivate: allowPrivate } = c.var.services
  const { config } = await directoryAdmin.config()
  const ownHosts = [new URL(c.req.url).hostname, ...(config.webhooks?.ownHosts ?? [])]
  const fault = webhookUrlFault(url, { ownHosts, allowPrivate })
  if (fault !== null) refuseInput([{ path: '/url', message: `must ${fault}` }])
}

async function viewOf(object: TenantAdmin, id: string): Promise<WebhookView> {
  const { url, secret, previous } = (await object.webhook())?.webhook ?? noWebhook(id)
  return { url, createdAt: secret.createdAt, last4: secret.last4, previousUntil: previous?.until ?? null }
}

function noWebhook(id: string): never {
  refuse('not_found', `The tenant "${id}" has no webhook. PUT /admin/tenants/${id}/webhook makes one.`)
}
