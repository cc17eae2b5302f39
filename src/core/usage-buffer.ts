/** Usage rows on their way to their tenant's object: bounded, batched, never lost to a failed flush. No I/O. */
import { USAGE_BUFFER_ROWS_MAX, USAGE_FLUSH_MS, USAGE_SEGMENT_ROWS_MAX } from './limits.ts'
import type { TenantPlace } from './tenant.ts'
import type { UsageRecord } from './usage-record.ts'

interface Queue {
  readonly owner: TenantPlace
  rows: UsageRecord[]
  /** When somebody last said that they would flush; void after twice the interval, since they may be gone. */
  armedAtMs: number
}

/** One per isolate. Holds values only: whoever arms a flush owns its timer. */
export class UsageBuffer {
  readonly #queues = new Map<string, Queue>()
  #rows = 0
  #dropped = 0

  /** Adds a row. True when the caller must see to a flush after USAGE_FLUSH_MS. */
  add(owner: TenantPlace, row: UsageRecord, nowMs: number): boolean {
    const name = `${owner.id}.${owner.generation}`
    let queue = this.#queues.get(name)
    if (queue === undefined) {
      queue = { owner, rows: [], armedAtMs: Number.NEGATIVE_INFINITY }
      this.#queues.set(name, queue)
    }
    if (this.#rows >= USAGE_BUFFER_ROWS_MAX) this.#dropped += 1
    else {
      queue.rows.push(row)
      this.#rows += 1
    }
    if (nowMs - queue.armedAtMs < 2 * USAGE_FLUSH_MS) return false
    queue.armedAtMs = nowMs
    return true
  }

  /** Takes up to one segment of rows of an owner; empty when there are none. */
  take(owner: TenantPlace): UsageRecord[] {
    const name = `${owner.id}.${owner.generation}`
    const queue = this.#queues.get(name)
    if (queue === undefined) return []
    const taken = queue.rows.slice(0, USAGE_SEGMENT_ROWS_MAX)
    queue.rows = queue.rows.slice(USAGE_SEGMENT_ROWS_MAX)
    this.#rows -= taken.length
    if (queue.rows.length === 0) this.#queues.delete(name)
    return taken
  }

  /** Puts rows back whose flush failed; what no longer fits is dropped and counted. The next row arms a flush. */
  putBack(owner: TenantPlace, rows: readonly UsageRecord[]): void {
    const name = `${owner.id}.${owner.generation}`
    const queue = this.#queues.get(name) ?? { owner, rows: [], armedAtMs: Number.NEGATIVE_INFINITY }
    const room = Math.max(0, USAGE_BUFFER_ROWS_MAX - this.#rows)
    const kept = rows.slice(0, room)
    queue.rows = [...kept, ...queue.rows]
    queue.armedAtMs = Number.NEGATIVE_INFINITY
    this.#queues.set(name, queue)
    this.#rows += kept.length
    this.#dropped += rows.length - kept.length
  }

  /** Owners that have rows waiting with nobody to flush them: their arming request died. */
  orphans(nowMs: number): TenantPlace[] {
    return [...this.#queues.values()]
      .filter((queue) => queue.rows.length > 0 && nowMs - queue.armedAtMs >= 2 * USAGE_FLUSH_MS)
      .map((queue) => queue.owner)
  }

  /** Rows lost since the isolate began. */
  get dropped(): number {
    return this.#dropped
  }
}
