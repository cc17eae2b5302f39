/** The Worker of the pool lane: the product's own, and a loop that asks its pool's object. */
import { createExecutionContext, env } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { PAIRS_POOL, type PairsRun, pairsConfig } from '../../../../scripts/bench/pool-pairs.ts'
import worker from '../../../../scripts/bench/pool-worker/index.ts'
import { admin } from '../../../support/admin.ts'

const ask = (path: string, init: RequestInit = {}) =>
  worker.fetch(
    new Request(`https://sluice.test${path}`, init) as Parameters<typeof worker.fetch>[0],
    env as unknown as Env,
    createExecutionContext(),
  )

it('makes pairs over the object of a pool that the config names, and is the product otherwise', async () => {
  await admin('PUT /config', pairsConfig({ providers: {}, models: {}, limits: [] }))
  const job = { atOnce: 4, measureMs: 1000, first: 0 }
  const reply = await ask('/bench/pairs', { method: 'POST', body: JSON.stringify(job) })
  const run = (await reply.json()) as PairsRun
  expect(run.asked).toBeGreaterThan(8)
  expect(run.refused).toBe(0)
  expect((await ask('/health')).status).toBe(200)
  const view = (await admin(`GET /pools/${PAIRS_POOL}`)).body as { bound: number }
  expect(view.bound).toBe(run.asked)
})
