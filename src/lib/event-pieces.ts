/** Bytes of an event stream, however they are cut, in whole events. No I/O. */
import { joined } from './pieces.ts'
import { concat, endOfEvent, searchable } from './sse.ts'

const EMPTY = new Uint8Array(0)
/** An earlier piece may end with this much of a separator. */
const SEPARATOR_BYTES = 3

/** One per stream. What is held is looked at once, however large an event is and however small its pieces. */
export class EventPieces {
  readonly #held: Uint8Array[] = []
  #tail: Uint8Array = EMPTY
  #heldBytes = 0

  /** Bytes of an event that is not whole yet. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** The events that are whole with these bytes. */
  push(bytes: Uint8Array): readonly Uint8Array[] {
    const events: Uint8Array[] = []
    const tailBytes = this.#tail.length
    // Read once for all events in it: what ends an event cannot stand in the tail alone.
    const text = searchable(tailBytes === 0 ? bytes : concat(this.#tail, bytes))
    let start = 0
    for (let end = endOfEvent(text, 0); end > tailBytes; end = endOfEvent(text, start + tailBytes)) {
      events.push(joined([...this.#held, bytes.subarray(start, end - tailBytes)]))
      this.#clear()
      start = end - tailBytes
    }
    const rest = start === 0 ? bytes : bytes.subarray(start)
    if (rest.length > 0) this.#hold(rest)
    return events
  }

  /** What was held, which is no whole event. */
  flush(): Uint8Array {
    const rest = joined(this.#held)
    this.#clear()
    return rest
  }

  #hold(bytes: Uint8Array): void {
    this.#held.push(bytes)
    this.#heldBytes += bytes.length
    this.#tail = concat(this.#tail, bytes.subarray(-SEPARATOR_BYTES)).slice(-SEPARATOR_BYTES)
  }

  #clear(): void {
    this.#held.length = 0
    this.#heldBytes = 0
    this.#tail = EMPTY
  }
}
