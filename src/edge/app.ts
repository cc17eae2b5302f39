/** The public face: routes of /v1 and of the pages beside it. The admin API is mounted next to it by index.ts. */
import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { createAuthCache } from '../authenticate/cache.ts'
import { type Refusal, refusal } from '../core/errors.ts'
import type { Services } from '../services.ts'
import { BodyBudget } from './body.ts'
import { corsOf } from './cors.ts'
import { docsPage } from './docs.ts'
import type { EdgeEnv } from './env.ts'
import { errorReply } from './error-reply.ts'
import { commonHeaders } from './headers.ts'
import { health, ready } from './health.ts'
import { type Edge, inference } from './inference.ts'
import { listModels, retrieveModel } from './models.ts'
import { openapiDocument, registerPublicPaths } from './openapi.ts'

const INTERNAL = refusal('internal', 'Something went wrong on our side. Try again; if it stays, tell your operator.')

/** Makes the app; one per isolate. `log` hears of faults of our own. */
export function edgeApp(services: Services): OpenAPIHono<EdgeEnv> {
  const edge: Edge = {
    services,
    guard: { clock: services.clock, apiKeys: services.apiKeys, cache: createAuthCache(services) },
    bodies: new BodyBudget(),
  }
  const app = new OpenAPIHono<EdgeEnv>()
  app.use(async (c, next) => {
    c.set('requestId', crypto.randomUUID())
    await next()
    // Inference replies carry theirs already; this is for all the others.
    if (c.res.headers.has('x-request-id')) return
    for (const [name, value] of Object.entries(commonHeaders(c.get('requestId'), c.req.raw.headers)))
      c.res.headers.set(name, value)
  })
  app.onError((error, c) => {
    services.log({ level: 'error', event: 'internal', 'x-request-id': c.get('requestId'), error: nameOf(error) })
    return refused(c, INTERNAL)
  })
  app.notFound((c) =>
    refused(c, refusal('not_found', `There is no ${c.req.path}. GET /openapi.json lists what there is.`)),
  )

  app.use('/v1/*', corsOf(services))
  const at = (method: 'get' | 'post', path: string, handler: (c: Context<EdgeEnv>) => Response | Promise<Response>) => {
    app.on(method.toUpperCase(), path, handler)
    app.all(path, (c) => refused(c, wrongMethod(c, method)))
  }
  at('post', '/v1/chat/completions', inference(edge, 'chat'))
  at('post', '/v1/completions', inference(edge, 'completions'))
  at('post', '/v1/embeddings', inference(edge, 'embeddings'))
  at('get', '/v1/models', listModels(edge))
  at('get', '/v1/models/:id{.+}', retrieveModel(edge))
  at('get', '/health', health)
  at('get', '/ready', ready(services))
  at('get', '/openapi.json', (c) => c.json(openapiDocument(app)))
  at('get', '/docs', (c) => docsPage(c, openapiDocument(app)))
  registerPublicPaths(app)
  return app
}

const refused = (c: Context<EdgeEnv>, reason: Refusal): Response =>
  errorReply(reason, commonHeaders(c.get('requestId'), c.req.raw.headers))

function wrongMethod(c: Context, method: 'get' | 'post'): Refusal {
  const allow = method === 'get' ? 'GET, HEAD' : 'POST'
  return refusal('method_not_allowed', `${c.req.path} does not take ${c.req.method}. It takes ${allow}.`, { allow })
}

/** A message may quote what it failed on; the class and the place do not. */
const nameOf = (error: Error): string => `${error.name} ${error.stack?.split('\n')[1]?.trim() ?? ''}`
