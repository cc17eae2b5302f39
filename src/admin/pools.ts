/** Pools of replicas: how one fares, and its workers' tokens: made (shown once), listed, revoked. */
import { createRoute, z } from '@hono/zod-openapi'
import { pageQuerySchema } from '../core/admin-schemas.ts'
import { pageOf } from '../core/admin-views.ts'
import { poolViewSchema } from '../core/pool/views.ts'
import { WORKER_TOKENS_MAX } from '../core/pool/worker-limits.ts'
import {
  newWorkerViewSchema,
  type WorkerView,
  workerInputSchema,
  workerViewSchema,
} from '../core/pool/worker-schemas.ts'
import type { WorkerToken } from '../core/pool/worker-tokens.ts'
import type { Services } from '../services.ts'
import type { PoolAdmin } from '../stores/types/pools.ts'
import { refuse } from './errors.ts'
import { expiryFaults, pepperOf } from './keys.ts'
import { type AdminHono, admin, alsoChecking, body, json, pageWithin, refusals } from './routing.ts'

const ofPool = z.object({ id: z.string() })
const ofWorker = z.object({ id: z.string(), workerId: z.string() })

const show = createRoute({
  ...admin,
  method: 'get',
  path: '/admin/pools/{id}',
  summary: 'How a pool fares: its replicas, its queue, and the workers that are connected',
  request: { params: ofPool },
  responses: { 200: json(poolViewSchema, 'As its object has it now'), ...refusals },
})

const create = createRoute({
  ...admin,
  method: 'post',
  path: '/admin/pools/{id}/workers',
  summary: "Make a worker's token",
  request: { params: ofPool, body: body(workerInputSchema) },
  responses: { 201: json(newWorkerViewSchema, 'The token, shown this once'), ...refusals },
})

const list = createRoute({
  ...admin,
  method: 'get',
  path: '/admin/pools/{id}/workers',
  summary: "Workers' tokens, revoked ones too",
  request: { params: ofPool, query: pageQuerySchema },
  responses: { 200: json(pageOf(workerViewSchema), 'A page, by id'), ...refusals },
})

const revoke = createRoute({
  ...admin,
  method: 'delete',
  path: '/admin/pools/{id}/workers/{workerId}',
  summary: "Revoke a worker's token, and close what was opened with it",
  request: { params: ofWorker },
  responses: { 204: { description: 'Revoked' }, ...refusals },
})

export function poolRoutes(app: AdminHono): void {
  app.openapi(show, async (c) => {
    const { id } = c.req.valid('param')
    const { replicas, workers, ...rest } = await (await poolOf(c.var.services, id)).view()
    const connected = workers.map((worker) => ({ ...worker, models: [...worker.models] }))
    return c.json({ id, ...rest, replicas: [...replicas], workers: connected }, 200)
  })
  app.openapi(
    create,
    async (c) => {
      const { services, actor } = c.var
      const { id: pool } = c.req.valid('param')
      const object = await poolOf(services, pool, true)
      const { token, id, digest } = await services.apiKeys.mintWorker(await pepperOf(services), pool)
      const { name, expiresAt = null } = c.req.valid('json')
      const createdAt = new Date(services.clock.now()).toISOString()
      const fresh = { revokedAt: null, lastSeenAt: null }
      const created = await object.createWorker({ id, name, digest, createdAt, expiresAt, ...fresh }, actor)
      if (created === 'created') return c.json({ id, token }, 201)
      const why =
        created === 'full'
          ? `"${pool}" has ${WORKER_TOKENS_MAX} worker tokens. Those that are revoked make room after 30 days.`
          : 'By a rare chance the new token has the id of another. Repeat the call.'
      return refuse('conflict', why)
    },
    alsoChecking(expiryFaults),
  )
  app.openapi(list, async (c) => {
    const { services } = c.var
    const tokens = await (await poolOf(services, c.req.valid('param').id)).workers()
    const nowMs = services.clock.now()
    const views = tokens.map((token) => workerView(token, nowMs))
    return c.json(
      pageWithin(views, c.req.valid('query'), ({ id }) => id),
      200,
    )
  })
  app.openapi(revoke, async (c) => {
    const { services, actor } = c.var
    const { id, workerId } = c.req.valid('param')
    const object = await poolOf(services, id)
    const revoked = await object.revokeWorker(workerId, new Date(services.clock.now()).toISOString(), actor)
    return revoked ? c.body(null, 204) : refuse('not_found', `"${id}" has no worker "${workerId}" to be revoked.`)
  })
}

/** A pool that the config names; with `takes`, one that takes workers. As the Directory has it: no isolate's older view. */
async function poolOf(services: Services, id: string, takes = false): Promise<PoolAdmin> {
  const { config } = await services.directoryAdmin.config()
  const pool = Object.hasOwn(config.providers ?? {}, id) ? config.providers?.[id]?.pool : undefined
  if (pool === undefined) return refuse('not_found', `The config has no provider "${id}" with a pool.`)
  if (takes && pool.workers !== true)
    return refuse('conflict', `The pool "${id}" takes no workers: set "workers": true in its config before.`)
  return services.poolAdmin(id)
}

function workerView(token: Omit<WorkerToken, 'digest'>, nowMs: number): WorkerView {
  const { id, name, createdAt, expiresAt, revokedAt, lastSeenAt } = token
  const isExpired = expiresAt !== null && Date.parse(expiresAt) <= nowMs
  return {
    id,
    name,
    state: revokedAt !== null ? 'revoked' : isExpired ? 'expired' : 'active',
    createdAt,
    expiresAt,
    lastSeenAt,
  }
}
