/** A stream over stores in memory: the same path as over the objects. */
import { describe, expect, it } from 'vitest'
import { countOf, sharesOf } from '../../../scripts/eval/figures.ts'
import { type Run, runCosine, runStream } from '../../../scripts/eval/run.ts'
import { TOY_DIMENSIONS, toySet, toyStores, toyVector } from '../../support/toy-set.ts'

const { utterances } = toySet(12, 150)
const questions = Float32Array.from(utterances.flatMap(({ text }) => toyVector(text)))
const loaded = { utterances, dimensions: TOY_DIMENSIONS, questions, answers: null }
const RUN: Run = { tenant: 't', seed: 1, count: 1500, judge: 'oracle', drift: 0, maxErrorRate: 0.02 }

describe('a stream', () => {
  it('is asked at first, and recalled without an error once that is proved, by the same seed the same', async () => {
    const outcomes = await runStream(toyStores(), loaded, RUN)
    expect(outcomes).toHaveLength(1500)
    expect(outcomes.slice(0, 300)).toMatch(/^a+$/)
    const { hits, wrong } = sharesOf(countOf(outcomes, 750))
    expect(hits).toBeGreaterThan(0.6)
    expect(wrong).toBeLessThan(0.02)
    expect(await runStream(toyStores(), loaded, RUN)).toBe(outcomes)
    expect(await runStream(toyStores(), loaded, { ...RUN, seed: 2 })).not.toBe(outcomes)
  })

  it('whose answers change half-way is served wrong ones then, and not for long', async () => {
    const outcomes = await runStream(toyStores(), loaded, { ...RUN, drift: 0.2 })
    expect(countOf(outcomes, 0, 750).wrong).toBe(0)
    expect(countOf(outcomes, 750, 1000).wrong).toBeGreaterThan(0)
    expect(countOf(outcomes, 1250).wrong).toBe(0)
  })
})

describe('a cosine alone', () => {
  it('serves from it on, and keeps what it asked', async () => {
    const of = async (cosine: number) => countOf(await runCosine(toyStores(), loaded, { ...RUN, count: 300, cosine }))
    expect((await of(-1)).hits).toBe(299)
    expect((await of(0.8)).hits).toBeGreaterThan(200)
    expect((await of(1.1)).hits).toBe(0)
  })
})
