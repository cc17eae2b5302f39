/** A question as the guards read it: quotes and code apart, the rest as words, numbers and phrases with a meaning. No I/O. */
import { codeIn } from './code.ts'
import { hanWords } from './content.ts'
import { type Entry, findHan, findWords } from './lexicon.ts'
import { normalised } from './normal.ts'
import { hanNumber, plainNumber, wordsNumber } from './numerals.ts'
import { quotesIn } from './quote.ts'

/** A word, a phrase of the lexicon, a number, a run of Chinese, or a mark that parts what stands around it. */
export interface Item {
  readonly type: 'word' | 'number' | 'han' | 'mark'
  /** Lower case, without a possessive's end; of a number its plain digits. */
  readonly text: string
  readonly raw: string
  readonly entry: Entry | undefined
  /** Begins a sentence: its capital means nothing. */
  readonly opens: boolean
  /** A guard has made a token of it, and others leave it alone. */
  isRead: boolean
}

export interface Reading {
  /** Normalised, in simplified characters; quotes and code are blanks. */
  readonly text: string
  readonly items: readonly Item[]
  readonly quotes: readonly string[]
  readonly code: readonly string[]
}

/** Latin letters, and marks that sit on them. */
const L = 'A-Za-z\\u00c0-\\u024f\\u1e00-\\u1eff\\u0300-\\u036f'
const HAN = '\\u3007\\u3400-\\u9fff\\uf900-\\ufaff'
/** 1: Chinese; 2, 3: digits and letters joined to them; 4, 5: a Latin word and digits joined to it; 6: a sign; 7: other letters; 8: a mark. */
const TOKEN = new RegExp(
  [
    `([${HAN}]+)`,
    `(\\d{4}-\\d{1,2}-\\d{1,2}(?!\\d)|(?:(?<=^|\\s)-)?\\d+(?:[.,:/]\\d+)*)([A-Za-z]+\\d*)?`,
    `([${L}]+(?:['’][${L}]+)*(?:\\+\\+|#(?![A-Za-z\\d]))?)(\\d+(?:[A-Za-z]+\\d*)?)?`,
    '([%$€£¥₹₩₽]|°[CFcf]?)',
    '(\\p{L}[\\p{L}\\p{M}]*)',
    '([.,;:?!()\\n。，、？！；：()])',
  ].join('|'),
  'gu',
)
/** Reads a question. Linear in its length. */
export function read(question: string): Reading {
  const normal = normalised(question)
    .replace(/\b([ap])\. ?m\b\.?/gi, '$1m')
    .replace(/\bw\/o\b/gi, 'without')
    // gluten-free, sugar-free
    .replace(/-free\b/gi, ' without')
  const quoted = quotesIn(normal)
  const coded = codeIn(quoted.rest)
  return { text: coded.rest, items: itemsOf(coded.rest), quotes: quoted.found, code: coded.found }
}

interface Token {
  readonly type: Item['type']
  readonly text: string
  readonly raw: string
}

function itemsOf(text: string): Item[] {
  const tokens = tokensOf(text)
  const texts = tokens.map((token) => token.text)
  const items: Item[] = []
  let opens = true
  for (let at = 0; at < tokens.length; ) {
    const token = tokens[at] as Token
    const { type } = token
    if (type === 'han') {
      addHan(token.text, items)
      at += 1
    } else {
      const { item, length } = type === 'mark' ? { item: token, length: 1 } : phraseAt(tokens, texts, at)
      items.push({ entry: undefined, ...item, opens, isRead: false })
      at += length
    }
    opens = type === 'mark' ? !/[,，、()]/.test(token.text) : false
  }
  return items
}

function phraseAt(
  tokens: readonly Token[],
  texts: readonly string[],
  at: number,
): { readonly item: Token & { readonly entry?: Entry }; readonly length: number } {
  const token = tokens[at] as Token
  const rawOf = (length: number): string =>
    length === 1
      ? token.raw
      : tokens
          .slice(at, at + length)
          .map(({ raw }) => raw)
          .join(' ')
  const found = findWords(texts, at)
  if (found !== undefined && found.length > 1) {
    const text = texts.slice(at, at + found.length).join(' ')
    return { item: { type: 'word', text, raw: rawOf(found.length), entry: found.entry }, length: found.length }
  }
  if (token.type === 'number') {
    const scale = wordsNumber(texts, at + 1)
    const isScale = /^(hundred|thousand|million|billion|trillion)$/.test(texts[at + 1] ?? '')
    const value = Number(token.text)
    if (!isScale || scale === undefined || Number.isNaN(value)) return { item: token, length: 1 }
    return { item: { ...token, text: plainNumber(String(value * scale.value)) }, length: 1 + scale.length }
  }
  const number = isCounted(texts, at) ? undefined : wordsNumber(texts, at)
  if (number !== undefined) {
    const length = number.length
    return { item: { type: 'number', text: plainNumber(String(number.value)), raw: rawOf(length) }, length }
  }
  return { item: found === undefined ? token : { ...token, entry: found.entry }, length: 1 }
}

/** "first", the other side of "last"; "one" that counts nothing ("which one"), "second" that is a time ("30 second timer"). */
function isCounted(texts: readonly string[], at: number): boolean {
  const before = texts[at - 1] ?? ''
  const after = texts[at + 1] ?? ''
  if (texts[at] === 'first') return true
  if (texts[at] === 'second') return /^(\d.*|per|every|each|a|one|this|split|few)$/.test(before) || values.has(before)
  if (texts[at] !== 'one' || wordsAfterOne.has(after)) return false
  return at + 1 >= texts.length || wordsBeforeOne.has(before) || wordsThatFreeOne.has(after)
}

