/** `GET /v1/pools/{pool}/worker`: a worker dials in to its pool, and from then on requests come to it over the socket. */
import type { Context } from 'hono'
import { authenticateWorker } from '../authenticate/worker.ts'
import { type Refusal, refusal } from '../core/errors.ts'
import { type PoolWorkerEntry, TOKEN_VERDICT_HEADER } from '../core/pool/worker-entry.ts'
import type { Edge } from './arrival.ts'
import { errorReply } from './error-reply.ts'
import { commonHeaders } from './headers.ts'

const ANOTHER = 'Ask your operator for a new one.'
const UNKNOWN = refusal('invalid_api_key', `This worker token is not valid for this pool. Check it. ${ANOTHER}`)
const EXPIRED = refusal('expired_api_key', `This worker token has expired. ${ANOTHER}`)
const REVOKED = refusal('revoked_api_key', `This worker token was revoked. ${ANOTHER}`)
const NO_SOCKET = refusal('invalid_request', 'The token is good. Ask for a WebSocket here, as `sluice worker` does.', {
  param: 'upgrade',
})
const FULL = refusal('overloaded', 'The pool has as many workers as it takes. Try again later.', {
  retryAfterMs: 10_000,
})
const UNREACHABLE = refusal('overloaded', 'The pool cannot be reached at the moment. Try again in a second.', {
  retryAfterMs: 1000,
})

/** Lets a worker in. A token that was not minted here for a pool that takes workers never reaches an object. */
export const poolWorker =
  ({ services, guard }: Pick<Edge, 'services' | 'guard'>, pools: PoolWorkerEntry) =>
  async (c: Context): Promise<Response> => {
    const headers = commonHeaders(c.req.raw.headers)
    const pool = c.req.param('pool') ?? ''
    const deployment = services.deployment.peek() ?? (await services.deployment.get().catch(() => null))
    if (deployment === null) return errorReply(UNREACHABLE, headers)
    const asking = { apiKeys: services.apiKeys, cache: guard.cache }
    const token = await authenticateWorker(asking, c.req.header('authorization') ?? null, pool, deployment)
    if (token.kind === 'refused') return errorReply(token.refusal, headers)
    if (deployment.config.providers[pool]?.pool?.workers !== true) return errorReply(noPool(pool), headers)
    const isUpgrade = c.req.header('upgrade')?.toLowerCase() === 'websocket'
    const reply = await pools.connect(pool, token, isUpgrade).catch(() => null)
    if (reply?.status === 101) return new Response(null, { status: 101, webSocket: reply.webSocket, headers })
    return errorReply(reply === null ? UNREACHABLE : refusalOf(reply), headers)
  }

const noPool = (pool: string): Refusal =>
  refusal('not_found', `There is no pool "${pool}" that takes workers. The config's provider needs "workers": true.`)

function refusalOf({ status, headers }: Response): Refusal {
  if (status === 426) return NO_SOCKET
  if (status === 503) return FULL
  if (status !== 401) return UNREACHABLE
  const verdict = headers.get(TOKEN_VERDICT_HEADER)
  return verdict === 'revoked' ? REVOKED : verdict === 'expired' ? EXPIRED : UNKNOWN
}
