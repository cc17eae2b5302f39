/** A queue whose entries can leave from anywhere, for the eviction policies. No I/O. */

/** An entry's place in a queue; in one queue at a time. */
export interface Link {
  readonly key: string
  readonly bytes: number
  newer: Link | null
  older: Link | null
}

/** In order of arrival, with the sum of its bytes. */
export class Queue<L extends Link> {
  #newest: L | null = null
  #oldest: L | null = null
  #bytes = 0
  #size = 0

  get bytes(): number {
    return this.#bytes
  }

  get size(): number {
    return this.#size
  }

  get oldest(): L | null {
    return this.#oldest
  }

  push(link: L): void {
    link.older = this.#newest
    link.newer = null
    if (this.#newest === null) this.#oldest = link
    else this.#newest.newer = link
    this.#newest = link
    this.#bytes += link.bytes
    this.#size += 1
  }

  /** Back to where it came from: next to leave. */
  pushOldest(link: L): void {
    link.newer = this.#oldest
    link.older = null
    if (this.#oldest === null) this.#newest = link
    else this.#oldest.older = link
    this.#oldest = link
    this.#bytes += link.bytes
    this.#size += 1
  }

  remove(link: L): void {
    // Links are of this queue's own kind: nothing else is pushed.
    if (link.older === null) this.#oldest = link.newer as L | null
    else link.older.newer = link.newer
    if (link.newer === null) this.#newest = link.older as L | null
    else link.newer.older = link.older
    link.newer = null
    link.older = null
    this.#bytes -= link.bytes
    this.#size -= 1
  }
}
