/** Which words say what a question is about, and which only ask, join or act. No I/O. */
import { ACTS, HAN_ACTS, HAN_SMALL, SMALL } from './words/common.ts'

const small = new Set([...SMALL.split(' '), ...HAN_SMALL.split(' ')])
const acts = new Set([...ACTS.split(' '), ...HAN_ACTS.split(' ')])

/** Says nothing by itself: "the", "how", "please", 怎么. */
export function isSmall(word: string): boolean {
  return small.has(word)
}

/** Has many words of the same meaning: "reset" and "change", 查询 and 查看. Knows the stem of a form too. */
export function isAct(word: string): boolean {
  return acts.has(word) || acts.has(stemOf(word)) || acts.has(`${stemOf(word)}e`)
}

/** A word without the commonest endings: the same for "plan" and "plans", "park" and "parking". */
export function stemOf(word: string): string {
  if (word.length < 5) return word.length === 4 && /[^s]s$/.test(word) ? word.slice(0, -1) : word
  return word.replace(/(?:ies|ied)$/, 'y').replace(/(?<=[^s])s$|(?:ing|ed)$/, '')
}

/** Chinese words; a runtime without it has a run as one word. */
const segmenter = 'Segmenter' in Intl ? new Intl.Segmenter('zh', { granularity: 'word' }) : undefined

/** The words of a run of Chinese. */
export function hanWords(run: string): string[] {
  return segmenter === undefined ? [run] : Array.from(segmenter.segment(run), ({ segment }) => segment)
}
