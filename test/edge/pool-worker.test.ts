/** The way in of workers over HTTP: who reaches a pool's object, and what the others are told. */
import { Hono } from 'hono'
import { expect, it } from 'vitest'
import { type PoolWorkerEntry, TOKEN_VERDICT_HEADER } from '../../src/core/pool/worker-entry.ts'
import { poolWorker } from '../../src/edge/pool-worker.ts'
import { isolate } from '../support/worker.ts'

const config = {
  providers: {
    gpu: { protocol: 'openai', pool: { workers: true } },
    fixed: { protocol: 'openai', pool: { replicas: [{ id: 'a', url: 'https://a.test/v1' }] } },
  },
}

async function world(answer: () => Promise<Response> = async () => new Response(null, { status: 426 })) {
  const at = await isolate({ config })
  const asked: unknown[][] = []
  const pools: PoolWorkerEntry = {
    connect(...question) {
      asked.push(question)
      return answer()
    },
  }
  const app = new Hono()
  app.get('/v1/pools/:pool/worker', poolWorker({ services: at.services, guard: at.guard }, pools))
  const pepper = (await at.services.deployment.get()).pepper
  if (pepper === null) throw new Error('no pepper')
  const mint = (pool: string) => at.services.apiKeys.mintWorker(pepper, pool)
  const dial = async (pool: string, authorization?: string, headers: Record<string, string> = {}) =>
    app.request(`/v1/pools/${pool}/worker`, {
      headers: { ...headers, ...(authorization === undefined ? {} : { authorization }) },
    })
  const code = async (reply: Response) => [reply.status, (await reply.json<{ error: { code: string } }>()).error.code]
  return { asked, mint, dial, code }
}

it('asks an object only of tokens that were minted here for a pool that takes workers', async () => {
  const { asked, mint, dial, code } = await world()
  const { token, id, digest } = await mint('gpu')
  const fixed = await mint('fixed')
  const none = await mint('none')
  expect(await code(await dial('gpu'))).toEqual([401, 'invalid_api_key'])
  expect(await code(await dial('gpu', `Bearer ${token.slice(0, -1)}x`))).toEqual([401, 'invalid_api_key'])
  expect(await code(await dial('gpu', `Bearer ${fixed.token}`))).toEqual([401, 'invalid_api_key'])
  expect(await code(await dial('fixed', `Bearer ${fixed.token}`))).toEqual([404, 'not_found'])
  expect(await code(await dial('none', `Bearer ${none.token}`))).toEqual([404, 'not_found'])
  expect(asked).toEqual([])
  await dial('gpu', `Bearer ${token}`)
  await dial('gpu', `Bearer ${token}`, { upgrade: 'WebSocket' })
  expect(asked).toMatchObject([
    ['gpu', { id, digest }, false],
    ['gpu', { id, digest }, true],
  ])
})

it('hands on the socket', async () => {
  const { 0: client, 1: server } = new WebSocketPair()
  const { mint, dial } = await world(async () => new Response(null, { status: 101, webSocket: client }))
  const reply = await dial('gpu', `Bearer ${(await mint('gpu')).token}`, { upgrade: 'websocket' })
  expect([reply.status, reply.webSocket === null]).toEqual([101, false])
  expect(reply.headers.get('x-request-id')).not.toBeNull()
  reply.webSocket?.accept()
  server.accept()
  server.close(1000)
})

const told = (status: number, verdict?: string) => async () =>
  new Response(null, { status, ...(verdict === undefined ? {} : { headers: { [TOKEN_VERDICT_HEADER]: verdict } }) })
it.each([
  ['a revoked token', told(401, 'revoked'), 401, 'revoked_api_key'],
  ['an expired token', told(401, 'expired'), 401, 'expired_api_key'],
  ['a token that is gone', told(401, 'unknown'), 401, 'invalid_api_key'],
  ['no WebSocket', told(426), 400, 'invalid_request'],
  ['too many workers', told(503), 503, 'overloaded'],
  ['an object that fails', told(500), 503, 'overloaded'],
  ['an object out of reach', () => Promise.reject(new Error('away')), 503, 'overloaded'],
])('says what is wrong: %s', async (_, answer, status, name) => {
  const { mint, dial, code } = await world(answer)
  expect(await code(await dial('gpu', `Bearer ${(await mint('gpu')).token}`))).toEqual([status, name])
})
