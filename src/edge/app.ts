/** The public face: routes of /v1 and of the pages beside it. The admin API is mounted next to it by index.ts. */
import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context, MiddlewareHandler } from 'hono'
import { createAuthCache } from '../authenticate/cache.ts'
import { type Refusal, refusal } from '../core/errors.ts'
import type { Services } from '../services.ts'
import type { Edge } from './arrival.ts'
import { runningResponses } from './background.ts'
import { BodyBudget } from './body.ts'
import {
  createConversation,
  deleteConversation,
  exportConversation,
  retrieveConversation,
  updateConversation,
} from './conversations/conversations.ts'
import { createEvent, isUpgrade, listenTo } from './conversations/events.ts'
import { createItems, deleteItem, listItems, retrieveItem } from './conversations/items.ts'
import { corsOf } from './cors.ts'
import { docsPage } from './docs.ts'
import { errorReply } from './error-reply.ts'
import { commonHeaders } from './headers.ts'
import { health, ready } from './health.ts'
import { idempotently } from './idempotent.ts'
import { inference } from './inference.ts'
import { responseRoutes } from './kept/routes.ts'
import { KnownBodies } from './known-bodies.ts'
import { keyLimits } from './limits.ts'
import { listModels, retrieveModel } from './models.ts'
import { openapiDocument, registerPublicPaths } from './openapi.ts'
import { registerResponsePaths } from './openapi-responses.ts'
import type { OwnedRequests } from './owned.ts'
import { poolWorker } from './pool-worker.ts'
import { deleteProfile, getProfile, putProfile } from './profiles.ts'
import { RELAYED, relay } from './relay.ts'
import { errorsAt } from './skin-errors.ts'
import { SKINS } from './skins.ts'
import { cancelStream, readStream } from './stream-routes.ts'
import { keyUsage } from './usage.ts'
import { WrittenHeaders } from './written-headers.ts'

const INTERNAL = refusal('internal', 'Something went wrong on our side. Try again; if it stays, tell your operator.')

/** Makes the app; one per isolate. `log` hears of faults of our own; `owned` holds what objects of it answer. */
export function edgeApp(services: Services, owned: OwnedRequests = new WeakMap()): OpenAPIHono {
  const edge: Edge = {
    services,
    guard: { clock: services.clock, apiKeys: services.apiKeys, cache: createAuthCache(services) },
    bodies: new BodyBudget(services.clock),
    known: new KnownBodies(),
    written: new WrittenHeaders(),
    owned,
  }
  const app = new OpenAPIHono()
  const cors = corsOf(services)
  app.onError((error, c) => {
    const headers = commonHeaders(c.req.raw.headers)
    services.log({ level: 'error', event: 'internal', 'x-request-id': headers['x-request-id'], error: nameOf(error) })
    return errorReply(INTERNAL, headers, errorsAt(c.req.path))
  })

  // The hot paths: one handler each and no middleware, which lets Hono call it directly.
  for (const [path, skin] of Object.entries(SKINS)) app.post(path, cors.around(inference(edge, skin)))
  for (const path of RELAYED) app.post(`/v1${path}`, cors.around(idempotently(edge, relay(edge, path))))

  app.options('/v1/*', cors.preflight)
  for (const path of ['/ready', '/openapi.json', '/docs', '/admin/*']) app.use(path, identify)
  app.get('/v1/models', cors.around(listModels(edge)))
  app.get('/v1/models/:id{.+}', cors.around(retrieveModel(edge)))
  const responses = responseRoutes(edge, runningResponses(edge))
  app.get('/v1/responses/:id', cors.around(responses.retrieve))
  app.delete('/v1/responses/:id', cors.around(responses.remove))
  app.get('/v1/responses/:id/input_items', cors.around(responses.inputItems))
  app.post('/v1/responses/:id/cancel', cors.around(idempotently(edge, responses.cancel)))
  app.get('/v1/limits', cors.around(keyLimits(edge)))
  app.get('/v1/usage', cors.around(keyUsage(edge)))
  app.get('/v1/streams/:id', cors.around(readStream(edge)))
  app.post('/v1/streams/:id/cancel', cors.around(idempotently(edge, cancelStream(edge))))
  app.put(PROFILE, cors.around(putProfile(edge)))
  app.get(PROFILE, cors.around(getProfile(edge)))
  app.delete(PROFILE, cors.around(deleteProfile(edge)))
  conversationRoutes(app, edge, cors)
  // No page dials in: workers are programs.
  app.get('/v1/pools/:pool/worker', poolWorker(edge, services.poolWorkers))
  app.get('/health', health)
  app.get('/ready', ready(services))
  app.get('/openapi.json', (c) => c.json(openapiDocument(app)))
  app.get('/docs', (c) => docsPage(c, openapiDocument(app)))
  app.notFound((c) => refused(c, noRoute(c)))
  registerPublicPaths(app)
  registerResponsePaths(app)
  return app
}

