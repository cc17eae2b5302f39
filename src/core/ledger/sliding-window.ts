/** The exact sliding window: at most an amount in every closed interval of its length, all of it at once if unused. No I/O. */
import { LEDGER_WINDOW_SLOTS } from '../limits.ts'
import type { Entry } from './count.ts'
import { Slots } from './slots.ts'

/** A grant may be seen this much later than it was made, by a client or an origin: two grants so much too close to each other. */
const SEEN_LATE_MAX_MS = 25
/** … and never more than this share of the window is lost to it. */
const SEEN_LATE_SHARE = 1 / 40

/**
 * A log of charges, merged into slots. A slot counts until the last charge in it is out of the window, and a margin
 * longer, so that whoever sees grants with some delay still sees no more than the amount in any interval.
 */
export class SlidingWindow extends Slots {
  constructor(perMs: number, entries: readonly Entry[] = []) {
    const widthMs = perMs / LEDGER_WINDOW_SLOTS
    const marginMs = Math.ceil(Math.max(widthMs, Math.min(SEEN_LATE_MAX_MS, perMs * SEEN_LATE_SHARE)))
    const firstFreeMs = perMs + marginMs + 1
    super((atMs) => ({ slot: Math.floor(atMs / widthMs), leavesMs: atMs + firstFreeMs }), entries)
  }
}
