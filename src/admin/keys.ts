/** API keys of a tenant: made and rotated (shown once), listed without their secrets, changed, revoked. */
import { createRoute, z } from '@hono/zod-openapi'
import {
  type KeyPatch,
  keyInputSchema,
  keyPatchSchema,
  pageQuerySchema,
  rotateInputSchema,
} from '../core/admin-schemas.ts'
import { type KeyView, keyViewSchema, newKeyViewSchema, pageOf } from '../core/admin-views.ts'
import type { Fault } from '../core/control.ts'
import { limitFaults } from '../core/limit-faults.ts'
import { field } from '../core/loose.ts'
import type { SealedRecord } from '../core/sealed.ts'
import { type ApiKey, type KeyFields, keyState } from '../core/tenant.ts'
import type { Services } from '../services.ts'
import { refuse } from './errors.ts'
import { type AdminHono, admin, alsoChecking, body, json, noTenant, page, refusals, tenantOf } from './routing.ts'

const ofTenant = z.object({ id: z.string() })
const ofKey = z.object({ id: z.string(), keyId: z.string() })

const create = createRoute({
  ...admin,
  method: 'post',
  path: '/admin/tenants/{id}/keys',
  summary: 'Make an API key',
  request: { params: ofTenant, body: body(keyInputSchema) },
  responses: { 201: json(newKeyViewSchema, 'The key, shown this once'), ...refusals },
})

const list = createRoute({
  ...admin,
  method: 'get',
  path: '/admin/tenants/{id}/keys',
  summary: "A tenant's keys, revoked ones too",
  request: { params: ofTenant, query: pageQuerySchema },
  responses: { 200: json(pageOf(keyViewSchema), 'A page, oldest first'), ...refusals },
})

const change = createRoute({
  ...admin,
  method: 'patch',
  path: '/admin/tenants/{id}/keys/{keyId}',
  summary: 'Replace the fields named of a key that lives, lists whole; null takes an optional field away',
  request: { params: ofKey, body: body(keyPatchSchema) },
  responses: { 200: json(keyViewSchema, 'The key as it is now'), ...refusals },
})

const revoke = createRoute({
  ...admin,
  method: 'delete',
  path: '/admin/tenants/{id}/keys/{keyId}',
  summary: 'Revoke a key',
  request: { params: ofKey },
  responses: { 204: { description: 'Revoked' }, ...refusals },
})

const rotate = createRoute({
  ...admin,
  method: 'post',
  path: '/admin/tenants/{id}/keys/{keyId}/rotate',
  summary: 'Make a successor of a key, and let the old one live a while longer',
  request: { params: ofKey, body: body(rotateInputSchema) },
  responses: { 201: json(newKeyViewSchema, 'The successor, shown this once'), ...refusals },
})

const checkingLimitsAndExpiry = alsoChecking((input, nowMs) => [
  ...limitFaults(field(input, 'limits'), ['limits']),
  ...expiryFaults(input, nowMs),
])

export function keyRoutes(app: AdminHono): void {
  app.openapi(
    create,
    async (c) => {
      const { services, actor } = c.var
      const { id: tenantId } = c.req.valid('param')
      const { object } = await tenantOf(services, tenantId)
      const { key, id, digest } = await services.apiKeys.mint(await pepperOf(services), tenantId)
      const { expiresAt = null, ...input } = c.req.valid('json')
      const fresh = { revokedAt: null, overlapUntil: null, lastUsedOn: null }
      const createdAt = isoAt(services.clock.now())
      const created = await object.createKey({ ...input, id, digest, createdAt, expiresAt, ...fresh }, actor)
      if (created) return c.json({ id, key }, 201)
      if ((await object.tenant()) === null) return noTenant(tenantId)
      return refuse('conflict', 'By a rare chance the new key has the id of another. Repeat the call.')
    },
    checkingLimitsAndExpiry,
  )
  app.openapi(list, async (c) => {
    const { services } = c.var
    const { after, limit } = c.req.valid('query')
    const { object } = await tenantOf(services, c.req.valid('param').id)
    const { data, hasMore } = await object.keys(after, limit)
    const now = services.clock.now()
    return c.json(
      page(
        data.map((key) => keyView(key, now)),
        hasMore,
        data.at(-1)?.id,
      ),
      200,
    )
  })
  app.openapi(
    change,
    async (c) => {
      const { services, actor } = c.var
      const { id, keyId } = c.req.valid('param')
      const { object } = await tenantOf(services, id)
      const changed = await object.patchKey(keyId, fieldsOf(c.req.valid('json')), actor)
      return c.json(keyView(changed ?? noLivingKey(keyId), services.clock.now()), 200)
    },
    checkingLimitsAndExpiry,
  )
  app.openapi(revoke, async (c) => {
    const { services, actor } = c.var
    const { id, keyId } = c.req.valid('param')
    const { object } = await tenantOf(services, id)
    const revoked = await object.revokeKey(keyId, isoAt(services.clock.now()), actor)
    return revoked ? c.body(null, 204) : refuse('not_found', `There is no key "${keyId}" that could be revoked.`)
  })
  app.openapi(rotate, async (c) => {
    const { services, actor } = c.var
    const { id: tenantId, keyId } = c.req.valid('param')
    const { object } = await tenantOf(services, tenantId)
    const { key, id, digest } = await services.apiKeys.mint(await pepperOf(services), tenantId)
    const now = services.clock.now()
    const overlapUntil = isoAt(now + c.req.valid('json').overlapSeconds * 1000)
    const rotated = await object.rotateKey(keyId, { id, digest, createdAt: isoAt(now) }, overlapUntil, actor)
    return rotated ? c.json({ id, key }, 201) : noLivingKey(keyId)
  })
}

const isoAt = (ms: number): string => new Date(ms).toISOString()

/** The pepper under all keys, made by whoever needs it first. */
export async function pepperOf({ apiKeys, deployment, directory }: Services): Promise<SealedRecord> {
  return (await deployment.get()).pepper ?? directory.ensurePepper(await apiKeys.newPepper())
}

/** What is wrong with when a key, or a token, is to expire. */
export function expiryFaults(input: unknown, nowMs: number): Fault[] {
  const expiresAt = field(input, 'expiresAt')
  if (typeof expiresAt !== 'string' || !(Date.parse(expiresAt) <= nowMs)) return []
  return [{ path: '/expiresAt', message: 'must be in the future' }]
}

/** Of a key that never expires `expiresAt` is null; every other field that is not there is absent. */
function fieldsOf({ expiresAt, ...named }: KeyPatch): KeyFields {
  const fields = Object.fromEntries(Object.entries(named).map(([name, value]) => [name, value ?? undefined]))
  return expiresAt === undefined ? fields : { ...fields, expiresAt }
}

function noLivingKey(id: string): never {
  refuse('not_found', `There is no living key "${id}".`)
}

function keyView(key: ApiKey, nowMs: number): KeyView {
  const ends = [key.expiresAt, key.overlapUntil].filter((end) => end !== null).sort()
  return {
    id: key.id,
    name: key.name,
    state: keyState(key, nowMs),
    createdAt: key.createdAt,
    expiresAt: ends[0] ?? null,
    lastUsedOn: key.lastUsedOn,
    models: key.models === undefined ? null : [...key.models],
    limits: key.limits === undefined ? null : [...key.limits],
  }
}
