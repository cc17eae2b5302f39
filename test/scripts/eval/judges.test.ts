/** Who says whether answers are the same. */
import { describe, expect, it } from 'vitest'
import { judgeOf, type KnownAnswer } from '../../../scripts/eval/judges.ts'
import type { Meaning } from '../../../src/recall/meaning.ts'

const loaded = {
  utterances: [
    { text: 'Hello there', label: 'x' },
    { text: 'hello there!', label: 'x' },
    { text: 'Good bye', label: 'y' },
    { text: 'Howdy', label: 'x' },
  ],
  dimensions: 2,
  questions: new Float32Array(8),
  answers: Float32Array.of(1, 0, 1, 0, 0, 1, 0.96, 0.28),
}
const known = new Map<string, KnownAnswer>([
  ['g', { at: 0, label: 'x' }],
  ['h', { at: 2, label: 'y' }],
])
const meaning = (group: string | null, others: readonly string[] = []): Meaning => ({
  question: {
    place: { id: 't', generation: 'g' },
    space: { route: '', encoder: '', scope: '' },
    vector: new Float32Array(2),
    traits: {},
    maxErrorRate: 0.02,
  },
  candidate: group === null ? null : { group, similarity: 0.9, features: [], disagreements: [], others },
  verdict: 'ask',
  weight: 1,
  isTelling: true,
  answerCut: 0.9,
})

describe('the oracle', () => {
  const judge = judgeOf('oracle', loaded)

  it('says the same of the same label', () => {
    expect(judge(meaning('g'), { at: 3, label: 'x' }, known)).toMatchObject({ right: true })
    expect(judge(meaning('g'), { at: 2, label: 'y' }, known)).toMatchObject({ right: false, sameAs: null })
  })

  it('finds the answer among the other groups nearby', () => {
    expect(judge(meaning('g', ['other', 'h']), { at: 2, label: 'y' }, known)).toMatchObject({
      right: false,
      sameAs: 'h',
    })
  })

  it('has nothing to say without a candidate', () => {
    expect(judge(meaning(null), { at: 2, label: 'y' }, known)).toEqual({ right: null })
  })
})

describe('the judge that ships', () => {
  const judge = judgeOf('shipped', loaded)

  it('reads what the demo origin answers, whatever the labels say', () => {
    expect(judge(meaning('g'), { at: 1, label: 'another' }, known)).toMatchObject({
      right: true,
      answerCosine: undefined,
    })
  })

  it('compares by meaning where the words differ, with the cut that came with the look-up', () => {
    const close = judge(meaning('g'), { at: 3, label: 'x' }, known)
    expect(close.right).toBe(true)
    expect(close.answerCosine).toBeCloseTo(0.96)
    expect(judge({ ...meaning('g'), answerCut: 0.97 }, { at: 3, label: 'x' }, known)).toMatchObject({ right: false })
    expect(judge(meaning('h'), { at: 3, label: 'x' }, known)).toMatchObject({ right: false })
  })
})
