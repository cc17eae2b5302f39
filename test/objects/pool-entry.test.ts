/** A worker's way into its pool's object. */
import { expect, it } from 'vitest'
import { TOKEN_VERDICT_HEADER, workerAsk } from '../../src/core/pool/worker-entry.ts'
import type { WorkerVerdict } from '../../src/core/pool/worker-tokens.ts'
import { letWorkerIn } from '../../src/objects/pool-entry.ts'
import type { PoolTokens } from '../../src/objects/pool-tokens.ts'
import { withWorkers } from '../support/pool-workers.ts'

const tokensOf = (verdict: WorkerVerdict) => {
  const asked: unknown[] = []
  const verify = (...question: unknown[]) => {
    asked.push(question)
    return verdict
  }
  return { asked, tokens: { verify } as unknown as PoolTokens }
}
const ask = (headers: Record<string, string> = {}) =>
  new Request('https://pool/worker', { headers: { ...workerAsk({ id: 'AbCdEf12', digest: 'd' }), ...headers } })
const worker = { tokenId: 'AbCdEf12', name: 'rack 3', expiresAtMs: null }

it('is open to a good token that asks for a WebSocket', () =>
  withWorkers(async ({ workers, state }) => {
    const { asked, tokens } = tokensOf({ kind: 'known', worker })
    expect(letWorkerIn(ask(), tokens, workers, 5).status).toBe(426)
    const reply = letWorkerIn(ask({ upgrade: 'WebSocket' }), tokens, workers, 5)
    expect(reply.status).toBe(101)
    expect(asked).toEqual(Array(2).fill(['AbCdEf12', 'd', 5]))
    expect(state.getWebSockets('AbCdEf12')).toHaveLength(1)
    reply.webSocket?.accept()
  }))

it.each(['unknown', 'expired', 'revoked'] as const)('is closed to a token that is %s, and says so', (kind) =>
  withWorkers(async ({ workers, state }) => {
    const reply = letWorkerIn(ask({ upgrade: 'websocket' }), tokensOf({ kind }).tokens, workers, 5)
    expect([reply.status, reply.headers.get(TOKEN_VERDICT_HEADER)]).toEqual([401, kind])
    expect(state.getWebSockets()).toHaveLength(0)
  }),
)
