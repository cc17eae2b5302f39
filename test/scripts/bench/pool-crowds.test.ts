/** The pool lane's crowds: who comes, how fast, and what happens meanwhile. */
import { expect, it } from 'vitest'
import { busyRun, fairRuns, slowRun } from '../../../scripts/bench/pool-crowds.ts'
import { ENGINE } from '../../../scripts/bench/pool-lane.ts'
import type { CrowdJob, PoolLoad } from '../../../scripts/bench/pool-types.ts'
import { askedOf, benchPool } from '../../support/bench-pool.ts'

function stage() {
  const { place, options, happened } = benchPool()
  const jobs: CrowdJob[] = []
  const load = async (job: CrowdJob): Promise<object> => {
    jobs.push(job)
    return { asked: [askedOf()] }
  }
  return { place, options, happened, jobs, load: load as PoolLoad }
}

/** Prompt tokens/s that a job's flows want, over what four replicas prefill. */
const loadOf = ({ flows }: CrowdJob, name: string): number =>
  flows
    .filter((flow) => flow.name === name)
    .reduce((sum, { pace, promptTokens }) => sum + ('perSecond' in pace ? pace.perSecond * promptTokens : 0), 0) /
  (4 * ENGINE.prefill)

it('has three tenants under their share alone, and beside one at its share and at ten times that', async () => {
  const { place, options, jobs, load } = stage()
  const runs = await fairRuns(place, load, options)
  expect(runs.map(({ times }) => times)).toEqual([0, 1, 10])
  expect(jobs.map((job) => loadOf(job, 'flood'))).toEqual([0, 0.25, 2.5])
  for (const job of jobs) expect(loadOf(job, 'other')).toBeCloseTo(0.6)
  expect(new Set(jobs[2]?.flows.map(({ headers }) => headers.id)).size).toBe(4)
})

it('slows one replica down while requests come, and lets it recover', async () => {
  const { place, options, happened, jobs, load } = stage()
  expect(await slowRun(place, load, options)).toMatchObject({ replica: 'a', slowAtMs: 6000, forMs: 20_000 })
  expect(happened).toEqual(['slept 6000', 'pooled-a × 10', 'pooled-a × 1'])
  expect(jobs.map((job) => loadOf(job, 'all'))).toEqual([0.5])
  // Who went where is told to a key with `debug: true` that asks.
  expect(jobs[0]?.flows[0]?.headers).toMatchObject({ key: '{"debug":true}', 'x-sluice-debug': '1' })
})

it('finds out what the replicas can do, then asks for four times as much, half of it batch', async () => {
  const { place, options, jobs, load } = stage()
  await busyRun(place, load, options)
  expect(jobs[0]?.flows.map(({ model, pace }) => [model, pace])).toEqual(
    [0, 1, 2, 3].map((index) => [`one-${index}`, { atOnce: 4 }]),
  )
  const [, busy] = jobs
  expect(busy?.isPatient).toBe(true)
  expect(busy?.flows.map(({ name, headers }) => [name, headers['x-sluice-priority']])).toEqual([
    ['interactive', 'interactive'],
    ['batch', 'batch'],
  ])
  for (const name of ['interactive', 'batch']) expect(busy === undefined ? 0 : loadOf(busy, name)).toBe(2)
})