const values = new Set('two three four five six seven eight nine ten fifteen twenty thirty sixty ninety'.split(' '))
const wordsAfterOne = new Set('hundred thousand million billion trillion'.split(' '))
const wordsBeforeOne = new Set(
  'the this that which any each every no some another a an new old my your only other first last right wrong good better best'.split(
    ' ',
  ),
)
const wordsThatFreeOne = new Set('of or that who is for at way thing . , ? !'.split(' '))

function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  for (const [raw, hanRun, digits, unit, word, tail, sign, other, mark] of text.matchAll(TOKEN)) {
    if (hanRun !== undefined) tokens.push({ type: 'han', text: hanRun, raw })
    else if (digits !== undefined) addDigits(digits, unit, raw, tokens)
    else if (word !== undefined) addWord(word, tail, raw, tokens)
    else if (mark !== undefined) tokens.push({ type: 'mark', text: mark, raw })
    else tokens.push({ type: 'word', text: (sign ?? other ?? raw).toLowerCase(), raw })
  }
  return tokens
}

/** "5km" is a number and a unit, "10k" is ten thousand, "3rd" is three, and "401k" or "4g" is a name. */
function addDigits(digits: string, unit: string | undefined, raw: string, tokens: Token[]): void {
  const suffix = unit?.toLowerCase() ?? ''
  const value = plainNumber(digits)
  if (suffix === '' || /^(st|nd|rd|th)$/.test(suffix)) tokens.push({ type: 'number', text: value, raw })
  else if (findWords([digits + suffix], 0) !== undefined) tokens.push({ type: 'word', text: digits + suffix, raw })
  else if (suffix === 'k') tokens.push({ type: 'number', text: plainNumber(String(Number(value) * 1000)), raw })
  else if (/^(am|pm)$/.test(suffix) || isUnit(suffix)) {
    tokens.push({ type: 'number', text: value, raw: digits }, { type: 'word', text: suffix, raw: suffix })
  } else tokens.push({ type: 'number', text: digits + suffix, raw })
}

function isUnit(suffix: string): boolean {
  const kind = findWords([suffix], 0)?.entry.kind
  return kind === 'unit' || kind === 'time'
}

/** Those that are no word besides. */
const romans = new Map(
  'ii iii iv vi vii viii ix xi xii xiii xiv xv'
    .split(' ')
    .map((roman, index) => [roman, '2 3 4 6 7 8 9 11 12 13 14 15'.split(' ')[index] ?? '']),
)

/** "iphone12" is a name and a number, "v2" the number two, and "dl123" an id. */
function addWord(word: string, tail: string | undefined, raw: string, tokens: Token[]): void {
  const text = word.toLowerCase().replaceAll('’', "'").replace(/'s$/, '')
  const roman = romans.get(text)
  if (roman !== undefined && tail === undefined) tokens.push({ type: 'number', text: roman, raw })
  else if (tail === undefined) tokens.push({ type: 'word', text, raw })
  else if (findWords([text + tail], 0) !== undefined) tokens.push({ type: 'word', text: text + tail, raw })
  else if (text === 'v') tokens.push({ type: 'number', text: plainNumber(tail), raw })
  else if (findWords([text], 0)?.entry.kind === 'entity') {
    tokens.push({ type: 'word', text, raw: word }, { type: 'number', text: plainNumber(tail), raw: tail })
  } else tokens.push({ type: 'number', text: text + tail.toLowerCase(), raw })
}

function addHan(text: string, items: Item[]): void {
  let unknown = ''
  const push = (type: Item['type'], own: string, raw: string, entry?: Entry): void => {
    items.push({ type, text: own, raw, entry, opens: false, isRead: false })
  }
  const flush = (): void => {
    if (unknown !== '') push('han', unknown, unknown)
    unknown = ''
  }
  let alone: ReadonlySet<number> | undefined
  for (let at = 0; at < text.length; ) {
    const phrase = findHan(text, at)
    // A single character inside a word is not what it is alone: 小 in 小提琴.
    const isSingle = phrase?.length === 1 && /^(antonym|direction)$/.test(phrase.entry.kind)
    if (isSingle) alone ??= standingAlone(text)
    const isInside = isSingle && alone?.has(at) === false
    const found = isInside ? undefined : phrase
    const number = hanNumber(text, at)
    const length = Math.max(found?.length ?? 0, number?.length ?? 0)
    if (length === 0) {
      unknown += text.charAt(at)
      at += 1
      continue
    }
    flush()
    const raw = text.slice(at, at + length)
    if (found !== undefined && found.length >= length) push('han', raw, raw, found.entry)
    else push('number', plainNumber(String(number?.value ?? 0)), raw)
    at += length
  }
  flush()
}

/** Where the words of one character are; everywhere, where nobody can tell. */
function standingAlone(text: string): ReadonlySet<number> {
  const words = hanWords(text)
  const isUntold = words.length === 1 && text.length > 1
  const alone = new Set<number>()
  let at = 0
  for (const word of isUntold ? text : words) {
    if (word.length === 1) alone.add(at)
    at += word.length
  }
  return alone
}
