/** The newest events of a stream in memory: those that are not kept yet, and as many before them as fit. No I/O. */
import { joined } from '../../lib/pieces.ts'
import type { NumberedEvent } from './events.ts'

/** One per running stream. Numbers ascend, not always by one. */
export class Tail {
  readonly #bytesMax: number
  #events: NumberedEvent[] = []
  #bytes = 0
  /** How many of them, from the front, are kept elsewhere. */
  #kept = 0
  #unkeptBytes = 0
  /** Number of the last event that is not here any more. */
  #droppedTo = Number.NEGATIVE_INFINITY

  /** `bytesMax`: what it holds of events that are kept; the others are held in any case. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  append(event: NumberedEvent): void {
    this.#events.push(event)
    this.#bytes += event.bytes.length
    this.#unkeptBytes += event.bytes.length
  }

  /** Bytes of events that are kept nowhere else. */
  get unkeptBytes(): number {
    return this.#unkeptBytes
  }

  get last(): number | null {
    return this.#events.at(-1)?.number ?? null
  }

  /** The events that are kept nowhere else, up to so many bytes, but at least one where there is one. */
  unkept(bytesMax: number): readonly NumberedEvent[] {
    let [end, bytes] = [this.#kept, 0]
    while (end < this.#events.length) {
      bytes += this.#events[end]?.bytes.length ?? 0
      if (end > this.#kept && bytes > bytesMax) break
      end += 1
    }
    return this.#events.slice(this.#kept, end)
  }

  /** The first so many of them are kept now. */
  keep(count: number): void {
    for (const { bytes } of this.#events.slice(this.#kept, this.#kept + count)) this.#unkeptBytes -= bytes.length
    this.#kept += count
    let dropped = 0
    while (dropped < this.#kept && this.#bytes > this.#bytesMax) {
      this.#bytes -= this.#events[dropped]?.bytes.length ?? 0
      dropped += 1
    }
    if (dropped === 0) return
    this.#droppedTo = this.#events[dropped - 1]?.number ?? this.#droppedTo
    this.#events = this.#events.slice(dropped)
    this.#kept -= dropped
  }

  /**
   * What follows after a number, up to so many bytes: null where nothing does yet, `lost` where it is not in memory any
   * more. A number below the first of all is before every event.
   */
  after(number: number, bytesMax: number): { readonly bytes: Uint8Array; readonly last: number } | 'lost' | null {
    const events = this.#events
    if ((events.at(-1)?.number ?? this.#droppedTo) <= number) return null
    if (number < this.#droppedTo) return 'lost'
    const taken: Uint8Array[] = []
    let [bytes, last] = [0, number]
    for (let index = this.#indexAfter(number); index < events.length; index += 1) {
      const event = events[index]
      if (event === undefined || (taken.length > 0 && bytes + event.bytes.length > bytesMax)) break
      taken.push(event.bytes)
      bytes += event.bytes.length
      last = event.number
    }
    return { bytes: joined(taken), last }
  }

  #indexAfter(number: number): number {
    let [low, high] = [0, this.#events.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#events[middle]?.number ?? 0) <= number) low = middle + 1
      else high = middle
    }
    return low
  }
}
