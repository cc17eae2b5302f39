/** Who says whether two answers are the same: the labels, or the judge that ships. No I/O. */

import { OTHER_GROUPS_COMPARED_MAX } from '../../src/core/recall/limits.ts'
import { equalAnswers } from '../../src/core/semantic/judge.ts'
import type { Judged, Meaning } from '../../src/recall/meaning.ts'
import { answerText } from '../demo/answer.ts'
import { type Loaded, vectorAt } from './load.ts'

/** `oracle`: the same label is the same answer. `shipped`: by the answers that the demo origin gives, and their vectors. */
export type Judge = 'oracle' | 'shipped'

/** The answer that a group was founded with. */
export interface KnownAnswer {
  /** Of the utterance in the set. */
  readonly at: number
  readonly label: string
}

/** A judgement as it is learned; `right` null: there was no candidate. */
export type Judgement = Judged & { readonly right: boolean | null }

interface Verdict {
  readonly same: boolean
  readonly cosine?: number
}

/** A judge of answers against those that groups are known by: of the candidate first, then of the others nearby. */
export function judgeOf(
  judge: Judge,
  loaded: Loaded,
): (meaning: Meaning, answer: KnownAnswer, known: ReadonlyMap<string, KnownAnswer>) => Judgement {
  return ({ candidate, answerCut }, answer, known) => {
    if (candidate === null) return { right: null }
    const verdictOn = (group: string): Verdict => {
      const other = known.get(group)
      if (other === undefined) return { same: false }
      return judge === 'oracle'
        ? { same: other.label === answer.label }
        : compared(loaded, answer.at, other.at, answerCut)
    }
    const { same, cosine } = verdictOn(candidate.group)
    const judged = { right: same, answerCosine: cosine }
    if (same) return judged
    const sameAs = candidate.others.slice(0, OTHER_GROUPS_COMPARED_MAX).find((group) => verdictOn(group).same) ?? null
    return { ...judged, sameAs }
  }
}

function compared({ utterances, answers, dimensions }: Loaded, one: number, other: number, cut: number): Verdict {
  const [text, otherText] = [utterances[one]?.text ?? '', utterances[other]?.text ?? '']
  if (equalAnswers(answerText(text), answerText(otherText))) return { same: true }
  if (answers === null) return { same: false }
  const vector = vectorAt(answers, one, dimensions)
  const otherVector = vectorAt(answers, other, dimensions)
  const cosine = vector.reduce((sum, value, index) => sum + value * (otherVector[index] ?? 0), 0)
  return { same: cosine >= cut, cosine }
}
