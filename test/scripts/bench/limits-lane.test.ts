/** The limits lane: who is asked for what, in turn, and what is counted. */
import { expect, it } from 'vitest'
import {
  coldRounds,
  compared,
  exactRun,
  hotRounds,
  type LimitsLoad,
  type LimitsOptions,
  mostWithin,
} from '../../../scripts/bench/limits-lane.ts'
import type { LimitOf } from '../../../scripts/bench/sluice.ts'
import type { OpenJob, WholeJob } from '../../../scripts/bench/types.ts'

const options: LimitsOptions = {
  rounds: 2,
  warmMs: 1,
  measureMs: 10,
  exactPerSeconds: 2,
  exactOfferedPerSecond: 100,
  progress: () => {},
}

/** A Sluice whose limited tenants ask the ledger once every ten requests, and a load that knows who it was for. */
function stage() {
  const tenants = new Map<string, readonly LimitOf[]>()
  const asked: string[] = []
  let calls = 0
  const admission = {
    addTenant: async (id: string, limits: readonly LimitOf[]) => {
      tenants.set(id, limits)
      return { id }
    },
    ledgerCalls: async () => calls,
  }
  const load = async (job: WholeJob | OpenJob): Promise<object> => {
    const { id = '' } = job.headers
    asked.push(id)
    const isLimited = (tenants.get(id) ?? []).length > 0
    if (isLimited) calls += 10
    const figures = { sent: 100, failures: 0, p50Ms: isLimited ? 2 : 1.5 }
    return { ...figures, requestsPerSecond: isLimited ? 950 : 1000 }
  }
  return { place: { ports: [1, 2], admission }, load: load as LimitsLoad, tenants, asked }
}

it('gives the hot tenant twice what it asks for, and runs it with and without limits in turn', async () => {
  const { place, load, tenants, asked } = stage()
  const rounds = await hotRounds(place, load, options)
  expect(tenants.get('hot')).toEqual([{ name: 'rpm', of: 'requests', amount: 120_000, perSeconds: 60 }])
  expect(asked).toEqual(['unlimited', 'hot', 'unlimited', 'unlimited', 'hot'])
  expect(rounds.map(({ limited, ledgerCalls }) => [limited, ledgerCalls])).toEqual([
    [true, 10],
    [false, 0],
    [false, 0],
    [true, 10],
  ])
  expect(compared(rounds, (round) => round.requestsPerSecond)).toEqual({ limited: 950, unlimited: 1000 })
})

it('asks for the cold tenant one request at a time, with a limit that no slice can hold', async () => {
  const { place, load, tenants, asked } = stage()
  const jobs: WholeJob[] = []
  const watched = async (job: WholeJob): Promise<object> => {
    jobs.push(job)
    return await load(job)
  }
  const rounds = await coldRounds(place, watched as LimitsLoad, options)
  expect(jobs.map(({ connections }) => connections)).toEqual([1, 1, 1, 1])
  expect(tenants.get('cold')?.map(({ of }) => of)).toEqual(['requests', 'tokens', 'concurrency', 'usd'])
  expect(asked).toEqual(['cold', 'cold-unlimited', 'cold-unlimited', 'cold'])
  expect(compared(rounds, (round) => round.p50Ms)).toEqual({ limited: 2, unlimited: 1.5 })
})

it('counts an exact run where it arrives, after the warm-up', async () => {
  const { place, load, tenants } = stage()
  let noting = false
  const arrivals = {
    begin: async () => {
      noting = true
    },
    end: async () => (noting ? [at(0), at(1000), at(2000), at(2001)] : []),
  }
  const run = await exactRun(place, load, arrivals, options)
  expect(tenants.get('exact')).toEqual([{ name: 'rpm', of: 'requests', amount: 100, perSeconds: 2 }])
  expect(run).toMatchObject({ amount: 100, granted: 4, mostInWindow: 3, sent: 100, ledgerCalls: 10 })
})

const at = (sentMs: number, atMs = sentMs) => ({ sentMs, atMs })

it('counts both ends of an interval', () => {
  expect(mostWithin([at(3000), at(0), at(1000), at(2000)], 1000)).toBe(2)
  expect(mostWithin([at(0), at(1), at(2), at(1001)], 1000)).toBe(3)
  expect(mostWithin([at(5), at(5), at(5)], 0)).toBe(3)
  expect(mostWithin([], 1000)).toBe(0)
})

it('counts what was let through inside an interval for certain, and nothing else', () => {
  // The second may have been let through at 900 and the third at 1901.
  expect(mostWithin([at(0, 1), at(900, 950), at(1850, 1901)], 1000)).toBe(2)
  expect(mostWithin([at(0, 1), at(900, 950), at(960, 1000)], 1000)).toBe(3)
})
