/** A text that only repeats itself is told, however it comes in pieces, and no other. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Repetition } from '../../src/core/repetition.ts'

const RULE = { timesMin: 5, charsMin: 40 }
/** Characters after which it is told; null: never. */
function toldAt(text: string, pieceChars = 7, rule = RULE): number | null {
  const repetition = new Repetition(rule)
  for (let at = 0; at < text.length; at += pieceChars)
    if (repetition.feed(text.slice(at, at + pieceChars))) return Math.min(text.length, at + pieceChars)
  return null
}

it('tells of a word, a sentence or a letter that comes again and again', () => {
  for (const unit of ['no ', 'I am sorry, I cannot do that. ', 'a'])
    expect(toldAt(`Well: ${unit.repeat(60)}`)).not.toBeNull()
})

it('needs as many times, and as many characters', () => {
  const unit = 'The same line again.\n'
  expect(toldAt(unit.repeat(4))).toBeNull()
  expect(toldAt(unit.repeat(5), 1)).toBe(unit.length * 5)
  expect(toldAt('ha'.repeat(19), 1)).toBeNull()
  expect(toldAt('ha'.repeat(20), 1)).toBe(40)
})

it('says nothing of rules, tables and blank space', () => {
  for (const text of ['-'.repeat(500), '| --- '.repeat(40).replaceAll(' ', ''), ' '.repeat(300), '=-'.repeat(90)])
    expect(toldAt(text)).toBeNull()
})

it('says nothing of prose, lists and code', () => {
  const list = Array.from({ length: 60 }, (_, index) => `${index + 1}. Item number ${index + 1} of the list\n`).join('')
  const code = Array.from({ length: 40 }, (_, index) => `  row[${index}] = parse(values[${index}])\n`).join('')
  for (const text of [list, code]) expect(toldAt(text)).toBeNull()
})

it('tells the same however the text is cut', () => {
  const text = fc.tuple(
    fc.string({ maxLength: 40 }),
    fc.string({ minLength: 1, maxLength: 12 }),
    fc.integer({ min: 1, max: 60 }),
  )
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 50 }), ([head, unit, times], piece) => {
      const all = head + unit.repeat(times)
      const at = toldAt(all, 1)
      const cut = toldAt(all, piece)
      expect(cut === null).toBe(at === null)
      if (at !== null && cut !== null) expect(cut - at).toBeLessThan(piece)
    }),
  )
})

it('never tells of a text without a repetition in its end', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 600 }), (text) => {
      const at = toldAt(text, 1)
      if (at === null) return
      const end = text.slice(0, at)
      const isRepeated = Array.from({ length: 200 }, (_, index) => index + 1).some((unit) => {
        const chars = Math.max(unit * RULE.timesMin, RULE.charsMin)
        return (
          end.length >= chars &&
          [...Array(chars - unit).keys()].every((back) => end.at(-1 - back) === end.at(-1 - back - unit))
        )
      })
      expect(isRepeated).toBe(true)
    }),
  )
})
