/** A worker's way into its pool's object: the token is verified here, so that one that is revoked opens nothing at once. */
import { TOKEN_DIGEST_HEADER, TOKEN_ID_HEADER, TOKEN_VERDICT_HEADER } from '../core/pool/worker-entry.ts'
import type { PoolTokens } from './pool-tokens.ts'
import type { PoolWorkers } from './pool-workers.ts'

/** What the object answers at `WORKER_PATH`: 101 · 401 with the verdict · 426 to who asks for no WebSocket · 503: too many. */
export function letWorkerIn(
  request: Request,
  tokens: Pick<PoolTokens, 'verify'>,
  workers: PoolWorkers,
  nowMs: number,
): Response {
  const id = request.headers.get(TOKEN_ID_HEADER) ?? ''
  const digest = request.headers.get(TOKEN_DIGEST_HEADER) ?? ''
  const verdict = tokens.verify(id, digest, nowMs)
  if (verdict.kind === 'known') return workers.accept(request, verdict.worker)
  return new Response(null, { status: 401, headers: { [TOKEN_VERDICT_HEADER]: verdict.kind } })
}
