/** The admin API as one app: guard first, then bounded JSON, then the topics. */
import type { Context } from 'hono'
import type { Services } from '../services.ts'
import { boundedJson } from './body.ts'
import { cacheRoutes } from './cache.ts'
import { configRoutes } from './config.ts'
import { credentialRoutes } from './credentials.ts'
import { onError, refuse } from './errors.ts'
import { guard } from './guard.ts'
import { keyRoutes } from './keys.ts'
import { limitRoutes } from './limits.ts'
import { poolRoutes } from './pools.ts'
import { promptRoutes } from './prompts.ts'
import { type AdminEnv, type AdminHono, adminHono } from './routing.ts'
import { statusRoutes } from './status.ts'
import { tenantCredentialRoutes } from './tenant-credentials.ts'
import { tenantWebhookRoutes } from './tenant-webhooks.ts'
import { tenantRoutes } from './tenants.ts'
import { usageRoutes } from './usage.ts'

/**
 * Makes the app; one per isolate, since its guard counts wrong tokens. `servicesOf` is asked once a call. Paths are
 * whole (`/admin/…`), so the app may be called directly or mounted with `app.route('/', admin)`. The latter also brings
 * its paths into the OpenAPI document of an `OpenAPIHono`; elsewhere `admin.openAPIRegistry.definitions` has them.
 */
export function adminApp(servicesOf: (c: Context<AdminEnv>) => Services | Promise<Services>): AdminHono {
  const app = adminHono()
  app.openAPIRegistry.registerComponent('securitySchemes', 'adminToken', { type: 'http', scheme: 'bearer' })
  app.onError(onError)
  app.use('/admin/*', async (c, next) => {
    c.set('services', await servicesOf(c))
    await next()
    c.header('cache-control', 'no-store')
  })
  app.use('/admin/*', guard())
  app.use('/admin/*', boundedJson)
  for (const routes of [configRoutes, credentialRoutes, tenantRoutes, keyRoutes, tenantCredentialRoutes]) routes(app)
  for (const routes of [promptRoutes, tenantWebhookRoutes]) routes(app)
  for (const routes of [limitRoutes, cacheRoutes, usageRoutes, statusRoutes]) routes(app)
  poolRoutes(app)
  app.all('/admin/*', (c) => noRoute(app, c.req.path, c.req.method))
  return app
}

/** 405 with the methods that the path does take, 404 where it takes none. */
function noRoute(app: AdminHono, path: string, method: string): never {
  const routes = app.openAPIRegistry.definitions.flatMap((entry) => (entry.type === 'route' ? [entry.route] : []))
  const here = routes.filter((route) => new RegExp(`^${patternOf(route.path)}$`).test(path))
  if (here.length === 0) refuse('not_found', `The admin API has no ${path}. GET /openapi.json lists what it has.`)
  const allow = here.map((route) => route.method.toUpperCase()).join(', ')
  refuse('method_not_allowed', `${path} does not take ${method}. It takes ${allow}.`, { allow })
}

/** `/a.b/{id}` → `/a\.b/[^/]+` */
const patternOf = (path: string): string =>
  path
    .split(/\{\w+\}/)
    .map((part) => part.replaceAll('.', '\\.'))
    .join('[^/]+')
