/** Worker entry: wiring only. One app per isolate, made at its first request. */
import { waitUntil } from 'cloudflare:workers'
import { adminApp } from './admin/app.ts'
import type { PoolConfig } from './core/config.ts'
import type { Deployment } from './core/snapshot.ts'
import { edgeApp } from './edge/app.ts'
import { settleInterrupted } from './edge/interrupted.ts'
import { lastWords } from './edge/last-words.ts'
import { misconfiguredApp } from './edge/misconfigured.ts'
import { type OwnedRequests, requestOf } from './edge/owned.ts'
import { poolProber } from './jobs/pool-probe.ts'
import { webhookSender } from './jobs/webhook.ts'
import { poolObject } from './objects/pool.ts'
import { streamObject } from './objects/stream.ts'
import { createServices, type Services } from './services.ts'

export { CacheObject } from './objects/cache.ts'
export { DirectoryObject } from './objects/directory.ts'
export { ResponseObject } from './objects/response.ts'
export { SessionObject } from './objects/session.ts'
export { TenantObject } from './objects/tenant.ts'
export { UserObject } from './objects/user.ts'
export { IndexObject } from './objects/vectors.ts'

interface App {
  fetch(request: Request, env?: Env, ctx?: ExecutionContext): Response | Promise<Response>
}

/** What an isolate has, made when it is first needed. */
interface Isolate {
  readonly app: App
  /** Null: a variable is missing or malformed, and every answer says so. */
  readonly services: Services | null
}

const owned: OwnedRequests = new WeakMap()

function makeIsolate(env: Env): Isolate {
  const services = createServices(env, waitUntil)
  if ('fault' in services) {
    console.error(JSON.stringify({ level: 'error', event: 'misconfigured', ...services.fault }))
    return { app: misconfiguredApp(services.fault), services: null }
  }
  const app = edgeApp(services, owned)
  app.route(
    '/',
    adminApp(() => services),
  )
  return { app, services }
}

let isolate: Isolate | undefined

function isolateOf(env: Env): Isolate {
  isolate ??= makeIsolate(env)
  return isolate
}

/** Objects answer with the very app that answers everybody else. */
export class StreamObject extends streamObject((env) => {
  const { app, services } = isolateOf(env)
  if (services === null) throw new Error('the deployment is misconfigured')
  return {
    run: async (job, signal) => app.fetch(await requestOf(services, owned, job, signal), env, undefined),
    deliver: webhookSender(services),
    sealer: async (place, cacheSecret) => services.cacheKeys.keysOf({ cacheSecret }, place),
    settle: (about, events) => settleInterrupted(services, about, events),
    lastWords,
  }
}) {}

/** A pool's object knows the config as every isolate does. */
export class PoolObject extends poolObject((env) => {
  const { services } = isolateOf(env)
  if (services === null) throw new Error('the deployment is misconfigured')
  const { deployment } = services
  const poolOf = ({ config }: Deployment, pool: string): PoolConfig | null => config.providers[pool]?.pool ?? null
  return {
    settings: (pool) => {
      const known = deployment.peek()
      return known === undefined ? deployment.get().then((got) => poolOf(got, pool)) : poolOf(known, pool)
    },
    probe: poolProber(services).probe,
  }
}) {}

export default {
  fetch(request, env, ctx) {
    const { app } = isolateOf(env)
    return app.fetch(request, env, ctx)
  },
} satisfies ExportedHandler<Env>
