/** How many bytes of one kind an isolate holds at once: taken before they are kept, given back in one go. No I/O. */

/** What one holder takes of a budget. */
export interface Hold {
  /** Takes so many more; false, and nothing taken, where they do not fit or the hold was released. */
  take(bytes: number): boolean
  /** Gives back all of it. Once it is given back, no more is had. */
  release(): void
}

/** One per isolate and kind. An isolate has 128 MB for everything; nothing but a count keeps requests apart in it. */
export class ByteBudget {
  readonly #bytesMax: number
  #heldBytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** A holder's share: nothing yet. */
  hold(): Hold {
    let held = 0
    let isOver = false
    return {
      take: (bytes) => {
        if (isOver || this.#heldBytes + bytes > this.#bytesMax) return false
        this.#heldBytes += bytes
        held += bytes
        return true
      },
      release: () => {
        isOver = true
        this.#heldBytes -= held
        held = 0
      },
    }
  }
}
