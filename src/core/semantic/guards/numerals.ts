/** Numbers written as words or as Chinese numerals, as digits. No I/O. */
import { NUMBER_WORDS, ORDINAL_TENS, ORDINAL_WORDS, TENS } from './words/measures.ts'

const values = new Map<string, number>([
  ...NUMBER_WORDS.split(' ').map((word, index) => [word, index] as const),
  ...ORDINAL_WORDS.split(' ').map((word, index) => [word, index] as const),
  ...TENS.split(' ').map((word, index) => [word, 20 + 10 * index] as const),
  ...ORDINAL_TENS.split(' ').map((word, index) => [word, 20 + 10 * index] as const),
])
const scales = new Map<string, number>([
  ['hundred', 100],
  ['hundredth', 100],
  ['thousand', 1000],
  ['million', 1e6],
  ['billion', 1e9],
  ['trillion', 1e12],
])

/** A number, and how many words or characters it takes. */
export interface Numeral {
  readonly value: number
  readonly length: number
}

/** The number that begins with the word at `at`: "two hundred and five", "twenty five", "a dozen" without its "a". */
export function wordsNumber(texts: readonly string[], at: number): Numeral | undefined {
  if (texts[at] === 'dozen') return { value: 12, length: 1 }
  let total = 0
  let group: number | undefined = scales.has(texts[at] ?? '') ? 1 : undefined
  let next = at
  for (; next < texts.length; next += 1) {
    const word = texts[next] ?? ''
    const value = values.get(word)
    const scale = scales.get(word)
    if (scale !== undefined && group !== undefined) {
      if (scale === 100) group *= 100
      else {
        total += group * scale
        group = 0
      }
    } else if (value !== undefined && fits(group, value)) group = (group ?? 0) + value
    else if (!(word === 'and' && next > at && scales.has(texts[next - 1] ?? '') && values.has(texts[next + 1] ?? '')))
      break
  }
  return group === undefined ? undefined : { value: total + group, length: next - at }
}

/** "twenty" takes a "five", "hundred" takes both; "five six" are two numbers. */
function fits(group: number | undefined, value: number): boolean {
  if (group === undefined || group === 0) return true
  if (group % 100 === 0) return value < 100
  return group % 10 === 0 && group % 100 >= 20 && value > 0 && value < 10
}

const digits = new Map([...'〇零一二三四五六七八九'].map((digit, index) => [digit, Math.max(0, index - 1)]))
digits.set('两', 2)
const places = new Map([
  ['十', 10],
  ['百', 100],
  ['千', 1000],
])
const myriads = new Map([
  ['万', 1e4],
  ['亿', 1e8],
])

/** The Chinese number at `at`: 十七, 两百零五, 三万, 二〇二四. */
export function hanNumber(text: string, at: number): Numeral | undefined {
  let total = 0
  let group = 0
  let digit: number | undefined
  let isPlaced = false
  let next = at
  for (; next < text.length; next += 1) {
    const character = text.charAt(next)
    const value = digits.get(character)
    const place = places.get(character)
    const myriad = myriads.get(character)
    if (value !== undefined) digit = isPlaced || digit === undefined ? value : digit * 10 + value
    else if (place !== undefined && (next > at || place === 10)) {
      group += (digit ?? 1) * place
      digit = undefined
      isPlaced = true
    } else if (myriad !== undefined && next > at) {
      total += (group + (digit ?? 0)) * myriad
      group = 0
      digit = undefined
      isPlaced = true
    } else break
  }
  return next === at ? undefined : { value: total + group + (digit ?? 0), length: next - at }
}

/** Digits as written, in one form: without separators of thousands, leading zeros and empty decimals. 3.10 is not 3.1. */
export function plainNumber(written: string): string {
  const whole = /^\d{1,3}(,\d{3})+(\.\d+)?$/.test(written) ? written.replaceAll(',', '') : written
  if (!/^\d+(\.\d+)?$/.test(whole)) return written
  return whole.replace(/\.0+$/, '').replace(/^0+(?=\d)/, '')
}
