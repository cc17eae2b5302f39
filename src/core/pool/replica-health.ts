/** When a replica is left alone for its failures, and when it is tried again. No I/O. */
import {
  POOL_FAILED_OF_MIN,
  POOL_FAILED_SHARE,
  POOL_FAILED_WINDOW_MS,
  POOL_FAILURES_IN_A_ROW,
  POOL_OUT_MS,
  POOL_OUT_MS_MAX,
  POOL_PROBES_FAILED,
} from './limits.ts'

/** The window slides in steps of this share. */
const SLICES = 10
const SLICE_MS = POOL_FAILED_WINDOW_MS / SLICES

/** Passive: 5 failures in a row, or half of at least ten in 30 s. Active: health checks that fail. Out, then one trial. */
export class ReplicaHealth {
  #inARow = 0
  #probesFailed = 0
  readonly #failed = new Int32Array(SLICES)
  readonly #all = new Int32Array(SLICES)
  #slice = 0
  #outUntilMs: number | null = null
  /** Until when it was out the last time, and how often in a row. */
  #lastOutMs = Number.NEGATIVE_INFINITY
  #times = 0
  /** The request that decides, while it runs. */
  #trial: string | null = null

  get failuresInARow(): number {
    return this.#inARow
  }

  get outUntilMs(): number | null {
    return this.#outUntilMs
  }

  /** `trial`: its time is over, and the next request decides. */
  state(nowMs: number): 'ok' | 'out' | 'trial' {
    if (this.#outUntilMs === null) return 'ok'
    return nowMs < this.#outUntilMs ? 'out' : 'trial'
  }

  /** May a request go there? To one on trial a single one. */
  isOpen(nowMs: number): boolean {
    const state = this.state(nowMs)
    return state === 'ok' || (state === 'trial' && this.#trial === null)
  }

  /** A request was bound there. */
  bound(id: string, nowMs: number): void {
    if (this.state(nowMs) === 'trial') this.#trial ??= id
  }

  /** It answered: in time for its trial, too. */
  answered(id: string, nowMs: number): void {
    this.#inARow = 0
    this.#count(false, nowMs)
    if (this.#outUntilMs === null) return
    // What was bound before it was out tells as much, once its time is over.
    if (this.#trial === id || this.state(nowMs) === 'trial') this.#in(nowMs)
  }

  /** It failed. True where that should put it out: `out` does, where the pool can spare it. */
  failed(id: string, nowMs: number): boolean {
    this.#inARow += 1
    this.#count(true, nowMs)
    if (this.#outUntilMs !== null) {
      if (this.#trial !== id) return false
      this.#trial = null
      return true
    }
    if (this.#inARow >= POOL_FAILURES_IN_A_ROW) return true
    const [failed, all] = [sum(this.#failed), sum(this.#all)]
    return all >= POOL_FAILED_OF_MIN && failed >= POOL_FAILED_SHARE * all
  }

  /** Nothing was learnt of a request. */
  released(id: string): void {
    if (this.#trial === id) this.#trial = null
  }

  /** A health check found it well or not. True where it should be put out. */
  probed(isHealthy: boolean, nowMs: number): boolean {
    if (!isHealthy) {
      this.#probesFailed += 1
      return this.#outUntilMs === null && this.#probesFailed >= POOL_PROBES_FAILED
    }
    this.#probesFailed = 0
    if (this.#outUntilMs !== null && this.#outUntilMs > nowMs) this.#outUntilMs = nowMs
    return false
  }

  /** Out, for longer each time in a row. */
  out(nowMs: number): void {
    if (nowMs - this.#lastOutMs > POOL_OUT_MS_MAX) this.#times = 0
    this.#times += 1
    this.#trial = null
    this.#outUntilMs = nowMs + Math.min(POOL_OUT_MS_MAX, POOL_OUT_MS * this.#times)
    this.#lastOutMs = this.#outUntilMs
  }

  #in(nowMs: number): void {
    this.#outUntilMs = null
    this.#trial = null
    this.#lastOutMs = nowMs
    this.#failed.fill(0)
    this.#all.fill(0)
  }

  #count(isFailure: boolean, nowMs: number): void {
    const slice = Math.floor(nowMs / SLICE_MS)
    for (let passed = Math.max(this.#slice + 1, slice - SLICES + 1); passed <= slice; passed += 1) {
      this.#failed[passed % SLICES] = 0
      this.#all[passed % SLICES] = 0
    }
    this.#slice = Math.max(slice, this.#slice)
    const at = this.#slice % SLICES
    this.#all[at] = (this.#all[at] ?? 0) + 1
    if (isFailure) this.#failed[at] = (this.#failed[at] ?? 0) + 1
  }
}

const sum = (counts: Int32Array): number => counts.reduce((all, one) => all + one, 0)
