/** Quoted strings and titles, in every style of quotes, and words that a question is about. No I/O. */
import type { Item } from './reading.ts'

/** What was found in a text, and the text with blanks in its place. */
export interface Extract {
  readonly found: readonly string[]
  readonly rest: string
}

/** A single quote inside a word is an apostrophe. */
const QUOTED =
  /"([^"\n]{1,300})"|“([^”\n]{1,300})”|„([^“”\n]{1,300})[“”]|«([^»\n]{1,300})»|「([^」\n]{1,300})」|『([^』\n]{1,300})』|《([^》\n]{1,300})》|〈([^〉\n]{1,300})〉|‘((?:[^’\n]|’(?=\p{L})){1,300})’|(?<![\p{L}\d])'((?:[^'\n]|'(?=\p{L})){1,300})'(?![\p{L}\d])/gu
const anyQuote = /["“„«「『《〈‘']/

/** Quoted strings of a text, in lower case and single spaces. */
export function quotesIn(text: string): Extract {
  if (!anyQuote.test(text)) return { found: [], rest: text }
  const found: string[] = []
  const rest = text.replace(QUOTED, (whole, ...groups: unknown[]) => {
    const inner = groups.find((group) => typeof group === 'string')
    const own = typeof inner === 'string' ? tidied(inner) : ''
    if (own === '') return whole
    found.push(own)
    return ' '.repeat(whole.length)
  })
  return { found, rest }
}

function tidied(quoted: string): string {
  return quoted
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .replace(/^[\s.,!?;:。，！？]+|[\s.,!?;:。，！？]+$/g, '')
}

/** `quotes~order`: "replace 'a' with 'b'" is not "replace 'b' with 'a'"; "'a' and 'b'" are two in any order. */
export function* quoteOrder(quotes: readonly string[], rest: string): Generator<string> {
  if (quotes.length < 2 || /\b(?:and|or|between|vs|versus)\b|[和与或跟、]|还是/i.test(rest)) return
  const own = quotes.map((quote) => quote.replaceAll('~', ' '))
  yield `${[...own].sort().join('|')}~${own.join('|')}`
}

/** After these, the words up to the next small word are mentioned, not used, as if in quotes. */
const mentions: readonly (readonly string[])[] = [
  ['define'],
  ['definition', 'of'],
  ['meaning', 'of'],
  ['synonym', 'for'],
  ['synonyms', 'for'],
  ['spell'],
  ['spelling', 'of'],
  ['pronounce'],
  ['pronunciation', 'of'],
]
const small = new Set(
  'a an the this that these those my your our his her its it in into to from for on of and or is are was mean means meaning me please correctly properly spelled spelt pronounced defined word words term phrase'.split(
    ' ',
  ),
)
const MENTIONED_MAX = 3

/** Words that a question asks about as words: `define ephemeral`, `what does ephemeral mean`. */
export function* mentionedWords(items: readonly Item[]): Generator<string> {
  for (let at = 0; at < items.length; at += 1) {
    const isWord = /^(word|term|phrase)$/.test(items[at]?.text ?? '')
    const length = isWord
      ? 1
      : (mentions.find((words) => words.every((word, i) => items[at + i]?.text === word))?.length ?? 0)
    const start = length === 0 ? -1 : at + length
    if (start > 0) yield* wordsFrom(items, start)
  }
  // what does x mean, how is x spelled
  const end = items.findIndex(({ text }) => /^(mean|spelled|spelt|pronounced|defined)$/.test(text))
  const start = items.findIndex(({ text }) => /^(does|is|are)$/.test(text))
  if (start >= 0 && end - start > 1 && end - start <= MENTIONED_MAX + 1) yield* wordsFrom(items, start + 1)
}

function* wordsFrom(items: readonly Item[], start: number): Generator<string> {
  let at = start
  // "the word x", "the meaning of the word x"
  while (/^(the|a|an|word|words|term|phrase)$/.test(items[at]?.text ?? '')) at += 1
  const found: string[] = []
  for (; found.length < MENTIONED_MAX; at += 1) {
    const item = items[at]
    if (item === undefined || item.type === 'mark' || small.has(item.text)) break
    found.push(item.text)
  }
  if (found.length > 0) yield found.join(' ')
}
