/** Lanes: everybody once a round, in turn, and rows checked against what was sent. */
import { expect, it } from 'vitest'
import { type LaneOptions, type Load, streamsLane, wholeLane } from '../../../scripts/bench/lanes.ts'
import type { Contender, StreamsJob, WholeJob } from '../../../scripts/bench/types.ts'

const options: LaneOptions = {
  rounds: 2,
  warmMs: 0,
  measureMs: 10,
  streamsAtOnce: 2,
  streamsInAll: 4,
  progress: () => {},
}

function contender(name: Contender['name'], port: number): Contender {
  return { name, port, headers: {}, pid: process.pid }
}

const whole = { counted: 9, sent: 10, failures: 0, requestsPerSecond: 900, p50Ms: 1, p99Ms: 2 }
const streams = { streams: 4, failures: 0, eventsLost: 0, firstMs: 1, firstMaxMs: 1, gapP50Ms: 20, gapP99Ms: 21 }

function loadFailing(ports: readonly number[], asked: number[] = []): Load {
  const answer = async (job: WholeJob | StreamsJob): Promise<object> => {
    asked.push(job.port)
    const failures = ports.includes(job.port) ? 1 : 0
    return job.kind === 'whole' ? { ...whole, failures } : { ...streams, failures }
  }
  return answer as Load
}

it('turns the order from round to round', async () => {
  const asked: number[] = []
  const rounds = await streamsLane([contender('direct', 1), contender('floor', 2)], loadFailing([], asked), options)
  expect(asked).toEqual([1, 2, 1, 2, 2, 1])
  expect(rounds.map((one) => `${one.round} ${one.contender}`)).toEqual(['0 direct', '0 floor', '1 floor', '1 direct'])
})

it('runs every size at every number of connections', async () => {
  const rounds = await wholeLane([contender('direct', 1)], loadFailing([]), { ...options, rounds: 1 })
  expect(new Set(rounds.map((one) => `${one.bytes} ${one.connections}`)).size).toBe(9)
})

it('tells rows that were there in time from rows that came late', async () => {
  const counts = [100, 108, 109, 110]
  const sluice = { ...contender('sluice', 1), recorded: async () => counts.shift() ?? 110 }
  const load: Load = loadFailing([])
  const rounds = await streamsLane(
    [sluice],
    async (job: object) => ({ ...(await load(job as StreamsJob)), streams: 10 }) as never,
    {
      ...options,
      rounds: 1,
    },
  )
  expect(rounds[0]?.recorded).toEqual({ inWindow: 0.8, complete: true })
})

it('leaves out a Portkey that fails, and goes no further when the floor does', async () => {
  const said: string[] = []
  const all = [contender('direct', 1), contender('portkey', 2)]
  const rounds = await streamsLane(all, loadFailing([2]), { ...options, progress: (text) => said.push(text) })
  expect(rounds.every((one) => one.contender === 'direct')).toBe(true)
  expect(said[0]).toContain('left out')
  await expect(streamsLane([contender('floor', 3)], loadFailing([3]), options)).rejects.toThrow('floor fails')
})
