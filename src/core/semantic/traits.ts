/** What a question says exactly, where an embedding only says what it is about; and whether two questions differ in it. No I/O. */
import { antonyms } from './guards/antonym.ts'
import { dates } from './guards/date.ts'
import { directions } from './guards/direction.ts'
import { entities } from './guards/entity.ts'
import { frames, orders, partsOf } from './guards/frame.ts'
import { foreignWords, scriptOf } from './guards/language.ts'
import { negations } from './guards/negation.ts'
import { numbers } from './guards/number.ts'
import { questionKinds } from './guards/question.ts'
import { mentionedWords, quoteOrder } from './guards/quote.ts'
import { read } from './guards/reading.ts'
import { units } from './guards/unit.ts'
import { GUARDS, type GuardKind, type Traits } from './types.ts'

/** Between an axis and the side of it that is named; in no other token. */
const SIDE = '~'
/** Kinds with tokens of the form `axis~side`: only another side of the same axis disagrees. */
const sided: ReadonlySet<GuardKind> = new Set(['antonym', 'direction', 'entity', 'question'])

/** The traits of a question, English or Chinese. Never throws; linear in the length of the text. */
export function traitsOf(text: string): Traits {
  const reading = read(text)
  const { items } = reading
  const script = scriptOf(reading.text)
  // In this order: what is read as a date is no number, and what is read as a unit is no name.
  const date = [...dates(items)]
  const unit = [...units(items)]
  const direction = [...directions(items, reading.text)]
  const number = [...numbers(items)]
  const parts = partsOf(items)
  return tidied({
    number,
    unit,
    date,
    negation: [...negations(items)],
    direction: [...direction, ...orders(parts, items, reading.text), ...quoteOrder(reading.quotes, reading.text)],
    antonym: [...antonyms(items)],
    entity: [...entities(items, script), ...frames(parts)],
    quote: [...reading.quotes, ...mentionedWords(items), ...(script === 'latin' ? foreignWords(reading.text) : [])],
    code: reading.code,
    language: script === null ? [] : [script],
    question: [...questionKinds(items, reading.text, script)],
  })
}

/**
 * Traits as they are stored: every token by its keyed hash, so that no row holds a word of a prompt. The two halves of
 * `axis~side` are hashed each, for sides are compared within their axis.
 */
export function digestTraits(traits: Traits, mac: (token: string) => string): Traits {
  const digest = (kind: GuardKind, token: string): string => {
    const at = sided.has(kind) ? token.indexOf(SIDE) : -1
    const whole = mac(`${kind} ${token}`)
    return at < 0 ? whole : `${mac(`${kind} ${token.slice(0, at)}`)}${SIDE}${whole}`
  }
  return tidied(Object.fromEntries(GUARDS.map((kind) => [kind, traits[kind]?.map((token) => digest(kind, token))])))
}

/** The kinds in which two questions disagree; both as found, or both as stored under one key. */
export function disagreements(asked: Traits, stored: Traits): readonly GuardKind[] {
  return GUARDS.filter((kind) => differ(kind, asked[kind] ?? [], stored[kind] ?? []))
}

function differ(kind: GuardKind, asked: readonly string[], stored: readonly string[]): boolean {
  if (kind === 'negation') return (asked.length === 0) !== (stored.length === 0)
  if (!sided.has(kind)) return !areSame(asked, stored)
  const isWhole = (token: string): boolean => !token.includes(SIDE)
  return !areSame(asked.filter(isWhole), stored.filter(isWhole)) || differInSide(asked, stored)
}

function areSame(asked: readonly string[], stored: readonly string[]): boolean {
  return asked.length === stored.length && asked.every((token, index) => token === stored[index])
}

/** An axis of which both name sides, and not the same ones. */
function differInSide(asked: readonly string[], stored: readonly string[]): boolean {
  if (asked.length === 0 || stored.length === 0) return false
  const own = sidesOf(asked)
  for (const [axis, sides] of sidesOf(stored)) {
    const others = own.get(axis)
    if (others !== undefined && !areSame(others, sides)) return true
  }
  return false
}

function sidesOf(tokens: readonly string[]): Map<string, string[]> {
  const axes = new Map<string, string[]>()
  for (const token of tokens) {
    const at = token.indexOf(SIDE)
    if (at < 0) continue
    const axis = token.slice(0, at)
    axes.set(axis, [...(axes.get(axis) ?? []), token])
  }
  return axes
}

function tidied(found: Readonly<Partial<Record<GuardKind, readonly string[] | undefined>>>): Traits {
  const traits: Partial<Record<GuardKind, readonly string[]>> = {}
  for (const kind of GUARDS) {
    const tokens = found[kind]
    if (tokens !== undefined && tokens.length > 0) traits[kind] = [...new Set(tokens)].sort()
  }
  return traits
}
