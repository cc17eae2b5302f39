/** CORS for the public API: nothing unless the config names the origin. Never on /admin. */
import type { MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import type { Services } from '../services.ts'
import type { EdgeEnv } from './env.ts'

/** Headers of ours that a page may read. */
const EXPOSED = [
  'x-request-id',
  'x-client-request-id',
  'x-upstream-request-id',
  'x-sluice-model',
  'x-sluice-target',
  'x-sluice-attempts',
  'x-sluice-cache',
  'x-sluice-queue-ms',
  'x-sluice-overhead-ms',
  'x-sluice-cost-usd',
  'x-sluice-deferred',
  'x-sluice-dropped-params',
  'retry-after',
  'retry-after-ms',
  'x-should-retry',
  'server-timing',
]
const PREFLIGHT_SECONDS = 600

/** Answers preflights and marks replies for the origins that the config names; costs nothing without an Origin header. */
export function corsOf(services: Services): MiddlewareHandler<EdgeEnv> {
  const allow = cors({
    origin: (origin) => origin,
    allowMethods: ['GET', 'POST', 'PUT', 'DELETE'],
    exposeHeaders: EXPOSED,
    maxAge: PREFLIGHT_SECONDS,
  })
  return async (c, next) => {
    const origin = c.req.header('origin')
    if (origin === undefined) return next()
    const deployment = await services.deployment.get().catch(() => null)
    const origins = deployment?.config.cors.origins ?? []
    return origins.includes(origin) || origins.includes('*') ? allow(c, next) : next()
  }
}
