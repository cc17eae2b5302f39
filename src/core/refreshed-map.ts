/** Values that an isolate keeps by name, each asked for anew while there is traffic, all of them bounded by bytes. No I/O of its own. */
import { type Ages, createRefreshed, type Refreshed, type Surroundings } from '../lib/refreshed.ts'
import { Sieve } from './recall/sieve.ts'

/** What an entry takes besides its value, about; one that is still to be loaded takes this much. */
const ENTRY_BYTES = 512

/** How values age, and how much room they have and take. */
export interface KeptBy<T> extends Ages, Surroundings {
  readonly bytesMax: number
  readonly bytesOf: (value: T) => number
}

/** One per isolate and kind of value. */
export class RefreshedMap<T extends NonNullable<unknown>> {
  readonly #by: KeptBy<T>
  readonly #values: Sieve<Refreshed<T>>

  constructor(by: KeptBy<T>) {
    this.#by = by
    this.#values = new Sieve(by.bytesMax)
  }

  /**
   * The newest value within its ages. `load` is given the value so far, and kept with the name: it must hold nothing
   * that belongs to a request. Rejects, with the load's own error, only when there is none.
   */
  get(name: string, load: (current: T | undefined) => Promise<T>): Promise<T> {
    const known = this.#values.get(name)
    if (known !== undefined) return known.get()
    const made: Refreshed<T> = createRefreshed<T>({
      ...this.#by,
      load: async (current) => {
        const value = await load(current)
        // It may have left meanwhile, or was forgotten for another.
        if (this.#values.get(name) === made) this.#values.set(name, made, ENTRY_BYTES + this.#by.bytesOf(value))
        return value
      },
    })
    this.#values.set(name, made, ENTRY_BYTES)
    return made.get()
  }

  /** The next who asks loads it. */
  forget(name: string): void {
    this.#values.delete(name)
  }
}
