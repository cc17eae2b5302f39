/** Two questions that are one but for a word, or for the order of their words, told apart without a list of words. No I/O. */
// "Does it cover dental?", "does it cover vision?": no lexicon knows every word. So each word of content is a side of the
// axis that is the rest of the question: whoever has the same rest with another word in its place asks something else.
import type { Item } from './reading.ts'
import { ACTS, HAN_ACTS, HAN_SMALL, SMALL } from './words/common.ts'

/** A longer question has room to say the same otherwise, and would have many frames to store. */
const PARTS_MAX = 10

interface Part {
  readonly text: string
  /** Another word in its place would be another question, and no other guard looks at it. */
  readonly isOpen: boolean
  /** No small word stands between it and the one before. */
  readonly follows: boolean
  /** Order matters among several of these. */
  readonly orderedAs?: 'name' | 'number'
}

const small = new Set([...SMALL.split(' '), ...HAN_SMALL.split(' ')])
const acts = new Set([...ACTS.split(' '), ...HAN_ACTS.split(' ')])
/** Chinese words; a runtime without it has a run as one word. */
const segmenter = 'Segmenter' in Intl ? new Intl.Segmenter('zh', { granularity: 'word' }) : undefined

/** `rest of the question~word` for each word of content, and for each run of them. */
export function* frames(parts: readonly Part[]): Generator<string> {
  if (parts.length > PARTS_MAX) return
  for (let start = 0; start < parts.length; start += 1) {
    if (parts[start]?.isOpen !== true) continue
    yield frame(parts, start, start + 1)
    if (parts[start]?.follows === true && parts[start - 1]?.isOpen === true) continue
    let end = start + 1
    while (parts[end]?.isOpen === true && parts[end]?.follows === true) end += 1
    // Of nothing but one run, no rest is left to be the same.
    if (end > start + 1 && end - start < parts.length) yield frame(parts, start, end)
  }
}

function frame(parts: readonly Part[], start: number, end: number): string {
  const texts = parts.map(({ text }) => text)
  return `${[...texts.slice(0, start), '*', ...texts.slice(end)].join(' ')}~${texts.slice(start, end).join(' ')}`
}

const joining = new Set('and or nor between from both vs versus with by plus times'.split(' '))
const hanJoining = /[和与或跟及、到至去换兑转比]|还是/

/** `words~order`: what is done by whom to whom, or to which number, where no small word tells. */
export function* orders(parts: readonly Part[], items: readonly Item[], text: string): Generator<string> {
  if (parts.length > PARTS_MAX || items.some((item) => joining.has(item.text)) || hanJoining.test(text)) return
  const words = parts.map((part) => part.text).sort()
  for (const kind of ['name', 'number']) {
    const ordered = parts.filter((part) => part.orderedAs === kind)
    if (ordered.length > 1) yield `${words.join(' ')}~${ordered.map((part) => part.text).join(' ')}`
  }
}

/** What a question says besides its small words. */
export function partsOf(items: readonly Item[]): Part[] {
  const parts: Part[] = []
  let follows = false
  for (const item of items) {
    if (item.type === 'han' && !hasMeaning(item)) follows = addHan(item.text, follows, parts)
    else {
      const part = partOf(item)
      if (part !== undefined) parts.push({ ...part, follows })
      follows = part !== undefined
    }
  }
  return parts
}

function hasMeaning({ entry }: Item): boolean {
  return entry !== undefined && entry.kind !== 'plain'
}

function partOf(item: Item): Omit<Part, 'follows'> | undefined {
  const { type, text, entry } = item
  if (type === 'number') return { text, isOpen: false, orderedAs: 'number' }
  if (entry !== undefined && hasMeaning(item)) {
    const own = entry.token.replaceAll('~', ' ')
    if (entry.kind !== 'entity') return { text: own, isOpen: false }
    // Of a kind ("milk") as of any other word, something unheard of may stand in its place.
    return entry.token.includes('~') ? { text: own, isOpen: true } : { text: own, isOpen: false, orderedAs: 'name' }
  }
  if (type !== 'word' || small.has(text)) return undefined
  const stem = stemOf(text)
  return { text: stem, isOpen: entry === undefined && ![text, stem, `${stem}e`].some((form) => acts.has(form)) }
}

/** Says whether the last word is part of what is asked about. */
function addHan(run: string, afterPart: boolean, parts: Part[]): boolean {
  let follows = afterPart
  const words = segmenter === undefined ? [run] : Array.from(segmenter.segment(run), ({ segment }) => segment)
  for (const text of words) {
    const isPart = !small.has(text)
    if (isPart) parts.push({ text, isOpen: !acts.has(text), follows })
    follows = isPart
  }
  return follows
}

function stemOf(word: string): string {
  if (word.length < 5) return word.length === 4 && /[^s]s$/.test(word) ? word.slice(0, -1) : word
  return word.replace(/(?:ies|ied)$/, 'y').replace(/(?<=[^s])s$|(?:ing|ed)$/, '')
}