const PROFILE = '/v1/users/:id/profile'
function conversationRoutes(app: OpenAPIHono, edge: Edge, cors: ReturnType<typeof corsOf>): void {
  const [all, one] = ['/v1/conversations', '/v1/conversations/:id']
  app.post(all, cors.around(idempotently(edge, createConversation(edge))))
  app.get(one, cors.around(retrieveConversation(edge)))
  app.post(one, cors.around(idempotently(edge, updateConversation(edge))))
  app.delete(one, cors.around(deleteConversation(edge)))
  app.get(`${one}/export`, cors.around(exportConversation(edge)))
  app.get(`${one}/items`, cors.around(listItems(edge)))
  app.post(`${one}/items`, cors.around(idempotently(edge, createItems(edge))))
  app.get(`${one}/items/:item`, cors.around(retrieveItem(edge)))
  app.delete(`${one}/items/:item`, cors.around(deleteItem(edge)))
  app.post(`${one}/events`, cors.around(idempotently(edge, createEvent(edge))))
  const listen = listenTo(edge)
  const marked = cors.around(listen)
  // A reply that carries a socket cannot be made anew to be marked, and pages need no CORS for theirs.
  app.get(`${one}/events`, (c) => (isUpgrade(c) ? listen(c) : marked(c)))
}

/** Path → the methods it takes, for a 405 where another is tried. */
const METHODS: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`^(?:${[...Object.keys(SKINS), ...RELAYED.map((path) => `/v1${path}`)].join('|')})$`), 'POST'],
  [/^\/v1\/streams\/[^/]+\/cancel$/, 'POST'],
  [/^\/(?:v1\/(?:models(?:\/.+)?|streams\/[^/]+|limits|usage)|health|ready|openapi\.json|docs)$/, 'GET, HEAD'],
  [/^\/v1\/responses\/[^/]+$/, 'GET, HEAD, DELETE'],
  [/^\/v1\/responses\/[^/]+\/input_items$/, 'GET, HEAD'],
  [/^\/v1\/responses\/[^/]+\/cancel$/, 'POST'],
  [/^\/v1\/users\/[^/]+\/profile$/, 'GET, HEAD, PUT, DELETE'],
  [/^\/v1\/pools\/[^/]+\/worker$/, 'GET, HEAD'],
  [/^\/v1\/conversations$/, 'POST'],
  [/^\/v1\/conversations\/[^/]+$/, 'GET, HEAD, POST, DELETE'],
  [/^\/v1\/conversations\/[^/]+\/(?:items|events)$/, 'GET, HEAD, POST'],
  [/^\/v1\/conversations\/[^/]+\/export$/, 'GET, HEAD'],
  [/^\/v1\/conversations\/[^/]+\/items\/[^/]+$/, 'GET, HEAD, DELETE'],
]

/** Puts our request id on what a handler answered without it. */
const identify: MiddlewareHandler = async (c, next) => {
  await next()
  if (c.res.headers.has('x-request-id')) return
  for (const [name, value] of Object.entries(commonHeaders(c.req.raw.headers))) c.res.headers.set(name, value)
}

const refused = (c: Context, reason: Refusal): Response =>
  errorReply(reason, commonHeaders(c.req.raw.headers), errorsAt(c.req.path))

function noRoute({ req: { path, method } }: Context): Refusal {
  const allow = METHODS.find(([pattern]) => pattern.test(path))?.[1]
  return allow === undefined
    ? refusal('not_found', `There is no ${path}. GET /openapi.json lists what there is.`)
    : refusal('method_not_allowed', `${path} does not take ${method}. It takes ${allow}.`, { allow })
}

/** A message may quote what it failed on; the class and the place do not. */
const nameOf = (error: Error): string => `${error.name} ${error.stack?.split('\n')[1]?.trim() ?? ''}`
