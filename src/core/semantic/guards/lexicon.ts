/** Words and phrases that guards know, found by their first word or character; the longest that fits is the one. No I/O. */
import type { GuardKind } from '../types.ts'
import {
  HAN_DATES,
  HAN_DIRECTIONS,
  HAN_KINDS,
  HAN_NAMES,
  HAN_OPPOSITES,
  HAN_PLAIN,
  HAN_TIME_UNITS,
  HAN_UNITS,
} from './words/han.ts'
import { DATES, PLAIN, TIME_UNITS, UNITS } from './words/measures.ts'
import { FIRMS, KINDS, PEOPLE_AND_THINGS, TECH } from './words/names.ts'
import { DIRECTIONS, OPPOSITES } from './words/opposites.ts'
import { CITIES, COUNTRIES, PEOPLES, REGIONS } from './words/places.ts'

/** What a phrase means to the guards. `plain`: nothing, though parts of it would; `time`: a unit where it is counted. */
export interface Entry {
  readonly kind: GuardKind | 'time' | 'plain'
  /** Canonical; of an axis `axis~side`. */
  readonly token: string
}

interface Phrase extends Entry {
  /** Words after the first one; for Chinese the whole phrase alone. */
  readonly rest: readonly string[]
}

type Index = ReadonlyMap<string, readonly Phrase[]>

/** An entry, and how many words or characters it takes. */
export interface Found {
  readonly entry: Entry
  readonly length: number
}

let words: Index | undefined
let han: Index | undefined

/** The longest English phrase that begins with the word at `at`; inflected forms of its first and last word fit too. */
export function findWords(texts: readonly string[], at: number): Found | undefined {
  words ??= indexWords()
  const first = texts[at] ?? ''
  const exact = longest(words.get(first), texts, at)
  if (exact !== undefined) return exact
  for (const stem of stemsOf(first)) {
    const found = longest(words.get(stem), texts, at)
    if (found !== undefined) return found
  }
  return undefined
}

/** The longest Chinese phrase that begins at `at` of a text of simplified characters. */
export function findHan(text: string, at: number): Found | undefined {
  han ??= indexHan()
  const phrase = han.get(text.charAt(at))?.find(({ rest }) => text.startsWith(rest[0] ?? '', at))
  return phrase === undefined ? undefined : { entry: phrase, length: phrase.rest[0]?.length ?? 1 }
}

function longest(phrases: readonly Phrase[] | undefined, texts: readonly string[], at: number): Found | undefined {
  const phrase = phrases?.find(({ rest }) =>
    rest.every((word, index) => texts[at + 1 + index] === word || texts[at + 1 + index] === `${word}s`),
  )
  return phrase === undefined ? undefined : { entry: phrase, length: phrase.rest.length + 1 }
}

/** What a form may be of, without a dictionary: cities → city, boxes → box, stopped → stop, closing → close. */
function stemsOf(word: string): string[] {
  if (word.length < 4) return []
  if (word.endsWith('ies') || word.endsWith('ied')) return [`${word.slice(0, -3)}y`, word.slice(0, -1)]
  if (word.endsWith('es')) return [word.slice(0, -1), word.slice(0, -2)]
  if (word.endsWith('s')) return [word.slice(0, -1)]
  const cut = word.endsWith('ed') ? 2 : word.endsWith('ing') ? 3 : 0
  if (cut === 0 || word.length < cut + 3) return []
  const stem = word.slice(0, -cut)
  const doubled = stem.at(-1) === stem.at(-2) ? [stem.slice(0, -1)] : []
  return [stem, `${stem}e`, ...doubled]
}

function indexWords(): Index {
  const index = new Map<string, Phrase[]>()
  const add = (kind: Entry['kind'], token: string, phrase: string): void => {
    const [first = '', ...rest] = phrase.split(' ')
    addPhrase(index, first, { kind, token, rest })
  }
  // The first list that has a phrase has it for good.
  for (const phrase of partsOf(PLAIN)) add('plain', '', phrase)
  for (const [kind, list] of lists) addNames(list, kind, add)
  for (const [kind, axes] of [
    ['direction', DIRECTIONS],
    ['antonym', OPPOSITES],
    ['entity', KINDS],
  ] as const) {
    addAxes(axes, kind, add)
  }
  return longestFirst(index)
}

const lists: readonly (readonly [Entry['kind'], string])[] = [
  ['unit', UNITS],
  ['time', TIME_UNITS],
  ['date', DATES],
  ['entity', COUNTRIES],
  ['entity', REGIONS],
  ['entity', CITIES],
  ['entity', PEOPLES],
  ['entity', FIRMS],
  ['entity', TECH],
  ['entity', PEOPLE_AND_THINGS],
]

function indexHan(): Index {
  const index = new Map<string, Phrase[]>()
  const add = (kind: Entry['kind'], token: string, phrase: string): void => {
    addPhrase(index, phrase.charAt(0), { kind, token, rest: [phrase] })
  }
  for (const [kind, list] of [
    ['unit', HAN_UNITS],
    ['time', HAN_TIME_UNITS],
    ['date', HAN_DATES],
    ['entity', HAN_NAMES],
  ] as const) {
    addNames(list, kind, add)
  }
  addAxes(HAN_DIRECTIONS, 'direction', add)
  addAxes(HAN_OPPOSITES, 'antonym', add)
  addAxes(HAN_KINDS, 'entity', add)
  for (const phrase of HAN_PLAIN.split(' ')) add('plain', '', phrase)
  return longestFirst(index)
}

type Add = (kind: Entry['kind'], token: string, phrase: string) => void

function addNames(list: string, kind: Entry['kind'], add: Add): void {
  for (const part of partsOf(list)) {
    const names = part.split('=')
    for (const name of names) add(kind, names[0] ?? name, name)
  }
}

function addAxes(axes: string, kind: Entry['kind'], add: Add): void {
  for (const line of axes.split('\n')) {
    const [axis = '', sides = ''] = line.split(': ')
    for (const side of sides.split(' | ')) {
      const phrases = side.split(' ').filter((phrase) => phrase !== '')
      for (const phrase of phrases) add(kind, `${axis}~${phrases[0]}`, phrase.replaceAll('_', ' '))
    }
  }
}

function partsOf(list: string): string[] {
  return list.split(/[,\n]+/).filter((part) => part !== '')
}

function addPhrase(index: Map<string, Phrase[]>, first: string, phrase: Phrase): void {
  const phrases = index.get(first)
  if (phrases === undefined) index.set(first, [phrase])
  else if (!phrases.some(({ rest }) => rest.join(' ') === phrase.rest.join(' '))) phrases.push(phrase)
}

function longestFirst(index: Map<string, Phrase[]>): Index {
  const length = ({ rest }: Phrase): number => rest.join(' ').length
  for (const phrases of index.values()) phrases.sort((left, right) => length(right) - length(left))
  return index
}
