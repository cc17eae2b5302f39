/** This isolate's own shares of limits: what fits into one is admitted without a question to anybody. No I/O. */
import { BoundedMap } from '../../lib/bounded-map.ts'
import {
  LEARNED_MODELS_MAX,
  SLICE_OWNERS_MAX,
  SLICE_REPORT_RETRY_MS,
  SLICE_REPORTS_MAX,
  SLICE_SETS_MAX,
} from '../limits.ts'
import type { Charge, Learned, Level, Slice, SliceReport } from './types.ts'

/** A slice in hand. */
interface Held {
  readonly id: string
  readonly left: number[]
  readonly lifeMs: number
  /** When it was asked for: everything about it is told as time since then, which no two clocks disagree about. */
  readonly askedAtMs: number
  /** How its counters stood when it was granted. */
  readonly levels: readonly Level[]
  usedMs: number
}

/** A report on its way; sent again when nobody has said for a while what became of it. */
interface Outgoing {
  readonly report: SliceReport
  sentAtMs: number
}

interface Owned {
  /** By set of counters. */
  readonly slices: Map<string, Held>
  readonly learned: BoundedMap<string, Learned>
  reports: Outgoing[]
}

/** What a request that fits into a slice is admitted with. */
export interface Taken {
  readonly charge: Charge
  /** By index of the counters. */
  readonly levels: readonly Level[]
}

const NO_REPORTS: readonly SliceReport[] = []

/** One per isolate; on the path of every request of a tenant with limits. Owners are named `<tenant>.<generation>`. */
export class Slices {
  readonly #owners = new BoundedMap<string, Owned>(SLICE_OWNERS_MAX)

  /**
   * Takes units, by index of the set's counters, out of the slice of that set; null where there is none, or it does
   * not hold them. Then it is done with, and its rest goes back with the question that is to be asked now: what one
   * isolate keeps for smaller requests could be what this one is refused for.
   */
  take(owner: string, setId: string, units: readonly number[], nowMs: number): Taken | null {
    const owned = this.#owners.get(owner)
    const slice = owned?.slices.get(setId)
    if (owned === undefined || slice === undefined) return null
    const { left } = slice
    const elapsedMs = nowMs - slice.askedAtMs
    let fits = elapsedMs < slice.lifeMs
    for (let index = 0; fits && index < left.length; index++) fits = (units[index] ?? 0) <= (left[index] ?? 0)
    if (!fits) {
      this.#close(owned, setId, slice)
      return null
    }
    const levels: Level[] = []
    for (let index = 0; index < left.length; index++) {
      const rest = (left[index] ?? 0) - (units[index] ?? 0)
      left[index] = rest
      const level = slice.levels[index]
      if (level === undefined) continue
      levels.push({ remaining: level.remaining + rest, resetMs: Math.max(0, level.resetMs - elapsedMs) })
    }
    slice.usedMs = elapsedMs
    return { charge: { slice: slice.id, units }, levels }
  }

  /**
   * Keeps a slice that was granted, with the levels beside it; what is left of an older one of that set goes back.
   * `askedAtMs`: when the ask was sent.
   */
  put(owner: string, setId: string, slice: Slice, levels: readonly Level[], askedAtMs: number): void {
    const owned = this.#owned(owner)
    const older = owned.slices.get(setId)
    if (older !== undefined) this.#close(owned, setId, older)
    if (owned.slices.size >= SLICE_SETS_MAX) {
      const [oldest] = owned.slices
      if (oldest !== undefined) this.#close(owned, ...oldest)
    }
    const { id, units, lifeMs } = slice
    owned.slices.set(setId, { id, left: [...units], lifeMs, askedAtMs, levels, usedMs: 0 })
  }

  /** What the ledger should hear of slices done with or run out; to be followed by `delivered` or `lost`. */
  reports(owner: string, nowMs: number): readonly SliceReport[] {
    const owned = this.#owners.get(owner)
    if (owned === undefined) return NO_REPORTS
    for (const [setId, slice] of owned.slices) {
      if (nowMs - slice.askedAtMs >= slice.lifeMs) this.#close(owned, setId, slice)
    }
    if (owned.reports.length === 0) return NO_REPORTS
    const due = owned.reports.filter(({ sentAtMs }) => nowMs - sentAtMs >= SLICE_REPORT_RETRY_MS)
    for (const outgoing of due) outgoing.sentAtMs = nowMs
    return due.map(({ report }) => report)
  }

  /** The ledger has heard them. */
  delivered(owner: string, reports: readonly SliceReport[]): void {
    const owned = this.#owners.get(owner)
    if (owned === undefined || reports.length === 0) return
    owned.reports = owned.reports.filter(({ report }) => !reports.includes(report))
  }

  /** The call that carried them failed: they go with the next one. The ledger passes over what it has heard already. */
  lost(owner: string, reports: readonly SliceReport[]): void {
    for (const outgoing of this.#owners.get(owner)?.reports ?? []) {
      if (reports.includes(outgoing.report)) outgoing.sentAtMs = Number.NEGATIVE_INFINITY
    }
  }

  /** What the ledger has told of a tenant's requests to one alias. */
  learned(owner: string, model: string): Learned | undefined {
    return this.#owners.get(owner)?.learned.get(model)
  }

  learn(owner: string, model: string, learned: Learned): void {
    this.#owned(owner).learned.set(model, learned)
  }

  #close(owned: Owned, setId: string, { id, left, usedMs }: Held): void {
    owned.slices.delete(setId)
    owned.reports.push({ report: { id, left, usedMs }, sentAtMs: Number.NEGATIVE_INFINITY })
    if (owned.reports.length > SLICE_REPORTS_MAX) owned.reports.shift()
  }

  #owned(owner: string): Owned {
    let owned = this.#owners.get(owner)
    if (owned === undefined) {
      owned = { slices: new Map(), learned: new BoundedMap(LEARNED_MODELS_MAX), reports: [] }
      this.#owners.set(owner, owned)
    }
    return owned
  }
}
