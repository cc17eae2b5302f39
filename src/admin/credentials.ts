/** The operator's provider credentials: sealed on arrival, listed without their values, resealed under a new key. */
import { createRoute, z } from '@hono/zod-openapi'
import { credentialInputSchema, credentialNameSchema, pageQuerySchema } from '../core/admin-schemas.ts'
import { type CredentialView, credentialViewSchema, pageOf, resealedViewSchema } from '../core/admin-views.ts'
import { CREDENTIAL_PUT_TRIES_MAX } from '../core/limits.ts'
import { OPERATOR, type SealedRecord } from '../core/sealed.ts'
import { refuse } from './errors.ts'
import { resealAll } from './reseal.ts'
import { type AdminHono, admin, body, json, pageWithin, refusals } from './routing.ts'

const byName = z.object({ name: z.string() })

const put = createRoute({
  ...admin,
  method: 'put',
  path: '/admin/credentials/{name}',
  summary: 'Seal a provider credential of the operator',
  request: { params: z.object({ name: credentialNameSchema }), body: body(credentialInputSchema) },
  responses: {
    200: json(credentialViewSchema, 'A new value of a known name'),
    201: json(credentialViewSchema, 'A new name'),
    ...refusals,
  },
})

const list = createRoute({
  ...admin,
  method: 'get',
  path: '/admin/credentials',
  summary: "The operator's credentials, without their values",
  request: { query: pageQuerySchema },
  responses: { 200: json(pageOf(credentialViewSchema), 'A page, by name'), ...refusals },
})

const remove = createRoute({
  ...admin,
  method: 'delete',
  path: '/admin/credentials/{name}',
  summary: 'Forget a credential that the config does not name',
  request: { params: byName },
  responses: { 204: { description: 'Forgotten' }, ...refusals },
})

const reseal = createRoute({
  ...admin,
  method: 'post',
  path: '/admin/credentials/reseal',
  summary: 'Move every sealed record, of all tenants too, to the current master key; safe to repeat',
  responses: { 200: json(resealedViewSchema, 'How many were moved, and how many are left'), ...refusals },
})

export function credentialRoutes(app: AdminHono): void {
  app.openapi(put, async (c) => {
    const { services, actor } = c.var
    const { directoryAdmin, vault } = services
    const { name } = c.req.valid('param')
    const { value } = c.req.valid('json')
    const { record, created } = await storeSealed(
      () => directoryAdmin.nextCredentialVersion(name),
      (version) => vault.seal(OPERATOR, name, version, value),
      (record) => directoryAdmin.putCredential(name, record, actor),
    )
    const usedBy = created ? [] : await usersOf(name)
    return c.json(credentialView(name, record, usedBy), created ? 201 : 200)

    async function usersOf(known: string): Promise<string[]> {
      return (await directoryAdmin.credentials()).find((entry) => entry.name === known)?.usedBy ?? []
    }
  })
  app.openapi(list, async (c) => {
    const all = await c.var.services.directoryAdmin.credentials()
    const views = all.map(({ name, record, usedBy }) => credentialView(name, record, usedBy))
    return c.json(
      pageWithin(views, c.req.valid('query'), ({ name }) => name),
      200,
    )
  })
  app.openapi(remove, async (c) => {
    const { services, actor } = c.var
    const { name } = c.req.valid('param')
    const outcome = await services.directoryAdmin.deleteCredential(name, actor)
    if (outcome === 'deleted') return c.body(null, 204)
    if (outcome === 'unknown') return refuse('not_found', `There is no credential "${name}".`)
    const faults = outcome.usedBy.map((path) => ({ path, message: `names the credential "${name}"` }))
    return refuse('conflict', `The config names "${name}" at ${outcome.usedBy.join(', ')}. Take it out there first.`, {
      faults,
    })
  })
  app.openapi(reseal, async (c) => {
    const { services, actor } = c.var
    const counts = await resealAll(services)
    const id = crypto.randomUUID()
    const at = new Date(services.clock.now()).toISOString()
    // Over many objects there is no one transaction: the entry says what came of it, for it is what lets a key go.
    const entry = { id, at, actor, action: 'credential.reseal', subject: 'credentials', after: counts }
    await services.directoryAdmin.appendAudit([entry])
    return c.json(counts, 200)
  })
}

/** What may be shown of a credential. */
export function credentialView(name: string, record: SealedRecord, usedBy: string[]): CredentialView {
  return { name, createdAt: record.createdAt, version: record.version, last4: record.last4, usedBy }
}

/** Seals a value with the next version of its name and stores it; anew when another call was faster. */
export async function storeSealed(
  nextVersion: () => Promise<number>,
  seal: (version: number) => Promise<SealedRecord>,
  store: (record: SealedRecord) => Promise<{ created: boolean } | { stale: true }>,
): Promise<{ record: SealedRecord; created: boolean }> {
  for (let tries = 0; tries < CREDENTIAL_PUT_TRIES_MAX; tries++) {
    const record = await seal(await nextVersion())
    const outcome = await store(record)
    if ('created' in outcome) return { record, created: outcome.created }
  }
  return refuse('conflict', 'Others are changing this credential at the same moment. Repeat the call.')
}
