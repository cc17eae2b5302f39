/** Two questions that are one but for a word, or for the order of their words, told apart without a list of words. No I/O. */
// "Does it cover dental?", "does it cover vision?": no lexicon knows every word. So each word of content is a side of the
// axis that is the rest of the question: whoever has the same rest with another word in its place asks something else.
import { hanWords, isAct, isSmall, stemOf } from './content.ts'
import type { Item } from './reading.ts'

/** A longer question has room to say the same otherwise, and would have many frames to store. */
const PARTS_MAX = 10

interface Part {
  readonly text: string
  /** Another word in its place would be another question, and no other guard looks at it. */
  readonly isOpen: boolean
  /** Of no lexicon; also those that act are part of a run. */
  readonly isWord?: boolean
  /** No small word stands between it and the one before. */
  readonly follows: boolean
  /** Order matters among several of these. */
  readonly orderedAs?: 'name' | 'number'
}

/** `rest of the question~word` for each word of content, and for each run of them. */
export function* frames(parts: readonly Part[]): Generator<string> {
  if (parts.length > PARTS_MAX) return
  for (let start = 0; start < parts.length; start += 1) {
    if (parts[start]?.isOpen === true) yield frame(parts, start, start + 1)
    if (isInRun(parts[start]) && !(parts[start]?.follows === true && isInRun(parts[start - 1]))) {
      let end = start + 1
      while (isInRun(parts[end]) && parts[end]?.follows === true) end += 1
      const hasOpen = parts.slice(start, end).some(({ isOpen }) => isOpen)
      // Of nothing but one run, no rest is left to be the same.
      if (hasOpen && end > start + 1 && end - start < parts.length) yield frame(parts, start, end)
    }
  }
}

function isInRun(part: Part | undefined): boolean {
  return part?.isOpen === true || part?.isWord === true
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

/** What a question says besides its small words; of a long one only its beginning. */
export function partsOf(items: readonly Item[]): Part[] {
  const parts: Part[] = []
  let follows = false
  for (const item of items) {
    // Too long for frames already.
    if (parts.length > PARTS_MAX) break
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
  // 一 in 一个 is no number.
  if (type === 'number') return item.isRead ? { text, isOpen: false, orderedAs: 'number' } : undefined
  if (entry !== undefined && hasMeaning(item)) {
    const own = entry.token.replaceAll('~', ' ')
    if (entry.kind !== 'entity') return { text: own, isOpen: false }
    // Of a kind ("milk") as of any other word, something unheard of may stand in its place.
    return entry.token.includes('~') ? { text: own, isOpen: true } : { text: own, isOpen: false, orderedAs: 'name' }
  }
  if (type !== 'word' || isSmall(text)) return undefined
  return { text: stemOf(text), isOpen: entry === undefined && !isAct(text), isWord: true }
}

/** Says whether the last word is part of what is asked about. */
function addHan(run: string, afterPart: boolean, parts: Part[]): boolean {
  let follows = afterPart
  for (const text of hanWords(run)) {
    const isPart = !isSmall(text)
    if (isPart) parts.push({ text, isOpen: !isAct(text), isWord: true, follows })
    follows = isPart
  }
  return follows
}
