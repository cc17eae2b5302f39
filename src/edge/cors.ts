/** CORS for the public API: nothing unless the config names the origin. Never on /admin. */
import type { Context, Next } from 'hono'
import { cors } from 'hono/cors'
import type { Services } from '../services.ts'
import { commonHeaders } from './headers.ts'

/** Headers of ours that a page may read. */
const EXPOSED = [
  'x-request-id',
  'x-client-request-id',
  'x-upstream-request-id',
  'request-id',
  'x-sluice-model',
  'x-sluice-session',
  'x-sluice-target',
  'x-sluice-attempts',
  'x-sluice-cache',
  'x-sluice-cache-reason',
  'x-sluice-pool-reason',
  'x-sluice-pool-match',
  'x-sluice-pool-candidates',
  'x-sluice-replica',
  'x-sluice-similarity',
  'age',
  'x-sluice-queue-ms',
  'x-sluice-overhead-ms',
  'x-sluice-cost-usd',
  'x-sluice-deferred',
  'x-sluice-stream',
  'x-sluice-dropped-params',
  'x-sluice-token-count',
  'x-sluice-limited-by',
  'x-ratelimit-limit-requests',
  'x-ratelimit-remaining-requests',
  'x-ratelimit-reset-requests',
  'x-ratelimit-limit-tokens',
  'x-ratelimit-remaining-tokens',
  'x-ratelimit-reset-tokens',
  'ratelimit-policy',
  'ratelimit',
  'retry-after',
  'retry-after-ms',
  'x-should-retry',
  'server-timing',
]
const PREFLIGHT_SECONDS = 600

type Handle = (c: Context) => Response | Promise<Response>

/** CORS of one app. */
export interface Cors {
  /** A handler whose replies are marked for the origins that the config names; without an Origin header it is called as it is. */
  around(handle: Handle): Handle
  /** Answers a preflight, or not found where the origin is none of ours. */
  readonly preflight: (c: Context, next: Next) => Promise<Response | undefined>
}

export function corsOf(services: Services): Cors {
  const allow = cors({
    origin: (origin) => origin,
    allowMethods: ['GET', 'POST', 'PUT', 'DELETE'],
    exposeHeaders: EXPOSED,
    maxAge: PREFLIGHT_SECONDS,
  })
  const isNamed = async (origin: string | null): Promise<boolean> => {
    if (origin === null) return false
    const deployment = await services.deployment.get().catch(() => null)
    return deployment?.config.cors.origins.includes(origin) === true
  }
  const marked = async (c: Context, handle: Handle): Promise<Response> => {
    const reply = await handle(c)
    if (!(await isNamed(c.req.raw.headers.get('origin')))) return reply
    await allow(c, async () => {
      c.res = reply
    })
    return c.res
  }
  return {
    around: (handle) => (c) => (c.req.raw.headers.has('origin') ? marked(c, handle) : handle(c)),
    preflight: async (c, next) => {
      if (await isNamed(c.req.raw.headers.get('origin'))) {
        for (const [name, value] of Object.entries(commonHeaders(c.req.raw.headers))) c.res.headers.set(name, value)
        return (await allow(c, next)) ?? undefined
      }
      await next()
      return undefined
    },
  }
}
