/** Names: those of the lexicon in any case, and others by their capitals or their Latin letters in a Chinese text. No I/O. */
import type { Item } from './reading.ts'

/** A text where more of the words than this begin with capitals says nothing with them. */
const CAPITALS_MAX = 0.6
const WORDS_MIN = 3

/** Tokens of every name, and `kind~one` of things of which each excludes the others. */
export function* entities(items: readonly Item[], script: string | null): Generator<string> {
  const areCapitalsTold = hasTellingCapitals(items)
  for (const item of items) {
    if (item.isRead || (item.type !== 'word' && item.type !== 'han')) continue
    if (item.entry?.kind === 'entity') yield item.entry.token
    else if (item.entry !== undefined || item.type === 'han') continue
    else if (/^us$/i.test(item.text) && item.raw === 'US') yield 'united states'
    else if (script === 'han' && /^[a-z]/.test(item.text)) yield item.text
    else if (areCapitalsTold && isName(item)) yield item.text
  }
}

function isName({ raw, opens }: Item): boolean {
  if (!/\p{Lu}/u.test(raw) || /^\p{Lu}['’]?$/u.test(raw)) return false
  // At the beginning of a sentence only a capital further inside is one that somebody meant.
  return !opens || /^.+\p{Lu}/u.test(raw)
}

function hasTellingCapitals(items: readonly Item[]): boolean {
  const words = items.filter(({ type, raw }) => type === 'word' && raw.length > 1)
  const capitals = words.filter(({ raw }) => /^\p{Lu}/u.test(raw)).length
  return words.length < WORDS_MIN || capitals / words.length <= CAPITALS_MAX
}
