/** Which values of a shard leave when it is full: S3-FIFO by bytes, weighted by what a value saves. No I/O. */
/*
 * Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023: what is new goes to a small queue (a tenth)
 * and leaves it soon unless it is hit meanwhile; what was hit goes to the main queue, where each hit is worth a second
 * chance; a ghost queue remembers keys that left the small one, and takes them to the main one when they come again.
 *
 * Here queues count bytes, and hits weigh what they save: a second chance costs an entry one hit if it saves as much per
 * byte as the mean of all, a quarter of one if it saves four times as much, and up to three if it saves less. A new value
 * must not push out many dear ones: if those who would leave for it save ADMISSION_FACTOR times as much, it is not taken
 * the first time.
 */
import { type Link, Queue } from './queue.ts'

const SMALL_SHARE = 0.1
const HITS_MAX = 3
const CHANCE_MIN = 0.25
const ADMISSION_FACTOR = 8

/** Where an entry stands; `hits` counts up to 3, and a second chance takes from it. */
export interface Standing {
  readonly queue: 'small' | 'main'
  readonly hits: number
}

/** What a put did. */
export interface Put {
  /** False: it was refused, and so is not in `evicted`. */
  readonly kept: boolean
  readonly evicted: readonly string[]
  /** Others whose standing or place has changed, in the order in which they are behind each other now. */
  readonly moved: readonly string[]
}

interface Entry extends Link {
  readonly saved: number
  queue: 'small' | 'main'
  hits: number
}

/** The keys of one shard. Values lie elsewhere, and whoever keeps them drops what is evicted. */
export class S3Fifo {
  readonly #bytesMax: number
  readonly #entries = new Map<string, Entry>()
  readonly #small = new Queue<Entry>()
  readonly #main = new Queue<Entry>()
  readonly #ghosts = new Map<string, number>()
  #ghostBytes = 0
  #saved = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get bytes(): number {
    return this.#small.bytes + this.#main.bytes
  }

  get size(): number {
    return this.#entries.size
  }

  has(key: string): boolean {
    return this.#entries.has(key)
  }

  keys(): IterableIterator<string> {
    return this.#entries.keys()
  }

  standing(key: string): Standing | undefined {
    const entry = this.#entries.get(key)
    return entry && { queue: entry.queue, hits: entry.hits }
  }

  /** It was hit so many times. */
  hit(key: string, count = 1): void {
    const entry = this.#entries.get(key)
    if (entry !== undefined) entry.hits = Math.min(HITS_MAX, entry.hits + count)
  }

  /**
   * A value of so many bytes that saves so much (> 0, in any unit) per hit is to be kept, in place of the one it may
   * have before. `wanted`: others wait for it already, so it is taken whatever leaves for it.
   */
  put(key: string, bytes: number, saved: number, wanted = false): Put {
    const known = this.#entries.get(key)
    if (known !== undefined) this.delete(key)
    const moved: string[] = []
    if (bytes > this.#bytesMax) return { kept: false, evicted: [], moved }
    const isBack = this.#ghosts.has(key)
    const victims = this.#makeRoom(bytes, moved)
    if (!wanted && !isBack && known === undefined && savedBy(victims) > ADMISSION_FACTOR * saved) {
      // The last to be taken out was the furthest from the end.
      for (const victim of victims.reverse()) this.#queueOf(victim).pushOldest(victim)
      this.#haunt(key, bytes)
      return { kept: false, evicted: [], moved }
    }
    for (const victim of victims) {
      this.#forget(victim)
      if (victim.queue === 'small') this.#haunt(victim.key, victim.bytes)
    }
    this.#exorcise(key)
    const queue = isBack ? 'main' : (known?.queue ?? 'small')
    this.restore(key, bytes, saved, { queue, hits: known?.hits ?? 0 })
    return { kept: true, evicted: victims.map((victim) => victim.key), moved }
  }

  /** Puts back an entry as it stood, behind those restored before it; nobody leaves for it. */
  restore(key: string, bytes: number, saved: number, { queue, hits }: Standing): void {
    const entry: Entry = { key, bytes, saved, queue, hits, newer: null, older: null }
    this.#entries.set(key, entry)
    this.#queueOf(entry).push(entry)
    this.#saved += saved
  }

  delete(key: string): boolean {
    const entry = this.#entries.get(key)
    if (entry === undefined) return false
    this.#queueOf(entry).remove(entry)
    this.#forget(entry)
    return true
  }

  /** Takes entries out of the queues, but not out of memory, until so many bytes more fit. */
  #makeRoom(bytes: number, moved: string[]): Entry[] {
    const victims: Entry[] = []
    while (this.bytes + bytes > this.#bytesMax) {
      const fromSmall = this.#main.size === 0 || this.#small.bytes > SMALL_SHARE * this.#bytesMax
      const victim = fromSmall ? this.#leaveSmall(moved) : this.#leaveMain(moved)
      if (victim !== null) victims.push(victim)
    }
    return victims
  }

  /** The oldest of the small queue goes to the main one where it was hit enough; else it is the victim. */
  #leaveSmall(moved: string[]): Entry | null {
    const entry = this.#small.oldest
    if (entry === null) return null
    this.#small.remove(entry)
    if (entry.hits < Math.min(HITS_MAX, 2 * this.#chanceOf(entry))) return entry
    entry.hits = 0
    this.#toMain(entry, moved)
    return null
  }

  #leaveMain(moved: string[]): Entry | null {
    const entry = this.#main.oldest
    if (entry === null) return null
    this.#main.remove(entry)
    const chance = this.#chanceOf(entry)
    if (entry.hits < chance) return entry
    entry.hits -= chance
    this.#toMain(entry, moved)
    return null
  }

  #toMain(entry: Entry, moved: string[]): void {
    entry.queue = 'main'
    this.#main.push(entry)
    moved.push(entry.key)
  }

  /** Hits that a second chance costs: the mean saving per byte over the entry's own, within bounds. */
  #chanceOf({ saved, bytes }: Entry): number {
    // Somebody has to leave only when all is full.
    const mean = this.#saved / this.#bytesMax
    return Math.min(HITS_MAX, Math.max(CHANCE_MIN, (mean * bytes) / saved))
  }

  #queueOf({ queue }: Entry): Queue<Entry> {
    return queue === 'small' ? this.#small : this.#main
  }

  #forget(entry: Entry): void {
    this.#entries.delete(entry.key)
    this.#saved -= entry.saved
  }

  /** Remembered for as long as so many bytes of others have come as the main queue holds. */
  #haunt(key: string, bytes: number): void {
    this.#exorcise(key)
    this.#ghosts.set(key, bytes)
    this.#ghostBytes += bytes
    for (const oldest of this.#ghosts.keys()) {
      if (this.#ghostBytes <= (1 - SMALL_SHARE) * this.#bytesMax) return
      this.#exorcise(oldest)
    }
  }

  #exorcise(key: string): void {
    this.#ghostBytes -= this.#ghosts.get(key) ?? 0
    this.#ghosts.delete(key)
  }
}

const savedBy = (entries: readonly Entry[]): number => entries.reduce((sum, { saved }) => sum + saved, 0)
