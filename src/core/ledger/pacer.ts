/** Even spacing: the generic cell rate algorithm (GCRA, ITU-T I.371), kept as the level of a leaking bucket. No I/O. */
import { LEDGER_PACER_LOWS_MAX } from '../limits.ts'
import type { Count, Entry } from './count.ts'

/** How deep the bucket was just before a charge. */
interface Low {
  readonly atMs: number
  readonly level: number
}

/** What sums of fractions may be off by, as a share of the burst. */
const DUST_SHARE = 1e-9

/**
 * A bucket that leaks `amount` units per `perMs`; units fit while it holds no more than `burst` with them, and more than
 * a burst fits into an empty one, else it would never be served. Any interval sees at most burst + rate × (length + 1 ms).
 */
export class Pacer implements Count {
  readonly stores = 'state'
  readonly #perMs: number
  readonly #burst: number
  readonly #dust: number
  /** After the last charge; below 0 by less than a millisecond's leak, see `#levelAt`. */
  #level = 0
  #atMs = 0
  /** Units per ms as last told: questions without an amount use it. */
  #rate = 0
  /** How empty it was before charges, those left out that a later one undercuts: how far a charge can be undone. */
  #lows: Low[] = []

  constructor(perMs: number, burst: number, entries: readonly Entry[] = []) {
    this.#perMs = perMs
    this.#burst = burst
    this.#dust = DUST_SHARE * Math.max(1, burst)
    const last = entries.at(-1)
    if (last === undefined) return
    this.#level = last.units
    this.#atMs = last.atMs
    // How empty it was before nobody knows any more: what was charged before counts as leaked.
    this.#lows = [{ atMs: last.atMs, level: 0 }]
  }

  level(nowMs: number, amount: number): number {
    this.#setRate(amount)
    return Math.max(0, this.#levelAt(nowMs))
  }

  freeAt(units: number, fromMs: number, amount: number): number {
    this.#setRate(amount)
    if (units <= 0) return fromMs
    if (this.#rate === 0 || units > Math.max(amount, this.#burst)) return Number.POSITIVE_INFINITY
    const roomLevel = Math.max(0, this.#burst - units) + this.#dust
    // What it held before its last charge is not known: nothing goes before that, as after a clock that stepped back.
    const earliestMs = Math.max(fromMs, this.#atMs)
    if (this.#levelAt(earliestMs) <= roomLevel) return earliestMs
    let freeMs = Math.max(earliestMs, Math.ceil(this.#atMs + (this.#level - roomLevel) / this.#rate))
    // The division may be off by its last digit: the answer is the first ms at which the same test says yes.
    while (freeMs > earliestMs && this.#levelAt(freeMs - 1) <= roomLevel) freeMs -= 1
    while (this.#levelAt(freeMs) > roomLevel) freeMs += 1
    return freeMs
  }

  wholeAt(nowMs: number, amount: number): number {
    this.#setRate(amount)
    if (this.#levelAt(nowMs) <= this.#dust) return nowMs
    return Math.max(nowMs, Math.ceil(this.#atMs + this.#level / this.#rate))
  }

  charge(units: number, atMs: number, amount: number): void {
    this.#setRate(amount)
    if (units <= 0) return
    // A clock that went back: it counts from the last charge on, as if no time had passed.
    const moment = Math.max(atMs, this.#atMs)
    const level = this.#levelAt(moment)
    this.#noteLow({ atMs: moment, level: Math.max(0, level) })
    this.#level = level + units
    this.#atMs = moment
  }

  /**
   * Leaves it as if they had never been charged: without them it would be lower by so much, until it would have run
   * empty. So what the least level since then does not cover has leaked with time and stays left.
   */
  giveBack(units: number, atMs: number, amount: number): void {
    this.#setRate(amount)
    const since = this.#lows.filter((low) => low.atMs > atMs)
    const back = Math.min(units, Math.max(0, this.#level), ...since.map((low) => low.level))
    if (back <= 0) return
    this.#level -= back
    this.#lows = this.#lows.map((low) => (low.atMs > atMs ? { ...low, level: low.level - back } : low))
  }

  counts(atMs: number, nowMs: number): boolean {
    return !this.isIdle(nowMs) && !this.#lows.some((low) => low.atMs > atMs && low.level <= 0)
  }

  isIdle(nowMs: number): boolean {
    return this.#levelAt(nowMs) <= this.#dust
  }

  row(_units: number, _atMs: number, amount: number): { readonly entry: Entry; readonly untilMs: number } {
    this.#setRate(amount)
    const wholeMs = this.wholeAt(this.#atMs, amount)
    // An amount of 0 never leaks; it is kept as long as a whole burst would take at one unit per window.
    const untilMs = Number.isFinite(wholeMs) ? wholeMs + 1 : this.#atMs + this.#perMs * Math.max(1, this.#level)
    return { entry: { slot: 0, units: this.#level, atMs: this.#atMs }, untilMs }
  }

  clone(): Pacer {
    const copy = new Pacer(this.#perMs, this.#burst)
    copy.#level = this.#level
    copy.#atMs = this.#atMs
    copy.#rate = this.#rate
    copy.#lows = this.#lows.slice()
    return copy
  }

  /**
   * One that ran empty less than a millisecond ago has leaked on: clocks tell whole milliseconds, and at 300 a second
   * (3.3 ms) every wait would otherwise be rounded up and a sixth of the rate lost. Once idle longer it is just empty.
   */
  #levelAt(atMs: number): number {
    const level = this.#level - Math.max(0, atMs - this.#atMs) * this.#rate
    return level > -this.#rate ? level : 0
  }

  #setRate(amount: number): void {
    this.#rate = Math.max(0, amount) / this.#perMs
  }

  #noteLow(low: Low): void {
    while ((this.#lows.at(-1)?.level ?? Number.NEGATIVE_INFINITY) >= low.level) this.#lows.pop()
    this.#lows.push(low)
    // Two neighbours become one that is as low as the lower and as late as the later: it gives back less, never more.
    if (this.#lows.length > LEDGER_PACER_LOWS_MAX) {
      const [first, second] = this.#lows
      if (first !== undefined && second !== undefined) {
        this.#lows.splice(0, 2, { atMs: second.atMs, level: Math.min(first.level, second.level) })
      }
    }
  }
}
