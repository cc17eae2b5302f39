/** Memory is looked at between runs of questions that nobody asked before. */
import { expect, it } from 'vitest'
import { memoryRun } from '../../../scripts/bench/recall-memory.ts'
import type { RecallJob, RecallResult } from '../../../scripts/bench/types.ts'

it('asks for so many distinct answers in steps, and notes the memory after each', async () => {
  const jobs: RecallJob[] = []
  const load = async (job: RecallJob): Promise<RecallResult> => {
    jobs.push(job)
    const sent = job.inAll ?? 0
    return { counted: sent, sent, failures: 1, requestsPerSecond: 200, p50Ms: 1, p99Ms: 2, kinds: {} }
  }
  const options = { rounds: 1, warmMs: 1, measureMs: 10, questions: 1, progress: () => {}, sleep: async () => {} }
  const sluice = { name: 'sluice', port: 1, headers: {}, pid: 7 } as const
  const memory = await memoryRun(sluice, load, options, 1000, (pid) => pid + jobs.length)
  expect(memory.steps).toEqual(Array.from({ length: 11 }, (_, index) => ({ answers: 100 * index, mb: 7 + index })))
  expect(memory).toMatchObject({ failures: 10, requestsPerSecond: 200 })
  expect(jobs.map(({ model, first, count, inAll }) => [model, first, count, inAll])).toEqual(
    Array.from({ length: 10 }, (_, index) => ['distinct', 100 * index, 100, 100]),
  )
})
