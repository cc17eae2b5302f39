/** Tells when a text that is being written only repeats itself: a model that is caught in its own words. No I/O. */

/** When it is taken for caught. */
export interface RepetitionRule {
  /** The end of the text is the same piece at least so often in a row … */
  readonly timesMin: number
  /** … and all of them together are at least so long. */
  readonly charsMin: number
}

/** Longest piece that is looked for. */
const UNIT_CHARS_MAX = 400
/** White space alone, rules and table borders repeat for good reason: a piece says something in letters or digits. */
const SAYS_SOMETHING = /[\p{L}\p{N}]/u

/**
 * One per stream. For each length of a piece it counts how far the end of the text equals what stands that much earlier:
 * a character costs a comparison for each length.
 */
export class Repetition {
  readonly #rule: RepetitionRule
  readonly #runs = new Uint32Array(UNIT_CHARS_MAX + 1)
  #recent = ''

  constructor(rule: RepetitionRule) {
    this.#rule = rule
  }

  /** Takes a piece of the text. True: from here on it only repeats itself. */
  feed(text: string): boolean {
    for (let at = 0; at < text.length; at += 1) if (this.#add(text, at)) return true
    return false
  }

  #add(text: string, at: number): boolean {
    const code = text.charCodeAt(at)
    const recent = this.#recent
    const unitMax = Math.min(UNIT_CHARS_MAX, recent.length)
    let found = 0
    for (let unit = 1; unit <= unitMax; unit += 1) {
      const run = recent.charCodeAt(recent.length - unit) === code ? (this.#runs[unit] ?? 0) + 1 : 0
      this.#runs[unit] = run
      if (found === 0 && this.#isCaught(unit, run)) found = unit
    }
    this.#recent = recent.length >= 2 * UNIT_CHARS_MAX ? recent.slice(-UNIT_CHARS_MAX) + text[at] : recent + text[at]
    return found > 0 && SAYS_SOMETHING.test(this.#recent.slice(-found))
  }

  /** So many characters equal those a unit earlier: with the first unit, that is the length of the repetition. */
  #isCaught(unit: number, run: number): boolean {
    const chars = run + unit
    return chars >= unit * this.#rule.timesMin && chars >= this.#rule.charsMin
  }
}
