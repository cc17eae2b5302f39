/** Who waits at a pool's object for a replica, and what was decided before its wait had come. */
import { POOL_DECIDED_MAX } from '../core/pool/line-limits.ts'
import type { Turn } from '../core/pool/types.ts'

/** What ends a wait. */
export type Decided = Exclude<Turn, { kind: 'queued' }>

/** Waits by the id of their request. */
export class PoolWaiters {
  readonly #waiting = new Map<string, (turn: Decided) => void>()
  readonly #decided = new Map<string, Decided>()

  /** The turn of a request that was queued. Asked for again, the first to ask is let go by nobody: only the last waits. */
  wait(id: string): Promise<Decided> {
    const known = this.#decided.get(id)
    if (known !== undefined) {
      this.#decided.delete(id)
      return Promise.resolve(known)
    }
    const { promise, resolve } = Promise.withResolvers<Decided>()
    this.#waiting.set(id, resolve)
    return promise
  }

  settle(turns: readonly Decided[]): void {
    for (const turn of turns) {
      const resolve = this.#waiting.get(turn.id)
      this.#waiting.delete(turn.id)
      if (resolve !== undefined) {
        resolve(turn)
        continue
      }
      // Its wait is on its way here; or it has left, and then nobody ever asks.
      this.#decided.set(turn.id, turn)
      const [oldest] = this.#decided.keys()
      if (this.#decided.size > POOL_DECIDED_MAX && oldest !== undefined) this.#decided.delete(oldest)
    }
  }

  /** Whoever waited has left. */
  forget(id: string): void {
    this.#waiting.delete(id)
    this.#decided.delete(id)
  }
}
