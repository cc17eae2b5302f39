/** A route is filled, taught until it recalls, and only then measured. */
import { expect, it } from 'vitest'
import type { RecallOptions } from '../../../scripts/bench/recall-lane.ts'
import { meaningRounds } from '../../../scripts/bench/recall-meaning.ts'
import type { RecallJob, RecallResult } from '../../../scripts/bench/types.ts'

const options: RecallOptions = {
  rounds: 2,
  warmMs: 1,
  measureMs: 10,
  questions: 1000,
  progress: () => {},
  sleep: async () => {},
}

/** A Sluice that recalls by meaning once it has seen so many paraphrases. */
function stage(after: number, failures = 0) {
  const jobs: RecallJob[] = []
  let paraphrases = 0
  const sluice = {
    ...({ name: 'sluice', port: 1, headers: {}, pid: process.pid } as const),
    cacheHits: async () => 0,
  }
  const load = async (job: RecallJob): Promise<RecallResult> => {
    jobs.push(job)
    const sent = job.inAll ?? 10
    const kind = job.opening === 'question' ? 'hit' : paraphrases >= after ? 'semantic' : 'miss'
    if (job.opening === 'again') paraphrases += sent
    const p50Ms = kind === 'semantic' ? 1.5 : 0.5
    const figures = { sent, p50Ms, p99Ms: 2, firstP50Ms: 1, firstP99Ms: 2 }
    return { counted: sent, failures, requestsPerSecond: 100, ...figures, kinds: { [kind]: figures } }
  }
  return { place: { sluice, hasher: sluice }, load, jobs }
}

it('asks every question once, then paraphrases until most are recalled, then both in turn', async () => {
  const { place, load, jobs } = stage(400)
  const { taught, rounds } = await meaningRounds(place, load, options)
  expect(jobs[0]).toMatchObject({ opening: 'question', first: 0, count: 1000, inAll: 1000, connections: 16, warmMs: 0 })
  expect(taught).toEqual({
    questions: 1000,
    questionsPerSecond: 100,
    questionP50Ms: 0.5,
    paraphrases: 600,
    share: 1,
  })
  const teaching = jobs.filter(({ opening, connections }) => opening === 'again' && connections === 16)
  expect(teaching.map(({ first, inAll }) => [first, inAll])).toEqual([
    [0, 200],
    [200, 200],
    [400, 200],
  ])
  // Those that are measured were never answered by a model, and their vectors are known by then.
  expect(jobs[4]).toMatchObject({ opening: 'again', first: 600, count: 200, inAll: 200, connections: 1 })
  expect(rounds.map(({ way, p50Ms }) => [way, p50Ms])).toEqual([
    ['hit', 0.5],
    ['semantic', 1.5],
    ['semantic', 1.5],
    ['hit', 0.5],
  ])
})

it('gives up in time where nothing is learned', async () => {
  const { place, load } = stage(Number.POSITIVE_INFINITY)
  const { taught, rounds } = await meaningRounds(place, load, options)
  expect(taught).toMatchObject({ paraphrases: 800, share: 0 })
  expect(
    rounds.filter(({ way }) => way === 'semantic').every(({ p50Ms, sent }) => Number.isNaN(p50Ms) && sent === 0),
  ).toBe(true)
})

it('goes no further when questions fail', async () => {
  const { place, load } = stage(0, 3)
  await expect(meaningRounds(place, load, options)).rejects.toThrow('3 of 1000 questions failed')
})
