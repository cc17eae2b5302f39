/** Worker entry: wiring only. One app per isolate, made at its first request. */
import { waitUntil } from 'cloudflare:workers'
import { adminApp } from './admin/app.ts'
import { edgeApp } from './edge/app.ts'
import { misconfiguredApp } from './edge/misconfigured.ts'
import { createServices } from './services.ts'

export { CacheObject } from './objects/cache.ts'
export { DirectoryObject } from './objects/directory.ts'
export { ResponseObject } from './objects/response.ts'
export { SessionObject } from './objects/session.ts'
export { StreamObject } from './objects/stream.ts'
export { TenantObject } from './objects/tenant.ts'
export { UserObject } from './objects/user.ts'
export { IndexObject } from './objects/vectors.ts'

interface App {
  fetch(request: Request, env: Env, ctx: ExecutionContext): Response | Promise<Response>
}

function makeApp(env: Env): App {
  const services = createServices(env, waitUntil)
  if ('fault' in services) {
    console.error(JSON.stringify({ level: 'error', event: 'misconfigured', ...services.fault }))
    return misconfiguredApp(services.fault)
  }
  const app = edgeApp(services)
  app.route(
    '/',
    adminApp(() => services),
  )
  return app
}

let app: App | undefined

export default {
  fetch(request, env, ctx) {
    app ??= makeApp(env)
    return app.fetch(request, env, ctx)
  },
} satisfies ExportedHandler<Env>
