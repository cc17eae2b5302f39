/** A set streamed through the Worker's own objects in a workerd of its own. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { countOf, sharesOf } from '../../../../scripts/eval/figures.ts'
import { type Isolate, startIsolate } from '../../../../scripts/eval/isolate.ts'
import { TOY_DIMENSIONS, toySet, toyVector } from '../../../support/toy-set.ts'

let isolate: Isolate

beforeAll(async () => {
  isolate = await startIsolate()
  const { utterances } = toySet(10, 150)
  const questions = Float32Array.from(utterances.flatMap(({ text }) => toyVector(text)))
  await isolate.load({ utterances, dimensions: TOY_DIMENSIONS, questions, answers: null })
})
afterAll(() => isolate.stop())

it('learns in its objects and recalls from them; each run is a tenant of its own', async () => {
  const run = { seed: 1, count: 1200, judge: 'oracle', drift: 0, maxErrorRate: 0.02 } as const
  const ran = await isolate.run({ ...run, tenant: 'one' })
  expect(sharesOf(countOf(ran.outcomes, 600)).hits).toBeGreaterThan(0.6)
  expect(countOf(ran.outcomes).wrong).toBe(0)
  expect(ran.threshold).not.toBeNull()
  expect(ran.errorBound).toBeLessThanOrEqual(0.02)
  expect((await isolate.run({ ...run, tenant: 'two' })).outcomes).toBe(ran.outcomes)
})

it('tells what the audit log has of a drift', async () => {
  const run = { tenant: 'drifts', seed: 1, count: 1500, judge: 'oracle', drift: 0.5, maxErrorRate: 0.02 } as const
  const { raised } = await isolate.run(run)
  expect(raised.length).toBeGreaterThan(0)
  expect(raised[0]?.from).toEqual(expect.any(Number))
})

it('serves by a cosine alone from the same index', async () => {
  const outcomes = await isolate.runCosine({ tenant: 'cosine', seed: 1, count: 200, cosine: 0.8 })
  expect(countOf(outcomes).hits).toBeGreaterThan(120)
})
