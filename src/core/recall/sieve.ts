/** What an isolate holds of replies: a map bounded by bytes, with SIEVE's way of choosing who leaves. No I/O. */
/*
 * Zhang et al., "SIEVE is Simpler than LRU: an Efficient Turn-Key Eviction Algorithm for Web Caches", NSDI 2024: one
 * queue in order of arrival, one flag per entry, and a hand that goes from the oldest to the newest, clears the flags
 * it meets, and evicts the first entry without one. A hit sets a flag and moves nothing.
 */

interface Node<V> {
  readonly key: string
  readonly value: V
  readonly bytes: number
  visited: boolean
  newer: Node<V> | null
  older: Node<V> | null
}

/** Keys to values, never more than so many bytes of them; the caller says how many one has. */
export class Sieve<V> {
  readonly #nodes = new Map<string, Node<V>>()
  readonly #bytesMax: number
  #bytes = 0
  #newest: Node<V> | null = null
  #oldest: Node<V> | null = null
  /** Where the search for who leaves goes on; null: at the oldest. */
  #hand: Node<V> | null = null

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get bytes(): number {
    return this.#bytes
  }

  get size(): number {
    return this.#nodes.size
  }

  get(key: string): V | undefined {
    const node = this.#nodes.get(key)
    if (node === undefined) return undefined
    node.visited = true
    return node.value
  }

  /** Puts a value in, or in the place of the one before it. One larger than the whole is not kept, nor is the old one. */
  set(key: string, value: V, bytes: number): void {
    const known = this.#nodes.get(key)
    if (known !== undefined) this.#remove(known)
    if (bytes > this.#bytesMax) return
    this.#makeRoom(bytes)
    this.#append({ key, value, bytes, visited: known !== undefined, newer: null, older: null })
  }

  delete(key: string): boolean {
    const node = this.#nodes.get(key)
    if (node === undefined) return false
    this.#remove(node)
    return true
  }

  #makeRoom(bytes: number): void {
    while (this.#bytes + bytes > this.#bytesMax) {
      let node = this.#hand ?? this.#oldest
      while (node?.visited) {
        node.visited = false
        node = node.newer ?? this.#oldest
      }
      if (node === null) return
      this.#hand = node
      this.#remove(node)
    }
  }

  #append(node: Node<V>): void {
    node.older = this.#newest
    if (this.#newest === null) this.#oldest = node
    else this.#newest.newer = node
    this.#newest = node
    this.#nodes.set(node.key, node)
    this.#bytes += node.bytes
  }

  #remove(node: Node<V>): void {
    if (this.#hand === node) this.#hand = node.newer
    if (node.older === null) this.#oldest = node.newer
    else node.older.newer = node.newer
    if (node.newer === null) this.#newest = node.older
    else node.newer.older = node.older
    this.#nodes.delete(node.key)
    this.#bytes -= node.bytes
  }
}
