/** The pool lane's conversations and costs: who is asked for what, in turn. */
import { expect, it } from 'vitest'
import { chatsRuns, costRounds } from '../../../scripts/bench/pool-lane.ts'
import type { ChatsJob, PoolLoad } from '../../../scripts/bench/pool-types.ts'
import type { RecallJob, RecallResult } from '../../../scripts/bench/types.ts'
import { benchPool } from '../../support/bench-pool.ts'

it('holds the same conversations through the pool and by round-robin, and looks at what each replica did', async () => {
  const { place, options } = benchPool()
  const jobs: ChatsJob[] = []
  const load = async (job: ChatsJob): Promise<object> => {
    jobs.push(job)
    return { requests: 320 }
  }
  const runs = await chatsRuns(place, load as PoolLoad, options)
  expect(runs.map(({ way }) => way)).toEqual(['pool', 'round-robin'])
  expect(jobs.map(({ models }) => models)).toEqual([['chats'], ['one-0', 'one-1', 'one-2', 'one-3']])
  const [pool, roundRobin] = jobs.map((job) => ({ ...job, models: [] }))
  expect(pool).toEqual(roundRobin)
  expect(pool).toMatchObject({ conversations: 64, turns: [4, 6] })
  expect(runs[0]?.replicas.map(({ requests }) => requests)).toEqual([10, 11, 12, 13])
})

it('asks one at a time with and without a pool, each first in turn', async () => {
  const { place, options } = benchPool()
  const jobs: RecallJob[] = []
  const load = async (job: RecallJob): Promise<RecallResult> => {
    jobs.push(job)
    const p50Ms = job.model === 'pooled' ? 1.4 : 1
    return { counted: 9, sent: 9, failures: 0, requestsPerSecond: 1, p50Ms, p99Ms: 2, kinds: {} }
  }
  const rounds = await costRounds(place, load, options)
  expect(rounds.map(({ way, p50Ms }) => `${way} ${p50Ms}`)).toEqual(['plain 1', 'pooled 1.4', 'pooled 1.4', 'plain 1'])
  expect(new Set(jobs.map(({ connections, stream }) => `${connections} ${stream}`))).toEqual(new Set(['1 false']))
})
