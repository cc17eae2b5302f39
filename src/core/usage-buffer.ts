/** Usage rows on their way to their tenant's object: bounded, batched, never lost to a failed flush. No I/O. */
import { BoundedMap } from '../lib/bounded-map.ts'
import type { Charge } from './ledger/types.ts'
import {
  OWNED_WAITING_MAX,
  USAGE_BUFFER_ROWS_MAX,
  USAGE_FLUSH_MS,
  USAGE_HITS_FLUSH_MS,
  USAGE_HITS_WAITING_MAX,
  USAGE_OWNERS_MAX,
  USAGE_SEGMENT_ROWS_MAX,
} from './limits.ts'
import type { OwnedThing } from './owned.ts'
import { ownerOf, type TenantPlace } from './tenant.ts'
import type { UsageRecord } from './usage-record.ts'

/** Rows, with how those were admitted that have no reservation of their own, by request id. */
export interface UsageRows {
  readonly rows: readonly UsageRecord[]
  readonly charges: Readonly<Record<string, Charge>>
  readonly owned?: readonly OwnedThing[]
}

interface Queue {
  readonly owner: TenantPlace
  rows: UsageRecord[]
  /** By index of the rows. */
  charges: (Charge | null)[]
  /** Objects that its tenant's own must hear of; they go with the rows. */
  owned: OwnedThing[]
  /** When its first row came. */
  readonly sinceMs: number
  /** Is there anything that may not wait for more? */
  isUrgent: boolean
  /** Until when somebody is expected to flush it; then that request may be gone. */
  armedUntilMs: number
  /** Nothing is taken before: the last flush failed. */
  notBeforeMs: number
}

/** One per isolate. Holds values only: whoever arms a flush owns its timer. */
export class UsageBuffer {
  readonly #queues = new Map<string, Queue>()
  readonly #hurriedMs = new BoundedMap<string, number>(USAGE_OWNERS_MAX)
  #rows = 0
  #owned = 0
  #dropped = 0

  /**
   * Adds a row. True when the caller must see to a flush after USAGE_FLUSH_MS. `mayWait`: nobody waits for what it gives
   * back.
   */
  add(owner: TenantPlace, row: UsageRecord, charge: Charge | null, nowMs: number, mayWait = false): boolean {
    const queue = this.#queue(owner, nowMs)
    if (!mayWait) queue.isUrgent = true
    if (this.#rows >= USAGE_BUFFER_ROWS_MAX) this.#dropped += 1
    else {
      queue.rows.push(row)
      queue.charges.push(charge)
      this.#rows += 1
    }
    return armed(queue, nowMs)
  }

  /** Adds an object that was made for the owner; the answer as of `add`. Null where there is no room: tell it at once. */
  own(owner: TenantPlace, thing: OwnedThing, nowMs: number): boolean | null {
    if (this.#owned >= OWNED_WAITING_MAX) return null
    const queue = this.#queue(owner, nowMs)
    queue.isUrgent = true
    queue.owned.push(thing)
    this.#owned += 1
    return armed(queue, nowMs)
  }

  /** May an urgent row be flushed without waiting for others? Once in USAGE_FLUSH_MS, and with this answer it has been. */
  mayHurry(owner: TenantPlace, nowMs: number): boolean {
    const name = ownerOf(owner)
    if (nowMs - (this.#hurriedMs.get(name) ?? Number.NEGATIVE_INFINITY) < USAGE_FLUSH_MS) return false
    this.#hurriedMs.set(name, nowMs)
    return true
  }

  /**
   * May whoever is to flush an owner's rows wait for more of them, USAGE_FLUSH_MS, and ask again? With its commit a batch
   * costs as much as a hundred rows.
   */
  mayWait(owner: TenantPlace, nowMs: number): boolean {
    const queue = this.#queues.get(ownerOf(owner))
    if (queue === undefined || queue.isUrgent || queue.rows.length >= USAGE_HITS_WAITING_MAX) return false
    if (nowMs - queue.sinceMs + USAGE_FLUSH_MS > USAGE_HITS_FLUSH_MS) return false
    queue.armedUntilMs = nowMs + 2 * USAGE_FLUSH_MS
    return true
  }

  /** Takes up to one segment of rows of an owner; null when there are none, or it is too early after a failure. */
  take(owner: TenantPlace, nowMs: number): UsageRows | null {
    const name = ownerOf(owner)
    const queue = this.#queues.get(name)
    if (queue === undefined || nowMs < queue.notBeforeMs) return null
    const { rows, charges, owned } = queue
    queue.owned = []
    this.#owned -= owned.length
    if (rows.length > USAGE_SEGMENT_ROWS_MAX) {
      queue.rows = rows.splice(USAGE_SEGMENT_ROWS_MAX)
      queue.charges = charges.splice(USAGE_SEGMENT_ROWS_MAX)
    } else this.#queues.delete(name)
    if (rows.length === 0 && owned.length === 0) return null
    this.#rows -= rows.length
    const charged: Record<string, Charge> = {}
    for (let index = 0; index < rows.length; index++) {
      const [row, charge] = [rows[index], charges[index]]
      if (row !== undefined && charge) charged[row.requestId] = charge
    }
    return { rows, charges: charged, ...(owned.length === 0 ? {} : { owned }) }
  }

  /**
   * Puts rows back whose flush failed, to be taken again from `againMs` on: by whoever made the flush, or, when that
   * request is gone by then, by whoever comes next. What no longer fits is dropped and counted.
   */
  putBack(owner: TenantPlace, { rows, charges, owned = [] }: UsageRows, againMs: number): void {
    const queue = this.#queue(owner, againMs)
    queue.isUrgent = true
    const room = Math.max(0, USAGE_BUFFER_ROWS_MAX - this.#rows)
    const kept = rows.slice(0, room)
    queue.rows = [...kept, ...queue.rows]
    queue.charges = [...kept.map(({ requestId }) => charges[requestId] ?? null), ...queue.charges]
    queue.owned = [...owned, ...queue.owned]
    this.#owned += owned.length
    queue.notBeforeMs = againMs
    queue.armedUntilMs = Math.max(queue.armedUntilMs, againMs + 2 * USAGE_FLUSH_MS)
    this.#rows += kept.length
    this.#dropped += rows.length - kept.length
  }

  /** Owners that have rows waiting with nobody to flush them: their arming request died. */
  orphans(nowMs: number): TenantPlace[] {
    if (this.#queues.size === 0) return []
    return [...this.#queues.values()]
      .filter((queue) => queue.rows.length + queue.owned.length > 0 && nowMs >= queue.armedUntilMs)
      .map((queue) => queue.owner)
  }

  /** Rows lost since the isolate began. */
  get dropped(): number {
    return this.#dropped
  }

  #queue(owner: TenantPlace, nowMs: number): Queue {
    const name = ownerOf(owner)
    let queue = this.#queues.get(name)
    if (queue === undefined) {
      const never = Number.NEGATIVE_INFINITY
      const times = { sinceMs: nowMs, armedUntilMs: never, notBeforeMs: never }
      queue = { owner, rows: [], charges: [], owned: [], isUrgent: false, ...times }
      this.#queues.set(name, queue)
    }
    return queue
  }
}

/** True when whoever asks must see to a flush. */
function armed(queue: Queue, nowMs: number): boolean {
  if (nowMs < queue.armedUntilMs) return false
  queue.armedUntilMs = nowMs + 2 * USAGE_FLUSH_MS
  return true
}
