/** Which blocks a replica's KV memory holds, by estimate: an LRU of hashes in which no block is without the one before it. No I/O. */

const NONE = -1

/**
 * A tree in typed arrays: each slot has its hash, its neighbours in order of use, its parent, and its children as a list.
 * Using a chain moves its deepest block to the front first, so a block is always used later than those behind it, what
 * is thrown out is a leaf, and how much of a prompt is there can be found by halving. Found by open addressing with
 * linear probing: a Map of numbers this long costs three times the memory and time.
 */
export class PrefixIndex {
  readonly #capacity: number
  readonly #mask: number
  readonly #table: Int32Array
  readonly #hashes: Float64Array
  readonly #newer: Int32Array
  readonly #older: Int32Array
  readonly #parent: Int32Array
  readonly #child: Int32Array
  readonly #next: Int32Array
  readonly #previous: Int32Array
  #newest = NONE
  #oldest = NONE
  /** Free slots, linked by `#newer`. */
  #free = 0
  #size = 0

  /** `capacity`: blocks that it holds at most. */
  constructor(capacity: number) {
    this.#capacity = Math.max(1, Math.floor(capacity))
    this.#mask = 2 ** Math.ceil(Math.log2(2 * this.#capacity)) - 1
    this.#table = new Int32Array(this.#mask + 1)
    this.#hashes = new Float64Array(this.#capacity)
    const links = (): Int32Array => new Int32Array(this.#capacity).fill(NONE)
    this.#newer = links()
    this.#older = links()
    this.#parent = links()
    this.#child = links()
    this.#next = links()
    this.#previous = links()
    this.clear()
  }

  get size(): number {
    return this.#size
  }

  get capacity(): number {
    return this.#capacity
  }

  /** Blocks from the beginning that are there. */
  matched(blocks: Float64Array): number {
    let [low, high] = [0, blocks.length]
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (this.#slotOf(blocks[middle - 1] ?? 0) === NONE) high = middle - 1
      else low = middle
    }
    return low
  }

  /** The replica computes this prompt: its blocks are there, and the ones used longest ago may be no longer. */
  use(blocks: Float64Array): void {
    const length = Math.min(blocks.length, this.#capacity)
    let child = NONE
    for (let depth = length - 1; depth >= 0; depth -= 1) {
      const hash = blocks[depth] ?? 0
      let slot = this.#slotOf(hash)
      if (slot === NONE) slot = this.#add(hash)
      else {
        // Its parent is older than it until its turn comes, and may be thrown out till then.
        this.#leaveParent(slot)
        this.#unlink(slot)
      }
      this.#toFront(slot)
      if (child !== NONE) this.#adopt(slot, child)
      child = slot
    }
  }

  /** Of this prompt the replica has only so many blocks: what lies deeper is forgotten, with all that is built upon it. */
  forget(blocks: Float64Array, fromDepth: number): void {
    const slot = this.#slotOf(blocks[fromDepth] ?? 0)
    if (slot !== NONE) this.#removeTree(slot)
  }

  clear(): void {
    this.#table.fill(NONE)
    for (let slot = 0; slot < this.#capacity; slot += 1) this.#newer[slot] = slot + 1 < this.#capacity ? slot + 1 : NONE
    this.#free = 0
    this.#newest = NONE
    this.#oldest = NONE
    this.#size = 0
  }

  #add(hash: number): number {
    if (this.#free === NONE) this.#remove(this.#oldest)
    const slot = this.#free
    this.#free = this.#newer[slot] ?? NONE
    this.#hashes[slot] = hash
    this.#parent[slot] = NONE
    this.#child[slot] = NONE
    this.#size += 1
    let place = placeOf(hash, this.#mask)
    while (this.#table[place] !== NONE) place = (place + 1) & this.#mask
    this.#table[place] = slot
    return slot
  }

  #removeTree(root: number): void {
    // Leaves first, without recursion: a conversation may be thousands of blocks deep.
    let slot = root
    for (;;) {
      const child = this.#child[slot] ?? NONE
      if (child !== NONE) {
        slot = child
        continue
      }
      const parent = this.#parent[slot] ?? NONE
      this.#remove(slot)
      if (slot === root) return
      slot = parent
    }
  }

  /** Takes out a leaf. */
  #remove(slot: number): void {
    this.#leaveParent(slot)
    this.#unlink(slot)
    this.#erase(this.#hashes[slot] ?? 0)
    this.#newer[slot] = this.#free
    this.#free = slot
    this.#size -= 1
  }

  #adopt(parent: number, child: number): void {
    const sibling = this.#child[parent] ?? NONE
    this.#parent[child] = parent
    this.#previous[child] = NONE
    this.#next[child] = sibling
    if (sibling !== NONE) this.#previous[sibling] = child
    this.#child[parent] = child
  }

  #leaveParent(slot: number): void {
    const parent = this.#parent[slot] ?? NONE
    if (parent === NONE) return
    const [previous, next] = [this.#previous[slot] ?? NONE, this.#next[slot] ?? NONE]
    if (previous === NONE) this.#child[parent] = next
    else this.#next[previous] = next
    if (next !== NONE) this.#previous[next] = previous
    this.#parent[slot] = NONE
  }

  #toFront(slot: number): void {
    this.#newer[slot] = NONE
    this.#older[slot] = this.#newest
    if (this.#newest === NONE) this.#oldest = slot
    else this.#newer[this.#newest] = slot
    this.#newest = slot
  }

  #unlink(slot: number): void {
    const [newer, older] = [this.#newer[slot] ?? NONE, this.#older[slot] ?? NONE]
    if (newer === NONE) this.#newest = older
    else this.#older[newer] = older
    if (older === NONE) this.#oldest = newer
    else this.#newer[older] = newer
  }

  #slotOf(hash: number): number {
    for (let place = placeOf(hash, this.#mask); ; place = (place + 1) & this.#mask) {
      const slot = this.#table[place] ?? NONE
      if (slot === NONE || this.#hashes[slot] === hash) return slot
    }
  }

  /** Takes a hash out of the table and closes the gap (Knuth, TAOCP 3, algorithm 6.4 R). */
  #erase(hash: number): void {
    let gap = placeOf(hash, this.#mask)
    while (this.#hashes[this.#table[gap] ?? NONE] !== hash) gap = (gap + 1) & this.#mask
    for (let place = (gap + 1) & this.#mask; this.#table[place] !== NONE; place = (place + 1) & this.#mask) {
      const slot = this.#table[place] ?? NONE
      const home = placeOf(this.#hashes[slot] ?? 0, this.#mask)
      if (((place - home) & this.#mask) < ((place - gap) & this.#mask)) continue
      this.#table[gap] = slot
      gap = place
    }
    this.#table[gap] = NONE
  }
}

/** Fibonacci hashing (Knuth, TAOCP 3, 6.4) of all its bits: whoever numbers blocks in a row is not punished for it. */
function placeOf(hash: number, mask: number): number {
  const mixed = Math.imul((hash | 0) ^ (hash / 2 ** 32), 0x9e3779b1)
  return (mixed ^ (mixed >>> 15)) & mask
}
