/** A clock that moves when the test says so, and timers that fire in order as it passes them. */
import type { Clock } from '../../src/lib/clock.ts'

/** Time in the test's hand. */
export interface ManualClock extends Clock {
  /** Moves on by `ms`; timers that come due fire in order, and what they resolve runs before the next one. */
  advance(ms: number): Promise<void>
  /** Timers set and not yet fired or cancelled. */
  readonly timers: number
}

/** A clock that stands at `startMs` until it is advanced. */
export function manualClock(startMs = Date.UTC(2026, 0, 1)): ManualClock {
  let nowMs = startMs
  const due = new Set<{ atMs: number; callback: () => void }>()
  return {
    now: () => nowMs,
    after(ms, callback) {
      const timer = { atMs: nowMs + ms, callback }
      due.add(timer)
      return () => void due.delete(timer)
    },
    async advance(ms) {
      const untilMs = nowMs + ms
      for (;;) {
        await turn()
        const next = [...due].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0]
        if (next === undefined) break
        due.delete(next)
        nowMs = Math.max(nowMs, next.atMs)
        next.callback()
      }
      nowMs = untilMs
      await turn()
    },
    get timers() {
      return due.size
    },
  }
}

/** One turn of the event loop: whatever needs no time has happened after it. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0))
}
