/** How long a source has been out of reach. No I/O. */
import type { Clock } from '../lib/clock.ts'

/** Time during which a source could not be asked: from a first failure to the next success. */
export class DegradedTime {
  readonly #clock: Clock
  #totalMs = 0
  #sinceMs: number | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Looks at how a question to the source goes. */
  async watch<T>(asked: Promise<T>): Promise<T> {
    try {
      const answer = await asked
      this.#totalMs = this.#soFarMs
      this.#sinceMs = null
      return answer
    } catch (error) {
      this.#sinceMs ??= this.#clock.now()
      throw error
    }
  }

  /** So far, rounded. */
  get seconds(): number {
    return Math.round(this.#soFarMs / 1000)
  }

  get #soFarMs(): number {
    return this.#totalMs + (this.#sinceMs === null ? 0 : this.#clock.now() - this.#sinceMs)
  }
}
