/** What will happen, soonest first; what is to happen at one moment, in the order in which it was planned. No I/O. */

interface Planned<E> {
  readonly atMs: number
  readonly order: number
  readonly event: E
}

/** A binary heap (Williams, 1964). */
export class EventQueue<E> {
  readonly #heap: Planned<E>[] = []
  #planned = 0

  add(atMs: number, event: E): void {
    const heap = this.#heap
    const added = { atMs, order: this.#planned, event }
    this.#planned += 1
    let at = heap.length
    heap.push(added)
    for (; at > 0; ) {
      const above = (at - 1) >> 1
      const parent = heap[above]
      if (parent === undefined || isSooner(parent, added)) break
      heap[at] = parent
      at = above
    }
    heap[at] = added
  }

  next(): { readonly atMs: number; readonly event: E } | undefined {
    const heap = this.#heap
    const [first, last] = [heap[0], heap.pop()]
    if (first === undefined || last === undefined || heap.length === 0) return first
    let at = 0
    for (;;) {
      const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]]
      if (left === undefined) break
      const isRight = right !== undefined && isSooner(right, left)
      const child = isRight ? right : left
      if (isSooner(last, child)) break
      heap[at] = child
      at = 2 * at + (isRight ? 2 : 1)
    }
    heap[at] = last
    return first
  }
}

const isSooner = <E>(one: Planned<E>, other: Planned<E>): boolean =>
  one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order)
