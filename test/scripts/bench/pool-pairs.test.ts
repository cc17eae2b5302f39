/** The loop over a pool's object: pairs as an isolate makes them, measured when all is warm. */
import { expect, it } from 'vitest'
import { drivePairs, meteredPairs, PAIRS_POOL, type PairsJob, pairsConfig } from '../../../scripts/bench/pool-pairs.ts'
import { configSchema } from '../../../src/core/config.ts'
import type { PoolEvent, PoolRequest } from '../../../src/core/pool/types.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import type { PoolStore } from '../../../src/stores/types.ts'

it('has sixteen replicas whose health nobody looks at while it runs', () => {
  const config = configSchema.parse(pairsConfig({ providers: {}, models: {}, limits: [] }))
  const pool = config.providers[PAIRS_POOL]?.pool
  expect(pool?.replicas).toHaveLength(16)
  expect(((pool?.kvTokens ?? 0) / 128) * 16).toBe(100_000)
  expect(pool?.health.intervalMs).toBeGreaterThan(60_000)
})

it('takes a replica, tells that it has begun and ended, and waits for the turn of what is queued', async () => {
  const requests: PoolRequest[] = []
  const told: PoolEvent[] = []
  const said = { epoch: 'e', isQueued: false }
  const choice = { reason: 'cold', matchedBlocks: 0, blocks: 40, candidates: [] } as const
  const boundTo = (id: string) => ({ kind: 'bound', id, replica: 'r-0', choice }) as const
  const store: PoolStore = {
    async acquire(_place, request, events) {
      requests.push(request)
      told.push(...events)
      await new Promise((resolve) => setTimeout(resolve, 1))
      const isQueued = requests.length % 2 === 0
      const turn = isQueued ? ({ kind: 'queued', id: request.id, expectedMs: 1 } as const) : boundTo(request.id)
      return { ...said, turn }
    },
    turn: async (_place, id) => {
      await new Promise((resolve) => setTimeout(resolve, 3))
      return boundTo(id)
    },
    async tell(_place, { events }) {
      told.push(...events)
      return said
    },
    workers: () => ({ fetch: () => Promise.reject(new Error('there are none')) }),
  }
  const work: Promise<unknown>[] = []
  const job: PairsJob = { atOnce: 4, measureMs: 60, first: 100 }
  const run = await drivePairs(store, systemClock, (one) => void work.push(one), job)
  await Promise.all(work)
  expect(run).toMatchObject({ asked: requests.length, refused: 0 })
  expect(run.asked).toBeGreaterThan(8)
  expect(run.queuedShare).toBeGreaterThan(0.3)
  expect(run.callsPerPair).toBeGreaterThan(1.3)
  expect(requests[0]?.id).toBe('request-101.0')
  expect(new Set(requests.map(({ blocks }) => blocks.length))).toEqual(new Set([40]))
  const kinds = Object.groupBy(told, ({ kind }) => kind)
  expect([kinds.first?.length, kinds.ended?.length, kinds.left]).toEqual([run.asked, run.asked, undefined])
})

it('counts the CPU time of the second run alone, which goes on where the first one ended', async () => {
  const jobs: PairsJob[] = []
  const result = { perSecond: 50, asked: 300, p50Ms: 1, p99Ms: 2, queuedShare: 0, refused: 0, callsPerPair: 1 }
  const run = async (job: PairsJob) => {
    jobs.push(job)
    return result
  }
  const times = [1000, 1100]
  const metered = await meteredPairs(run, () => times.shift() ?? 0)
  expect(metered).toEqual({ ...result, perCpuSecond: 3000 })
  expect(jobs.map(({ first }) => first)).toEqual([0, 300])
})
