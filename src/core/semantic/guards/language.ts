/** The script in which a question is written. No I/O. */

const scripts: readonly (readonly [string, RegExp])[] = [
  ['hangul', /\p{sc=Hangul}/u],
  ['cyrillic', /\p{sc=Cyrillic}/u],
  ['greek', /\p{sc=Greek}/u],
  ['arabic', /\p{sc=Arabic}/u],
  ['hebrew', /\p{sc=Hebrew}/u],
  ['devanagari', /\p{sc=Devanagari}/u],
  ['thai', /\p{sc=Thai}/u],
]
/** One Chinese character says about as much as so many Latin letters. */
const LETTERS_PER_CHARACTER = 3
const plain = /^[\s!-~]*$/
const foreign = /[^\s!-\u024f\u1e00-\u206f\p{P}\p{S}\p{N}]+/gu

/** The script of most of a text, or null where it has no letters. Some kana among characters make it Japanese. */
export function scriptOf(text: string): string | null {
  if (plain.test(text)) return /[A-Za-z]/.test(text) ? 'latin' : null
  let latin = 0
  let han = 0
  let kana = 0
  const others = new Map<string, number>()
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0
    if (point < 0x41) continue
    if (point <= 0x24f) latin += /\p{L}/u.test(character) ? 1 : 0
    else if ((point >= 0x3400 && point <= 0x9fff) || (point >= 0xf900 && point <= 0xfaff)) han += 1
    else if (point >= 0x3041 && point <= 0x30ff) kana += 1
    else {
      const name = scripts.find(([, letters]) => letters.test(character))?.[0]
      if (name !== undefined) others.set(name, (others.get(name) ?? 0) + 1)
    }
  }
  const counts: (readonly [string, number])[] = [
    ['latin', latin],
    [kana * 10 > han ? 'kana' : 'han', (han + kana) * LETTERS_PER_CHARACTER],
    ...others,
  ]
  const [name, count] = counts.reduce((most, one) => (one[1] > most[1] ? one : most))
  return count === 0 ? null : name
}

/** Words of another script inside a Latin text: it speaks of them. */
export function foreignWords(text: string): string[] {
  return plain.test(text) ? [] : (text.match(foreign) ?? [])
}
