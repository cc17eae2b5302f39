/** The recall lane: who is asked for what, in turn, and which replies and rows count. */
import { expect, it } from 'vitest'
import { hitRounds, missRounds, type RecallOptions } from '../../../scripts/bench/recall-lane.ts'
import type { KindFigures, RecallJob, RecallResult } from '../../../scripts/bench/types.ts'

const slept: number[] = []
const options: RecallOptions = {
  rounds: 2,
  warmMs: 1,
  measureMs: 10,
  questions: 100,
  progress: () => {},
  sleep: async (ms) => void slept.push(ms),
}

const figures: Omit<KindFigures, 'sent'> = { p50Ms: 1, p99Ms: 2, firstP50Ms: 0.5, firstP99Ms: 1.5 }

/** A Sluice that recalls from the third time on, and a load that knows what it was asked for. */
function stage(kindsOf: (job: RecallJob, sent: number) => Readonly<Record<string, number>>) {
  const jobs: RecallJob[] = []
  let rows = 0
  let hits = 0
  const sluice = {
    name: 'sluice',
    port: 1,
    headers: { authorization: 'Bearer slc_x' },
    pid: process.pid,
    recorded: async () => rows,
    cacheHits: async () => hits,
  } as const
  const hasher = { name: 'hasher', port: 2, headers: {}, pid: process.pid } as const
  const load = async (job: RecallJob): Promise<RecallResult> => {
    jobs.push(job)
    const sent = job.inAll ?? 10
    const kinds = kindsOf(job, sent)
    if (job.port === sluice.port) {
      rows += sent
      hits += kinds.hit ?? 0
    }
    return {
      ...{ counted: sent, sent, failures: 0, requestsPerSecond: 100, p50Ms: 1, p99Ms: 2 },
      kinds: Object.fromEntries(Object.entries(kinds).map(([name, count]) => [name, { ...figures, sent: count }])),
    }
  }
  return { place: { sluice, hasher }, load, jobs }
}

it('waits until the chat is recalled, then asks Sluice and the hasher for it in turn, and streams on one connection', async () => {
  let asked = 0
  const { place, load, jobs } = stage(({ port }, sent) => {
    asked += 1
    return port === 2 ? { '': sent } : asked < 3 ? { miss: sent } : { hit: sent }
  })
  const rounds = await hitRounds(place, load, options)
  // Then each once, long enough for its code to be as fast as it gets.
  expect(jobs.slice(0, 6).map(({ inAll }) => inAll)).toEqual([1, 1, 1, 3000, 3000, 3000])
  expect(rounds.slice(0, 6).map(({ way, connections }) => `${connections} ${way}`)).toEqual(
    ['hit', 'hasher', 'stream', 'hasher', 'stream', 'hit'].map((way) => `1 ${way}`),
  )
  expect(rounds.slice(6).map(({ way, connections }) => `${connections} ${way}`)).toEqual(
    [16, 64].flatMap((at) => ['hit', 'hasher', 'hasher', 'hit'].map((way) => `${at} ${way}`)),
  )
  expect(new Set(jobs.map(({ model, first, count }) => `${model} ${first} ${count}`))).toEqual(new Set(['exact 0 1']))
  expect(jobs.filter(({ stream }) => stream)).toHaveLength(3)
  for (const { way, sent, others, hitsLost, recorded } of rounds) {
    expect({ sent, others }).toEqual({ sent: 10, others: 0 })
    expect(hitsLost).toBe(way === 'hasher' ? null : 0)
    expect(recorded?.complete).toBe(way === 'hasher' ? undefined : true)
  }
})

it('goes no further where nothing is ever recalled', async () => {
  const { place, load } = stage((_, sent) => ({ miss: sent }))
  await expect(hitRounds(place, load, options)).rejects.toThrow('never a hit')
})

it('asks for what nobody asked before, and for what has expired, in every way', async () => {
  const { place, load, jobs } = stage(({ model }, sent) => (model === 'plain' ? { bypass: sent } : { miss: sent }))
  slept.length = 0
  const rounds = await missRounds(place, load, options)
  expect(rounds.map(({ way }) => way)).toEqual([
    ...['plain', 'digest', 'hop', 'lead', 'store'],
    ...['digest', 'hop', 'lead', 'store', 'plain'],
  ])
  expect(rounds.every(({ connections, others }) => connections === 16 && others === 0)).toBe(true)
  const measured = jobs.slice(jobs.findLastIndex(({ inAll }) => inAll === 3000) + 1)
  const [, digest, expiring, hop] = measured
  expect(digest?.headers).toMatchObject({ authorization: 'Bearer slc_x', 'x-sluice-cache': 'no-store' })
  // They are kept for a second, and asked for, without being kept again, when that is over.
  expect(expiring).toMatchObject({ inAll: hop?.count, first: hop?.first, headers: { 'x-sluice-cache-ttl': '1' } })
  expect(expiring?.headers).not.toHaveProperty('x-sluice-cache')
  expect(hop?.headers).toMatchObject({ 'x-sluice-cache': 'no-store' })
  expect(slept.filter((ms) => ms > 1000)).toHaveLength(3)
  const runs = measured.filter(({ inAll, first }) => inAll === null && first !== hop?.first)
  expect(new Set(runs.map(({ first }) => first)).size).toBe(8)
  expect(runs.every(({ first, count }) => first % count === 0)).toBe(true)
})

it('counts replies of another kind, and hits that the usage does not have', async () => {
  const { place, load } = stage(({ model }, sent) =>
    model === 'plain' ? { bypass: sent } : { miss: sent - 1, hit: 1 },
  )
  const forgetful = { ...place, sluice: { ...place.sluice, cacheHits: async () => 0 } }
  const rounds = await missRounds(forgetful, load, { ...options, rounds: 1 })
  const [plain, digest] = rounds
  expect(plain).toMatchObject({ others: 0, hitsLost: 0 })
  expect(digest).toMatchObject({ sent: 9, others: 1, hitsLost: 1 })
})
