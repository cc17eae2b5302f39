/** Whether a question denies something. No I/O. */
import type { Item } from './reading.ts'

const negators = new Set(
  "not no never none nobody nothing nowhere neither nor without except excluding unless cannot cant dont doesnt didnt wont isnt arent wasnt werent couldnt shouldnt wouldnt havent hasnt hadnt aint unable rarely seldom hardly avoid non w/o don't".split(
    ' ',
  ),
)
/** What follows or goes before makes these idioms: nothing is denied. */
const idleAfter = new Set('problem problems worries idea doubt clue sure only matter wonder'.split(' '))
const idleBefore = new Set(['or', 'if', 'why'])
/** "I don't know what …" asks what; "don't forget to" is "remember to"; "why don't you" asks for it. */
const idleVerbs = new Set('know mind remember understand forget recall you we wait figure seem'.split(' '))
const substances = new Set('gluten sugar dairy lactose fat caffeine alcohol nut peanut meat smoke cruelty'.split(' '))
/** Begins like a negation, and is none. */
const falsePrefix =
  /^(under|until|unto|unit|union|uniq|univers|unless|unfortunate|upon|uncle|unanim|unison|unlock|uninstall|unsub|unblock|unfollow|unmute|unpair|unfreeze|unregister|unzip|untitled|nonetheless|nonsense|none)/

/** A token for each denial. */
export function* negations(items: readonly Item[]): Generator<string> {
  for (let at = 0; at < items.length; at += 1) {
    const item = items[at] as Item
    if (item.type === 'han' && item.entry === undefined && deniesInHan(items, at)) yield 'not'
    if (item.type === 'word' && (item.entry === undefined || item.text === 'free') && denies(items, at)) yield 'not'
  }
}

function denies(items: readonly Item[], at: number): boolean {
  const { text } = items[at] as Item
  const next = items[at + 1]
  const previous = items[at - 1]
  if (/^un\p{L}{4,}|^non\p{L}{4,}/u.test(text)) return !falsePrefix.test(text)
  if (text === 'free') return substances.has(previous?.text ?? '')
  if (text === 'other') return next?.text === 'than'
  if (text === 'longer') return previous?.text === 'any'
  const isVerb = /n't$/.test(text) || /^(cant|dont|doesnt|didnt|cannot|wont)$/.test(text)
  if (!isVerb && !negators.has(text)) return false
  if (isVerb && idleVerbs.has(next?.text ?? '')) return false
  if (text === 'not' && (idleVerbs.has(next?.text ?? '') || idleAfter.has(next?.text ?? ''))) return false
  if ((text === 'no' || text === 'not') && (idleBefore.has(previous?.text ?? '') || idleAfter.has(next?.text ?? ''))) {
    return false
  }
  // "No, I meant …": an answer to what was said before.
  return !(text === 'no' && at === 0 && next?.type === 'mark')
}

/** 不 and 没 between the same two characters ask ("是不是"), and at the end of a question they ask too ("到了没有"). */
function deniesInHan(items: readonly Item[], at: number): boolean {
  const { text } = items[at] as Item
  const isLast = items[at + 1] === undefined || items[at + 1]?.type === 'mark'
  const own = isLast ? text.replace(/(?<=.)(没有|没|不)[啊呢呀]?$/, '') : text
  const around = (items[at - 1]?.type === 'han' ? (items[at - 1]?.text.at(-1) ?? '') : '') + own
  const shift = around.length - own.length
  for (let index = 0; index < own.length; index += 1) {
    const character = own.charAt(index)
    if (/[无别非未勿]/.test(character)) return true
    if (/[不没]/.test(character)) {
      const after = own.charAt(index + 1) || (items[at + 1]?.text.charAt(0) ?? '')
      const isQuestion = after !== '' && around.charAt(index + shift - 1) === after
      if (!isQuestion) return true
    }
  }
  return /除了|除去|除开|以外的|禁止|切勿|拒绝/.test(own)
}
